"""Layers that compare the images of a batch, against plain NumPy."""

import keras
import numpy as np
import pytest

from anime_gan.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStd

pytestmark = pytest.mark.backends
RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("batch, group", [(8, 4), (6, 6), (1, 1)])
def test_minibatch_std(batch, group):
    """One more map: the deviation within a group, over all its numbers; 0 for one image."""
    maps = RANDOM.normal(size=(batch, 8, 8, 3)).astype("float32")
    layer = MinibatchStd(4)
    result = np.asarray(layer(maps))
    assert result.shape == (batch, 8, 8, 4)
    assert layer(keras.Input((8, 8, 3))).shape == (None, 8, 8, 4)
    np.testing.assert_array_equal(result[..., :3], maps)
    groups = maps.reshape(group, batch // group, 8, 8, 3)
    expected = np.tile(groups.std(0).mean((1, 2, 3)), group)
    for image in range(batch):
        np.testing.assert_allclose(result[image, :, :, 3], expected[image], rtol=1e-4, atol=2e-4)


def test_minibatch_discrimination():
    """Salimans et al. 2016, 3.2, without the image's own term; every other image counts."""
    layer = MinibatchDiscrimination(3, 2)
    features = RANDOM.normal(size=(5, 4)).astype("float32")
    layer(features)
    projection = RANDOM.normal(size=(4, 6))
    layer.projection.assign(projection)
    rows = (features.astype("float64") @ projection).reshape(5, 3, 2)
    expected = np.zeros((5, 3))
    for i in range(5):
        for j in range(5):
            if i != j:
                expected[i] += np.exp(-np.abs(rows[i] - rows[j]).sum(axis=1))
    result = np.asarray(layer(features))
    assert result.shape == (5, 3)
    assert layer(keras.Input((4,))).shape == (None, 3)
    np.testing.assert_allclose(result, expected, rtol=1e-4)
