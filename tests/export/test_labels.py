"""Exported generators that take labels, in the formats that read themselves back."""

import pytest

from anime_gan.export import arrays
from anime_gan.export.card import model_card
from anime_gan.export.check import largest_difference
from anime_gan.export.file import export_file
from anime_gan.export.formats import FORMATS
from anime_gan.export.network import export_network
from anime_gan.generation.generator import Generator
from tests.export.test_file import needs_tensorflow
from tests.generation.test_labels import conditional


@pytest.mark.backends
@pytest.mark.parametrize("version", ["dcgan", "stylegan2"])
def test_arrays_hold_the_embeddings(version, tmp_path):
    """The network that is read back takes labels as the generator does."""
    generator, path = Generator(conditional(version)), tmp_path / "words.npz"
    arrays.write(generator, None, False, {"software": "test 1"}, path)
    assert largest_difference(arrays.open_file(path), generator) < 1e-4


@pytest.mark.slow
@needs_tensorflow
@pytest.mark.parametrize("form", ["litert", "savedmodel"])
@pytest.mark.parametrize(
    ("version", "part"), [("dcgan", "whole"), ("stylegan2", "mapping"), ("stylegan2", "synthesis")]
)
def test_the_other_formats_take_labels(version, part, form, tmp_path):
    """Each is compared with Keras before it is kept; a StyleGAN is exported by its parts."""
    generator, weights = Generator(conditional(version)), tmp_path / "generator_1.keras"
    generator.whole.save(weights)
    export_file(generator, weights, FORMATS[form], tmp_path / f"out{FORMATS[form].suffix}", part)


def test_the_card_lists_the_words(tmp_path):
    """Whoever has the file alone finds which number is which word."""
    path = tmp_path / "generator_1.keras"
    network = conditional("dcgan")
    network.save(path)
    generator = Generator(network)
    card = model_card(generator, export_network(generator), path, "whole", False)
    assert card["labels"] == '{"hair": ["black", "blue", "red"], "eyes": ["green", "red"]}'
    assert card["latent_dim"] == "8" and "labels (batch, 2)" in card["inputs"]
