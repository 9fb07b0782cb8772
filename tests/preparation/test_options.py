"""Options of prepare_faces.py that change nothing are refused."""

import pytest

import prepare_faces
from anime_gan.errors import UserError


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["crop", "faces", "out", "--blurred", "0.2"], "--blurred"),
        (["crop", "faces", "out", "--no-gray"], "--no-gray"),
        (["check", "faces", "out", "--zip"], "--zip"),
        (["check", "faces", "out", "--format", "jpeg"], "--format"),
        (["clean", "faces", "out", "--quick"], "--quick"),
        (["faces", "out", "--already-faces", "--widen", "2"], "--widen"),
        (["faces", "out", "--detector", "a.xml", "--quick"], "--quick"),
    ],
)
def test_an_option_without_an_effect_is_refused(arguments, option):
    """As it may have been meant for another command."""
    with pytest.raises(UserError, match=f"^{option} has no effect here; leave it out[.]$"):
        prepare_faces._arguments(arguments)


def test_options_with_an_effect_are_taken():
    """Each with the commands that use it."""
    for given in (
        ["faces", "out", "--quick", "--blurred", "0.2", "--zip", "--tfrecords"],
        ["crop", "faces", "out", "--widen", "2", "--held-out", "0.1"],
        ["check", "faces", "out", "--detector", "a.xml", "--likelihood", "0.3"],
        ["clean", "faces", "out", "--already-faces", "--no-gray", "--format", "jpeg"],
    ):
        assert prepare_faces._arguments(given)[1].out == "out"
