"""The DRAGAN's blocks, against the papers."""

import keras
import numpy as np
import pytest

from anime_gan.networks import dragan

pytestmark = pytest.mark.backends


def test_pixel_shuffle():
    """Shi et al. 2016: filter (2 r + c) n + k of a pixel becomes filter k of its quarter (r, c)."""
    inputs = keras.Input((3, 3, 8))
    maps = np.random.default_rng(0).normal(size=(2, 3, 3, 8)).astype("float32")
    result = np.asarray(keras.Model(inputs, dragan.pixel_shuffle(inputs))(maps))
    assert result.shape == (2, 6, 6, 2)
    for r in (0, 1):
        for c in (0, 1):
            first = (2 * r + c) * 2
            np.testing.assert_array_equal(result[:, r::2, c::2], maps[..., first : first + 2])
