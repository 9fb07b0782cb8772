"""Learned constants against plain NumPy."""

import keras
import numpy as np
import pytest

from anime_gan.networks.layers.learned import LearnedBasis, LearnedScale

pytestmark = pytest.mark.backends
RANDOM = np.random.default_rng(0)


def test_the_scale_begins_at_0():
    """So that attention begins as nothing; with gamma 2, the product."""
    layer = LearnedScale()
    maps = RANDOM.normal(size=(2, 4, 4, 3)).astype("float32")
    assert not np.asarray(layer(maps)).any()
    layer.gamma.assign(2.0)
    np.testing.assert_allclose(layer(maps), 2 * maps)


def test_basis():
    """From coefficients to maps, and from maps to inner products."""
    up, down = LearnedBasis(), LearnedBasis()
    coefficients = RANDOM.normal(size=(2, 5)).astype("float32")
    maps = np.asarray(up(coefficients))
    assert maps.shape == up(keras.Input((5,), batch_size=2)).shape == (2, 4, 4, 5)
    basis = keras.ops.convert_to_numpy(up.maps)
    np.testing.assert_allclose(maps, coefficients[:, None, None] * basis, rtol=1e-5)
    sums = np.asarray(down(maps))
    assert sums.shape == down(keras.Input((4, 4, 5), batch_size=2)).shape == (2, 5)
    basis = keras.ops.convert_to_numpy(down.maps)
    np.testing.assert_allclose(sums, (maps * basis).sum(axis=(1, 2)), rtol=1e-4, atol=1e-5)
