"""What a value of each type accepts: numbers are numbers, and nothing else is."""

import json

import pytest

from anime_gan.config import from_dict
from anime_gan.errors import UserError


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("training.steps", 1e4, 10_000),
        ("training.minutes", 5, 5.0),
        ("training.micro_batch", 16, 16),
        ("training.micro_batch", None, None),
        ("training.ema_kimg", [0, 500], (0.0, 500.0)),
        ("augment.p", "adaptive", "adaptive"),
        ("augment.p", 1, 1.0),
        ("augment.policy", ["cutout"], ("cutout",)),
        ("augment.policy", ["color"], ("colour",)),
        ("augment.policy", ["colour"], ("colour",)),
        ("growing.batch_at", {"8": 32}, {8: 32}),
        ("generator.rate_at", {8: 1}, {8: 1.0}),
        ("distribution.devices", "all", "all"),
        ("distribution.coordinator", "host:1234", "host:1234"),
    ],
)
def test_a_value_is_accepted(key, given, value):
    """Of the right type, and the same again from the JSON of a checkpoint."""
    section, name = key.split(".")
    config = from_dict({section: {name: given}})
    found = getattr(getattr(config, section), name)
    assert found == value and type(found) is type(value)
    assert from_dict(json.loads(json.dumps(config.model_dump(mode="json")))) == config


@pytest.mark.parametrize(
    ("key", "given"),
    [
        *[("training.steps", value) for value in ("5", True, 1.5, 2**31)],
        *[("training.minutes", value) for value in ("5", True, float("inf"))],
        *[("training.micro_batch", value) for value in ("16", True, 0, 2.5, "all")],
        *[("augment.p", value) for value in ("1", True, 1.1, [1], [0, 1, 1], [0, 2], [0, True])],
        *[("augment.policy", value) for value in ("cutout", ["cut"], {"cutout": 1})],
        *[("growing.batch_at", value) for value in ({"5": 1}, {8: "1"}, {True: 1}, [8])],
        *[("model.channels", value) for value in (True, 2, "3")],
        *[("data.x_flip", value) for value in (1, "yes", "true", None)],
        *[("data.images", value) for value in ("", "a\nb", 3, "x" * 1001)],
        *[("distribution.devices", value) for value in (True, 0, 4097, "some")],
        *[("distribution.coordinator", value) for value in ("host", ":1", "host:99999", 1)],
    ],
)
def test_a_value_is_refused(key, given):
    """The error names the key first."""
    section, name = key.split(".")
    with pytest.raises(UserError, match=key):
        from_dict({section: {name: given}})


def test_a_version_is_written_in_any_case():
    """As names of runs are read on the command line."""
    assert from_dict({"version": "StyleGAN"}).version == "stylegan"
    assert from_dict({"version": "V4"}).run == "v4"
