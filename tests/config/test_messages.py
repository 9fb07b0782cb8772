"""A mistake in a config is reported in one sentence that a user understands."""

import pytest

from anime_gan.config import load_config
from anime_gan.errors import UserError


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.stesp=5", ["training.stesp", "training.steps"]),
        ("training.Steps=5", ["training.Steps", "training.steps"]),
        ("generator.lr=5", ["generator.lr", "right one is generator.rate."]),
        ("a=1", ["a is not a key of the config; config.yaml lists them."]),
        ("version=nosuch", ["version is 'nosuch'", "v5", "choose one of these."]),
        ("batch_size=5", ["batch_size", "training.batch_size"]),
        ("training.average_kimg=5", ["training.average_kimg", "right one is training.ema_kimg"]),
        ("average_kimg=5", ["average_kimg", "right one is training.ema_kimg"]),
        ("growing.batch_att={8: 1}", ["growing.batch_att", "growing.batch_at."]),
        ("training.steps=many", ["training.steps must be a whole number, not 'many'."]),
        ("training.steps=-1", ["training.steps", "-1", "greater than or equal to 1"]),
        ("training.steps=true", ["training.steps", "True", "number"]),
        ("training.steps=010", ["training.steps must be a whole number, not '010'."]),
        ("training.minutes=-01.5", ["training.minutes must be a number, not '-01.5'."]),
        ("growing.batch_at={08: 16}", ["growing.batch_at.08"]),
        ("training.steps=0x10", ["training.steps", "0x10", "whole number"]),
        ("training.minutes=abc", ["training.minutes must be a number, not 'abc'."]),
        ("data.x_flip=no", ["data.x_flip must be true or false, not 'no'."]),
        ("model.channels=true", ["model.channels must be 1 or 3, not 'true'."]),
        ("generator.rate=.nan", ["generator.rate", "nan", "1"]),
        ("model.resolution=65", ["model.resolution", "65", "64"]),
        ("training.precision=half", ["training.precision", "half", "bfloat16"]),
        ("model=3", ["model", "3", "model.width"]),
        ("version=v9", ["version", "v9", "v5"]),
        ("version=DCGANS", ["'dcgans'", "nearest is 'dcgan'"]),
        ("version=[1]", ["version"]),
        ("run=../up", ["run", "../up"]),
        ("nonsense", ["nonsense", "key=value"]),
        ("=3", ["=3", "key=value"]),
        ("augment.p=often", ["augment.p", "often", "adaptive", "[start, end]"]),
        ("augment.policy=colour", ["augment.policy", "a list, such as [colour], not 'colour'."]),
        ("training.steps=1:30", ["training.steps", "1:30", "whole number"]),
        ("training.steps=1e30", ["training.steps", "1e+30", "less than"]),
        (f"generator.rate={'9' * 400}", ["generator.rate", "1e-12"]),
        ("data.images=a\0b", ["data.images", "control characters"]),
        (f"data.images={'x' * 1001}", ["data.images must have at most 1000 characters"]),
        ("a\nb=1", ["not a key"]),
        ("traning=1", ["traning", "right one is training."]),
        ("run=", ["run=", "has no value"]),
        ("training.steps=", ["training.steps=", "has no value"]),
        ("data.images= ", ["data.images=", "has no value"]),
        ("trainig.steps=5", ["trainig", "right one is training."]),
        ("modle={width: 1}", ["modle", "right one is model."]),
        ("training={3: 1}", ["training.3", "not a key"]),
        ("a." * 3000 + "b=1", ["not a key"]),
        ("x" * 9999 + "=1", ["xxx", "not a key"]),
        (f"version={'v' * 9999}", ["version", "letters"]),
        (f"training.steps={'[1,' * 15}{']' * 15}", ["training.steps", "whole number"]),
    ],
)
def test_a_mistake_is_one_sentence(override, words):
    """It names the key, the value, what is allowed, or the nearest right key."""
    with pytest.raises(UserError) as caught:
        load_config(None, [override])
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "\n" not in text and text.endswith(".") and len(text) < 300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: v5\ntraining:\n  seed: 1\n  stesp: 3\n", "line 4: training.stesp is not a key"),
        ("training: {seed: 1,\n  steps: many}", "line 2: training.steps must be"),
        ("\n\ntrainin: {}\n", "line 3: trainin is not a key"),
        ("growing:\n  batch_at:\n    8: x\n", "line 3: growing.batch_at.8 must be"),
        ("training: {? [1] : 2}", "line 1: training.(1,) is not a key"),
        ("run: a\nrun: b", "not valid YAML at line 2: the key run is there twice; correct it."),
        (
            "model:\n  width: 1\n  width: 0.5",
            "not valid YAML at line 3: the key width is there twice; correct it.",
        ),
        ("model:\n\twidth: 1", "line 2: found character TAB that cannot start any token; correct"),
        ("a: *b", "not valid YAML at line 1: aliases"),
    ],
)
def test_a_mistake_in_a_file_has_its_line(tmp_path, text, words):
    """Also where the mistake is a value."""
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        load_config(str(file), [])
    assert words in str(caught.value) and str(file) in str(caught.value)
