"""What config.yaml may say, and how a mistake in it is told."""

import re
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from anime_gan import networks
from anime_gan.config import plain_yaml
from anime_gan.config.schema import Config, differences, flat, from_dict, load_config
from anime_gan.errors import UserError
from tests.conftest import ROOT


def load(*overrides, file=None) -> Config:
    """The config of these overrides over the project's own config.yaml."""
    return load_config(file, list(overrides), networks.get_recipe)


def test_defaults_are_the_reports():
    """The report's hyper-parameters (ch. 6.2 and 9.1.0) stand where a user says nothing."""
    config = load()
    assert (config.version, config.run) == ("v5", "v5")
    assert (config.training.batch_size, config.model.latent_dim) == (64, 100)
    assert (config.training.steps, config.training.label_noise) == (5000, 0.05)
    assert (config.schedule.sample_every, config.schedule.checkpoint_every) == (500, 10_000)
    for network in (config.generator, config.discriminator):
        assert (network.optimizer, network.rate) == ("rmsprop", 5e-4)
        assert (network.clipvalue, network.decay) == (1.0, 1e-8)


def test_later_sources_win(tmp_path):
    """Recipe, then config.yaml, then --config, then the command line."""
    file = tmp_path / "mine.yaml"
    file.write_text("version: v4\ntraining: {steps: 7, batch_size: 8}\nmodel:\n")
    config = load("training.steps=9", file=str(file))
    assert config.generator.rate == 1e-4  # v4's recipe
    assert (config.training.batch_size, config.training.steps) == (8, 9)
    assert config.run == "v4"


def test_config_yaml_holds_every_key_and_the_versions_values():
    """config.yaml explains each key there is, and what it shows commented out is v5's recipe."""
    text = (ROOT / "config.yaml").read_text()
    shown = yaml.safe_load(_uncommented(text))
    known = set(flat(Config().model_dump()))
    network = set(flat({"discriminator": shown["generator"]}))
    assert set(flat({k: v for k, v in shown.items() if v is not None})) | network == known
    recipe = flat(networks.get_recipe("v5"))
    for key, value in flat({k: v for k, v in shown.items() if v is not None}).items():
        if key in recipe:
            assert value == recipe[key], key


def _uncommented(text: str) -> str:
    """The file with its commented-out keys put in force."""
    return re.sub(r"^( *)# ((?:  )?[a-z_0-9]+:( |$))", r"\1\2", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.stesp=5", ["training.stesp", "training.steps"]),
        ("batch_size=5", ["batch_size", "training.batch_size"]),
        ("training.steps=many", ["training.steps", "many", "integer"]),
        ("training.steps=-1", ["training.steps", "-1", "greater than or equal to 1"]),
        ("training.steps=true", ["training.steps", "True", "number"]),
        ("model.channels=true", ["model.channels", "True", "number"]),
        ("generator.rate=.nan", ["generator.rate", "nan", "1"]),
        ("model.resolution=65", ["model.resolution", "65", "64"]),
        ("training.precision=half", ["training.precision", "half", "bfloat16"]),
        ("model=3", ["model", "3", "model.width"]),
        ("version=v9", ["version", "v9", "v5"]),
        ("version=[1]", ["version"]),
        ("run=../up", ["run", "../up"]),
        ("nonsense", ["nonsense", "key=value"]),
        ("=3", ["=3", "key=value"]),
        ("augment.p=often", ["augment.p", "often", "adaptive", "[first, last]"]),
        ("training.steps=1:30", ["training.steps", "1:30", "integer"]),
        ("training.steps=1e30", ["training.steps", "1e+30", "smaller"]),
        (f"generator.rate={'9' * 400}", ["generator.rate", "1e-12"]),
        ("data.images=a\0b", ["data.images", "control characters"]),
        ("a\nb=1", ["not a key"]),
        ("traning=", ["traning", "not a key"]),
        ("trainig.steps=5", ["trainig", "right one is training."]),
        ("a." * 3000 + "b=1", ["not a key"]),
        ("x" * 9999 + "=1", ["xxx", "not a key"]),
        (f"version={'v' * 9999}", ["version", "letters"]),
        (f"training.steps={'[1,' * 15}{']' * 15}", ["training.steps", "integer"]),
    ],
)
def test_a_mistake_is_one_sentence(override, words):
    """It names the key, what it got, what it may be, or the nearest right key."""
    with pytest.raises(UserError) as caught:
        load(override)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "\n" not in text and text.endswith(".") and len(text) < 300


def test_numbers_mean_what_they_say():
    """YAML 1.1 would take the first for ten, the second for a text."""
    config = load("training.steps=012", "generator.rate=1e-4", "data.images=*.png")
    assert (config.training.steps, config.generator.rate) == (12, 1e-4)
    assert config.data.images == "*.png"  # no alias


BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijkl"))


@pytest.mark.parametrize(
    "text",
    [
        *("a: [", "- 1", "\t", "text", "a: *b", "!!python/object:os.x {}", "a: 1\na: 2", "a: \0"),
        *("[" * 10**6, "run: " + "9" * 10**4, "x" * 10**6, "&" + "x" * 10**4 + " a", BOMB),
        "!!python/object:" + "x" * 10**4 + " {}",
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, text):
    """YAML that is none, that wants to make objects, or that would never end, is refused by its
    file's name.
    """
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"broken\.yaml") as caught:
        load(file=str(file))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300 + len(str(file))
    with pytest.raises(UserError, match=r"nowhere\.yaml"):
        load(file=str(tmp_path / "nowhere.yaml"))


@given(
    st.text(min_size=1, max_size=20),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
)
def test_any_key_and_value_give_a_config_or_a_sentence(key, value):
    """Whatever is written, there is no traceback, and a config that came out can be kept."""
    for values in ({key: value}, {"training": {key: value}}, {"model": value}, {"version": value}):
        try:
            config = from_dict(values)
        except UserError as error:
            assert str(error).endswith(".")
        else:
            assert from_dict(config.model_dump()) == config


@pytest.mark.parametrize(
    "character", ["\x85", "\u2028", "\u2029", "\ufeff", "\n", "\t", "é", "顔", "'"]
)
def test_a_text_is_read_back_as_it_was_written(character):
    """YAML takes some characters for line breaks: a run's path must not change on a resume."""
    for text in (character, f"a{character}b", f"{character} a", f"a {character}"):
        assert plain_yaml.read(plain_yaml.write({"images": text})) == {"images": text}


def test_differences_tell_shapes_from_the_rest():
    """A run can't change its networks on the way, but its length and schedule."""
    shapes, others = differences(load(), load("model.width=0.5", "training.steps=9"))
    assert shapes == ["model.width: 1.0 -> 0.5"]
    assert others == ["training.steps: 5000 -> 9"]
    assert differences(load(), load()) == ([], [])
    adaptive = load("augment.p=adaptive", "training.ema_kimg=5")
    shapes, others = differences(load(), adaptive)
    assert [text.split(":")[0] for text in shapes] == ["training.ema_kimg", "augment.p"]
    shapes, others = differences(adaptive, load("augment.p=adaptive", "training.ema_kimg=9"))
    assert (shapes, others) == ([], ["training.ema_kimg: 5.0 -> 9.0"])
    shapes, others = differences(load(), load("version=v4"))
    assert shapes[0].startswith("version") and "generator.rate" in others[0] + others[1]
