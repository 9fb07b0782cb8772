"""SAGAN's attention and recipe, against the paper."""

import keras
import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.networks import sagan
from anime_gan.networks.build import build
from anime_gan.networks.layers.learned import LearnedScale

pytestmark = pytest.mark.backends


def test_attention():
    """The identity at first, where gamma is 0; with gamma 1, the sums over all places by NumPy."""
    inputs = keras.Input((4, 4, 16))
    model = keras.Model(inputs, sagan.attention(inputs))
    maps = np.random.default_rng(0).normal(size=(2, 4, 4, 16)).astype("float32")
    np.testing.assert_allclose(model(maps), maps, atol=1e-6)
    scale = next(layer for layer in model.layers if isinstance(layer, LearnedScale))
    scale.gamma.assign(1.0)
    shapes = {layer.kernel.shape[2:]: layer for layer in model.layers if hasattr(layer, "kernel")}
    kernels = [
        keras.ops.convert_to_numpy(layer.kernel)[0, 0].astype("float64")
        for layer in model.layers
        if hasattr(layer, "kernel")
    ]
    assert len(kernels) == 4 and len(shapes) == 3
    value = next(k for k in kernels if k.shape == (16, 8))
    last = next(k for k in kernels if k.shape == (8, 16))
    query, key = (k for k in kernels if k.shape == (16, 2))

    def pooled(x):
        return x.reshape(2, 2, 2, 2, 2, -1).max(axis=(2, 4)).reshape(2, 4, -1)

    def attended(query, key):
        q = (maps @ query).reshape(2, 16, -1)
        logits = q @ pooled(maps @ key).transpose(0, 2, 1)
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        pooled_values = weights @ pooled(maps @ value)
        return maps + pooled_values.reshape(2, 4, 4, 8) @ last

    result = np.asarray(model(maps))
    orders = [attended(query, key), attended(key, query)]  # the order of layers is Keras's
    assert any(np.allclose(result, order, atol=1e-4) for order in orders)


def test_the_recipe_is_the_papers():
    """Spectral normalization of all layers in both networks, one attention in each, two rates."""
    config = load_config(None, ["version=sagan", "model.width=0.02"])
    built = build(config)
    for network in (built.generator, built.discriminator):
        kernels = [layer for layer in network.layers if hasattr(layer, "kernel")]
        assert kernels and all(hasattr(layer, "left") for layer in kernels)
        assert sum(isinstance(layer, LearnedScale) for layer in network.layers) == 1
    assert config.objective.name == "hinge"
    assert config.discriminator.rate == 4 * config.generator.rate
