"""The versions' own layers against NumPy, and what the papers say of their networks."""

import keras
import numpy as np
import pytest

from anime_gan import networks
from anime_gan.config.schema import load_config
from anime_gan.networks import illustration_gan, r3gan, sagan
from anime_gan.training.state import Gan

pytestmark = pytest.mark.backends
draw = np.random.default_rng(0)


def test_minibatch_discrimination_is_the_formula():
    """Salimans et al. 2016, 3.2, with the picture's own term left out; the batch counts."""
    layer = illustration_gan.MinibatchDiscrimination(3, 2)
    features = draw.normal(size=(5, 4)).astype("float32")
    layer(features)
    projection = draw.normal(size=(4, 6))
    layer.projection.assign(projection)
    rows = (features.astype("float64") @ projection).reshape(5, 3, 2)
    near = np.zeros((5, 3))
    for i in range(5):
        for j in range(5):
            if i != j:
                near[i] += np.exp(-np.abs(rows[i] - rows[j]).sum(axis=1))
    result = np.asarray(layer(features))
    assert result.shape == layer.compute_output_shape(features.shape)
    np.testing.assert_allclose(result, near, rtol=1e-4)


def test_attention_begins_as_nothing_and_then_sees_everywhere():
    """gamma is 0 at first; with gamma 1, against NumPy, and every place depends on every other."""
    inputs = keras.Input((4, 4, 16))
    model = keras.Model(inputs, sagan.attention(inputs))
    maps = draw.normal(size=(2, 4, 4, 16)).astype("float32")
    np.testing.assert_allclose(model(maps), maps, atol=1e-6)
    scale = next(layer for layer in model.layers if isinstance(layer, sagan.LearntScale))
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
        seen = weights @ pooled(maps @ value)
        return maps + seen.reshape(2, 4, 4, 8) @ last

    result = np.asarray(model(maps))
    ways = [attended(query, key), attended(key, query)]  # the layers' order is Keras's
    assert any(np.allclose(result, way, atol=1e-4) for way in ways)


def test_sagan_is_normalised_everywhere_and_its_critic_is_hinged():
    """Spectral normalisation in both networks, at 32x32 attention in both."""
    overrides = ["version=sagan", "model.width=0.02"]
    config = load_config(None, overrides, networks.get_recipe)
    gan = Gan.create(networks.get_version("sagan"), config)
    for network in (gan.generator, gan.discriminator):
        kernels = [layer for layer in network.layers if hasattr(layer, "kernel")]
        assert kernels and all(hasattr(layer, "left") for layer in kernels)
        assert sum(isinstance(layer, sagan.LearntScale) for layer in network.layers) == 1
    assert config.objective.name == "hinge"
    assert config.discriminator.rate == 4 * config.generator.rate


@pytest.mark.parametrize("width", [1 / 24, 1.0])
def test_r3gan_begins_with_empty_blocks(width):
    """Fix-up: each block adds nothing at first, so 1x1, resampling and basis alone decide."""
    model = r3gan.discriminator(resolution=16, width=width)
    lasts = [layer.input[1] for layer in model.layers if isinstance(layer, keras.layers.Add)]
    assert len(lasts) == 3 * (2 if width == 1 else 1)
    picture = draw.uniform(-1, 1, (1, 16, 16, 3)).astype("float32")
    for output in lasts:
        assert not np.asarray(keras.Model(model.input, output)(picture)).any()


def test_r3gan_is_the_papers_at_width_1():
    """Its FFHQ-64 plan: 384 filters there and 768 below, twice as wide within, groups of 16."""
    model = r3gan.discriminator(resolution=64, width=1.0)
    grouped = [x for x in model.layers if getattr(x, "groups", 1) > 1]
    assert [x.filters for x in grouped] == [768] * 2 + [1536] * 8
    assert [x.groups for x in grouped] == [48] * 2 + [96] * 8
    assert all(x.kernel.shape == (3, 3, 16, x.filters) for x in grouped)


def test_r3gan_basis():
    """From numbers to pictures and from maps to inner products."""
    up, down = r3gan.Basis(), r3gan.Basis()
    numbers = draw.normal(size=(2, 5)).astype("float32")
    pictures = np.asarray(up(numbers))
    basis = keras.ops.convert_to_numpy(up.pictures)
    np.testing.assert_allclose(pictures, numbers[:, None, None] * basis, rtol=1e-5)
    sums = np.asarray(down(pictures))
    basis = keras.ops.convert_to_numpy(down.pictures)
    np.testing.assert_allclose(sums, (pictures * basis).sum(axis=(1, 2)), rtol=1e-4, atol=1e-5)


def test_pixel_shuffle_puts_filters_into_places():
    """Shi et al. 2016: filter (2 r + c) n + k of a pixel becomes filter k of its quarter (r, c)."""
    from anime_gan.networks import dragan

    inputs = keras.Input((3, 3, 8))
    maps = draw.normal(size=(2, 3, 3, 8)).astype("float32")
    result = np.asarray(keras.Model(inputs, dragan._shuffled(inputs))(maps))
    assert result.shape == (2, 6, 6, 2)
    for r in (0, 1):
        for c in (0, 1):
            first = (2 * r + c) * 2
            np.testing.assert_array_equal(result[:, r::2, c::2], maps[..., first : first + 2])
