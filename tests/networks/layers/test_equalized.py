"""Equalized layers against the papers' sums in plain NumPy."""

import keras
import numpy as np
import pytest

from anime_gan.networks.layers.equalized import EqualizedConv, EqualizedDense

RANDOM = np.random.default_rng(0)
MAPS = RANDOM.normal(size=(4, 8, 8, 3)).astype("float32")
STYLE = RANDOM.normal(size=(4, 5)).astype("float32")


def convolved(maps, kernel):
    """Return maps (B, H, W, N) convolved with (K, K, N, M), with zeros around, by plain sums."""
    size = kernel.shape[0]
    around = size // 2
    padded = np.pad(maps, ((0, 0), (around, around), (around, around), (0, 0)))
    result = np.zeros((*maps.shape[:3], kernel.shape[3]))
    for y in range(size):
        for x in range(size):
            part = padded[:, y : y + maps.shape[1], x : x + maps.shape[2]]
            result += np.einsum("bhwn,nm->bhwm", part, kernel[y, x])
    return result


def values(tensor):
    """Return a tensor as NumPy."""
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_dense(rate):
    """He's initialization at run time; it begins as the same function whatever its rate."""
    layer = EqualizedDense(7, rate=rate, bias=0.5)
    result = values(layer(STYLE))
    kernel = values(layer.kernel)
    assert kernel.std() == pytest.approx(1 / rate, rel=0.5)
    expected = STYLE @ kernel * rate * np.sqrt(2 / 5) + 0.5
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_the_rate_multiplies_the_learning_rate():
    """The same step of the weights, as Adam takes it, changes the output rate times as much."""
    moved = []
    for rate in (1.0, 0.1):
        layer = EqualizedDense(1, rate=rate, bias=None)
        before = values(layer(STYLE))
        layer.kernel.assign(layer.kernel + 1e-2)
        moved.append(np.abs(values(layer(STYLE)) - before).mean())
    assert moved[1] == pytest.approx(0.1 * moved[0], rel=1e-3)


def test_convolution():
    """The fan-in is 3 x 3 x maps."""
    layer = EqualizedConv(6)
    result = values(layer(MAPS))
    expected = convolved(MAPS, values(layer.kernel) * np.sqrt(2 / 27))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


def repeated(maps):
    """Return maps with each pixel as 2x2 pixels."""
    return maps.repeat(2, axis=1).repeat(2, axis=2)


def halved(maps):
    """Return the means of 2x2 pixels."""
    count, height, width, filters = maps.shape
    return maps.reshape(count, height // 2, 2, width // 2, 2, filters).mean((2, 4))


def test_doubling_and_halving_are_one_convolution():
    """Convolved with stride 2 at once, and in two steps: the same numbers, the border included."""
    for resample, expected in (
        ("double", lambda kernel: convolved(repeated(MAPS), kernel)),
        ("halve", lambda kernel: halved(convolved(MAPS, kernel))),
    ):
        layer = EqualizedConv(6, resample=resample)
        result = values(layer(MAPS))
        kernel = values(layer.kernel) * np.sqrt(2 / 27)
        np.testing.assert_allclose(result, expected(kernel), rtol=1e-4, atol=1e-4)
