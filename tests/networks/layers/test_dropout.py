"""Dropout at any rate in any discriminator, in training only."""

import keras
import numpy as np
import pytest
from keras import layers

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.networks.build import build
from anime_gan.networks.describe import build_shapes

pytestmark = pytest.mark.backends


def discriminator(version: str, *overrides: str, build=build) -> keras.Model:
    """A discriminator of a few filters for 32x32 images."""
    given = [f"version={version}", "model.width=0.1", "model.resolution=32", *overrides]
    return build(load_config(None, given)).discriminator


def rates(model: keras.Model) -> list[float]:
    """The rates of its dropout layers."""
    return [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_takes_a_rate(version):
    """One layer before the last, or the version's own with this rate; null changes nothing."""
    plain = rates(discriminator(version, build=build_shapes))
    model = discriminator(version, "discriminator.dropout=0.3", build=build_shapes)
    assert rates(model) == [0.3] * max(1, len(plain))
    if not plain:
        assert isinstance(model.layers[-2], layers.Dropout)
    assert model.name == "discriminator" and model.layers[-1].output.dtype == "float32"
    model = discriminator(version, "discriminator.dropout=0", build=build_shapes)
    assert not any(rates(model))


@pytest.mark.parametrize("version", ["v5", "r3gan"])
def test_the_scores_are_those_of_the_kept_features(version):
    """A fifth stays, times five; the score is the last layer's, by NumPy. In use all count once."""
    model = discriminator(version, "discriminator.dropout=0.8", "discriminator.spectral_norm=false")
    last = model.layers[-1]
    features = keras.Model(model.input, model.layers[-2].input)
    dropped = keras.Model(model.input, [model.layers[-2].output, model.output])
    images = np.random.default_rng(0).uniform(-1, 1, (64, 32, 32, 3)).astype("float32")
    every = np.asarray(features(images))
    kept, scores = (np.asarray(one) for one in dropped(images, training=True))
    mask = (kept != 0) | (every == 0)
    np.testing.assert_allclose(kept, np.where(mask, 5 * every, 0), rtol=1e-5)
    assert mask[every != 0].mean() == pytest.approx(0.2, abs=0.05)
    expected = kept @ np.asarray(last.kernel)
    if last.use_bias:
        expected = 1 / (1 + np.exp(-expected - np.asarray(last.bias)))
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
    other = np.asarray(dropped(images, training=True)[0])
    assert not np.array_equal(kept, other)
    np.testing.assert_array_equal(np.asarray(dropped(images, training=False)[0]), every)


def test_a_saved_network_is_plain_keras(tmp_path):
    """The file has Keras's own layers only, and scores as the network did."""
    model = discriminator("dcgan", "discriminator.dropout=0.5")
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    images = np.zeros((2, 32, 32, 3), "float32")
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(model(images)))
    assert rates(loaded) == [0.5]


def test_dropout_and_spectral_normalization_go_together():
    """The dense layers stay normalized; in bfloat16 the last features stay float32."""
    overrides = ["version=sagan", "model.width=0.1", "model.resolution=32"]
    config = load_config(None, [*overrides, "discriminator.dropout=0.5"])
    model = build(config, "bfloat16").discriminator
    assert type(model.layers[-1]).__name__ == "SpectralDense" and rates(model) == [0.5]
    assert model.layers[-2].compute_dtype == "float32"
