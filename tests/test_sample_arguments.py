"""How sample.py reads its lists of numbers."""

import argparse

import pytest

from anime_gan.errors import UserError
from anime_gan.generation.output import parse_seeds
from anime_gan.sampling.options import parse_psis
from sample import parse


def test_lists_are_parsed_or_refused():
    """1,5,100-102 is what it looks like; psi are numbers from -10 to 10."""
    assert parse_seeds("1, 5,100-102") == [1, 5, 100, 101, 102]
    for text in ("", "a", "-1", "5-3", "1,,2", "0-99999999999"):
        with pytest.raises(argparse.ArgumentTypeError):
            parse_seeds(text)
    assert parse_psis("1.2, 1,-0.5") == [1.2, 1.0, -0.5]
    for text in ("", "a", "1,,2", "nan", "inf", "11"):
        with pytest.raises(argparse.ArgumentTypeError):
            parse_psis(text)


@pytest.mark.parametrize("psi", ["-1,0.5", "-.5", "0.7"])
def test_a_negative_psi_needs_no_equals_sign(psi):
    """Though argparse takes what begins with a minus for an option."""
    expected = [float(part) for part in psi.split(",")]
    assert parse(["faces", "--count", "2", "--psi", psi]).psi == expected
    assert parse(["faces", "--count", "2", f"--psi={psi}"]).psi == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("walk --seeds 1,2 --space w+", "w+"),
        ("walk --seeds 1,none.npz", "none.npz"),
        ("edit --seeds none.npz --set hair=1", "none.npz"),
        ("grid --seeds 1,face.npz", "grid face.npz walk edit"),
        ("faces --seeds face.npz", "faces face.npz walk edit"),
        ("figure truncation --seeds face.npz", "truncation seeds only face.npz"),
        ("figure mixing --seeds 1,none.npz", "none.npz"),
    ],
)
def test_files_of_latents_are_for_walks_and_edits(line, words):
    """One sentence, before Keras is imported."""
    with pytest.raises(UserError) as caught:
        parse(line.split())
    assert all(word in str(caught.value) for word in words.split())
