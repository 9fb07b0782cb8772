"""A new run begins with trained weights: those that fit, and no others."""

import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.errors import UserError
from anime_gan.networks.build import all_layers
from anime_gan.networks.layers.register import FORMER_NAMES
from anime_gan.runs.weights import load_model
from anime_gan.training.start import take_over
from anime_gan.training.state import TrainState
from tests.training.test_step import tiny, weights

pytestmark = pytest.mark.backends


@pytest.fixture
def saved(tmp_path):
    """The networks of an r3gan at 32x32, whose weights differ from fresh ones."""
    state = tiny("r3gan", "model.resolution=32", "model.width=0.01")
    draw = np.random.default_rng(0)
    for variable in [*state.generator_weights, *state.discriminator_weights]:
        variable.assign(draw.normal(size=variable.shape))
    path = tmp_path / "generator_7.keras"
    state.generator.save(path)
    state.discriminator.save(tmp_path / "discriminator_7.keras")
    return path


def test_equal_networks_take_over_everything(saved):
    """Both networks and the EMA; the optimizers' moments stay 0."""
    state = tiny("r3gan", "model.resolution=32", "model.width=0.01", "training.ema_kimg=1")
    said = take_over(state, saved)
    assert "all layers of the generator; all layers of the discriminator" in said
    for ours, file in (
        (state.generator, saved),
        (state.ema, saved),
        (state.discriminator, saved.with_name("discriminator_7.keras")),
    ):
        for own, theirs in zip(weights(ours), weights(load_model(file)), strict=True):
            np.testing.assert_array_equal(own, theirs)
    assert not any(np.asarray(v).any() for v in state.generator_optimizer.variables[2:])


def test_a_larger_network_takes_over_what_it_shares(saved):
    """Of 64x64: the generator's first layers, and the discriminator's last."""
    state = tiny("r3gan", "model.resolution=64", "model.width=0.01")
    fresh = weights(state.generator), weights(state.discriminator)
    said = take_over(state, saved)
    assert "of the generator's" in said and "of the discriminator's" in said, said
    generator, discriminator = weights(state.generator), weights(state.discriminator)
    trained = weights(load_model(saved))
    np.testing.assert_array_equal(generator[0], trained[0])
    assert np.array_equal(generator[-1], fresh[0][-1])
    trained = weights(load_model(saved.with_name("discriminator_7.keras")))
    np.testing.assert_array_equal(discriminator[-1], trained[-1])
    assert np.array_equal(discriminator[0], fresh[1][0])


def test_layers_of_an_older_file_fit(saved, monkeypatch):
    """Their classes had other names, under which Keras loads them."""
    trained = load_model(saved)
    old = {new: former for former, new in FORMER_NAMES.items()}
    renamed = [layer for layer in all_layers(trained) if type(layer).__name__ in old]
    assert renamed
    for layer in renamed:
        layer.__class__ = type(old[type(layer).__name__], (type(layer),), {})
    monkeypatch.setattr("anime_gan.training.start.load_model", lambda path: trained)
    state = tiny("r3gan", "model.resolution=32", "model.width=0.01")
    assert "all layers of the generator" in take_over(state, saved)


def test_without_a_discriminator_only_the_generator_is_taken_over(saved):
    """A generator that came alone is a start too."""
    saved.with_name("discriminator_7.keras").unlink()
    state = tiny("r3gan", "model.resolution=32", "model.width=0.01")
    fresh = weights(state.discriminator)
    assert "of which there is no file" in take_over(state, saved)
    for own, before in zip(weights(state.discriminator), fresh, strict=True):
        np.testing.assert_array_equal(own, before)


def test_a_network_of_another_kind_is_refused(saved):
    """Rather than a run that begins with none of the weights it was asked to begin with."""
    state = tiny("dcgan", "model.resolution=32")
    fresh = weights(state.generator)
    with pytest.raises(UserError, match="take the version"):
        take_over(state, saved)
    for own, before in zip(weights(state.generator), fresh, strict=True):
        np.testing.assert_array_equal(own, before)


def test_labels_begin_with_the_faces_of_an_unlabeled_generator(saved):
    """The layer that takes labels too is copied, with 0 for them: all labels are one face."""
    own = ["model.resolution=32", "model.width=0.01", "training.ema_kimg=1"]
    config = load_config(None, ["version=r3gan", "model.latent_dim=8", *own, "model.labels=[hair]"])
    state = TrainState(config.updated(model={"label_values": {"hair": ("blue", "red")}}))
    said = take_over(state, saved)
    assert "of the generator's" in said and "of the discriminator's" in said
    z = np.random.default_rng(0).normal(size=(2, 8)).astype("float32")
    wanted = np.asarray(load_model(saved)(z))
    for generator in (state.generator, state.ema):
        for codes in ([[0], [1]], [[2], [2]]):
            found = np.asarray(generator([z, np.array(codes, "int32")]))
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3 * np.abs(wanted).max())
