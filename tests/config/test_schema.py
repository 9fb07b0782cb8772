"""The keys of the config, their defaults, and that config.yaml shows all of them."""

import re

from anime_gan.config import Config, flat, load_config, plain_yaml
from anime_gan.config.versions import get_version
from tests.conftest import ROOT


def test_defaults_are_the_reports():
    """The report's hyper-parameters (ch. 6.2 and 9.1.0) hold where a user sets nothing."""
    config = load_config(None, [])
    assert (config.version, config.run) == ("v5", "v5")
    assert (config.training.batch_size, config.model.latent_dim) == (64, 100)
    assert (config.training.steps, config.training.label_noise) == (5000, 0.05)
    assert (config.schedule.sample_every, config.schedule.checkpoint_every) == (500, 10_000)
    for network in (config.generator, config.discriminator):
        assert (network.optimizer, network.rate) == ("rmsprop", 5e-4)
        assert (network.clipvalue, network.decay) == (1.0, 1e-8)


def test_config_yaml_holds_every_key_and_the_versions_values():
    """config.yaml explains each key, and the values it shows commented out are v5's recipe."""
    text = (ROOT / "config.yaml").read_text()
    shown = plain_yaml.read(_uncommented(text))
    known = set(flat(Config().model_dump()))
    network = set(flat({"discriminator": shown["generator"]}))
    assert set(flat({k: v for k, v in shown.items() if v is not None})) | network == known
    recipe = flat(get_version("v5").recipe)
    for key, value in flat({k: v for k, v in shown.items() if v is not None}).items():
        if key in recipe:
            assert value == recipe[key], key


def _uncommented(text: str) -> str:
    """The file with its commented-out keys in force."""
    return re.sub(r"^( *)# ((?:  )?[a-z_0-9]+:( |$))", r"\1\2", text, flags=re.MULTILINE)
