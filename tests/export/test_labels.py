"""Exported generators that take labels, in the formats that read themselves back."""

import pytest

from anime_gan.export import arrays
from anime_gan.export.card import model_card
from anime_gan.export.check import largest_difference
from anime_gan.export.network import export_network, signature
from anime_gan.generation.generator import Generator
from tests.generation.test_labels import conditional


@pytest.mark.backends
def test_arrays_hold_the_embeddings(tmp_path):
    """The network that is read back takes labels as the generator does."""
    generator, path = Generator(conditional("dcgan")), tmp_path / "words.npz"
    network = export_network(generator)
    kinds = {name: spec.dtype for name, spec in signature(network)[0].items()}
    assert kinds == {"latent": "float32", "labels": "int32"}
    arrays.write(generator, network, False, {"software": "test 1"}, path)
    assert largest_difference(arrays.open_file(path), generator) < 1e-4


def test_the_card_lists_the_words(tmp_path):
    """Whoever has the file alone finds which number is which word."""
    path = tmp_path / "generator_1.keras"
    network = conditional("dcgan")
    network.save(path)
    generator = Generator(network)
    card = model_card(generator, export_network(generator), path, "whole", False)
    assert card["labels"] == '{"hair": ["black", "blue", "red"], "eyes": ["green", "red"]}'
    assert card["latent_dim"] == "8" and "labels (batch, 2)" in card["inputs"]
