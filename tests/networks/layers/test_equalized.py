"""The layers of both StyleGANs against plain NumPy: the papers' sums, not what Keras has."""

import keras
import numpy as np
import pytest

from anime_gan.networks.layers import equalized

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
def test_an_equalised_dense_layer(rate):
    """Whatever its rate, it begins as the same function: He's initialisation, taken at run time."""
    layer = equalized.EqualizedDense(7, rate=rate, bias=0.5)
    got = values(layer(STYLE))
    kernel = values(layer.kernel)
    assert kernel.std() == pytest.approx(1 / rate, rel=0.5)
    expected = STYLE @ kernel * rate * np.sqrt(2 / 5) + 0.5
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_the_rate_is_that_of_the_layer():
    """Weights moved equally far, as Adam moves them, change what comes out rate times as much."""
    moved = []
    for rate in (1.0, 0.1):
        layer = equalized.EqualizedDense(1, rate=rate, bias=None)
        before = values(layer(STYLE))
        layer.kernel.assign(layer.kernel + 1e-2)
        moved.append(np.abs(values(layer(STYLE)) - before).mean())
    assert moved[1] == pytest.approx(0.1 * moved[0], rel=1e-3)


def test_an_equalised_convolution():
    """Its scale is of the fan-in, 3 x 3 x maps."""
    layer = equalized.EqualizedConv(6)
    got = values(layer(MAPS))
    expected = convolved(MAPS, values(layer.kernel) * np.sqrt(2 / 27))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_blur():
    """Each map is blurred by itself; a constant one stays, but for its border."""
    kernel = np.zeros((3, 3, 3, 3))
    for n in range(3):
        kernel[:, :, n, n] = np.outer([1, 2, 1], [1, 2, 1]) / 16
    layer = equalized.Blur()
    np.testing.assert_allclose(values(layer(MAPS)), convolved(MAPS, kernel), rtol=1e-4, atol=1e-5)
    flat = values(layer(np.ones((1, 8, 8, 3), "float32")))
    assert np.allclose(flat[:, 1:-1, 1:-1], 1) and flat[0, 0, 0, 0] == pytest.approx(9 / 16)


def test_pixel_norm():
    """A latent's mean square is 1."""
    got = values(equalized.PixelNorm()(STYLE))
    expected = STYLE / np.sqrt((STYLE**2).mean(1, keepdims=True))
    np.testing.assert_allclose(got, expected, rtol=1e-4)


@pytest.mark.parametrize("batch, group", [(8, 4), (6, 6), (1, 1)])
def test_minibatch_deviation(batch, group):
    """One more map: the deviation within a group, over all of its numbers; 0 for one picture."""
    maps = RANDOM.normal(size=(batch, 8, 8, 3)).astype("float32")
    got = values(equalized.MinibatchStd(4)(maps))
    np.testing.assert_array_equal(got[..., :3], maps)
    groups = maps.reshape(group, batch // group, 8, 8, 3)
    expected = np.tile(groups.std(0).mean((1, 2, 3)), group)
    for picture in range(batch):
        np.testing.assert_allclose(got[picture, :, :, 3], expected[picture], rtol=1e-4, atol=2e-4)


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
        layer = equalized.EqualizedConv(6, resample=resample)
        got = values(layer(MAPS))
        kernel = values(layer.kernel) * np.sqrt(2 / 27)
        np.testing.assert_allclose(got, expected(kernel), rtol=1e-4, atol=1e-4)
