"""The low-pass filter against plain NumPy; test_equalized.py has doubling and halving."""

import numpy as np
import pytest

from anime_gan.networks.layers.resampling import Blur
from tests.networks.layers.test_equalized import MAPS, convolved, values


def test_blur():
    """Each map is filtered by itself; a constant one does not change, but for its border."""
    kernel = np.zeros((3, 3, 3, 3))
    for n in range(3):
        kernel[:, :, n, n] = np.outer([1, 2, 1], [1, 2, 1]) / 16
    layer = Blur()
    np.testing.assert_allclose(values(layer(MAPS)), convolved(MAPS, kernel), rtol=1e-4, atol=1e-5)
    flat = values(layer(np.ones((1, 8, 8, 3), "float32")))
    assert np.allclose(flat[:, 1:-1, 1:-1], 1) and flat[0, 0, 0, 0] == pytest.approx(9 / 16)
