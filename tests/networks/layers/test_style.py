"""Layers of a style-based generator against plain NumPy."""

import keras
import numpy as np
import pytest

from anime_gan.networks.layers.equalized import EqualizedConv
from anime_gan.networks.layers.fade import FadeIn
from anime_gan.networks.layers.minibatch import MinibatchStd
from anime_gan.networks.layers.resampling import Blur
from anime_gan.networks.layers.style import (
    AdaIN,
    AddNoise,
    Constant,
    ModulatedConv,
    PixelNorm,
    ResampleLatents,
    Styles,
)
from tests.networks.layers.test_equalized import MAPS, STYLE, convolved, values


def test_pixel_norm():
    """The mean square of a latent is 1."""
    result = values(PixelNorm()(STYLE))
    expected = STYLE / np.sqrt((STYLE**2).mean(1, keepdims=True))
    np.testing.assert_allclose(result, expected, rtol=1e-4)


def test_adain():
    """Every map of every image gets the mean and the deviation that its style says."""
    layer = AdaIN()
    result = values(layer([MAPS, STYLE]))
    style = STYLE @ values(layer.affine.kernel) / np.sqrt(5)
    scale, shift = style[:, None, None, :3], style[:, None, None, 3:]
    mean, deviation = MAPS.mean((1, 2), keepdims=True), MAPS.std((1, 2), keepdims=True)
    expected = (MAPS - mean) / deviation * (1 + scale) + shift
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_convolution(demodulate):
    """As the paper writes it: the weights are scaled for each image, then brought to norm 1."""
    layer = ModulatedConv(6, demodulate=demodulate)
    result = values(layer([MAPS, STYLE]))
    style = STYLE @ values(layer.affine.kernel) / np.sqrt(5) + 1
    for image in range(4):
        kernel = values(layer.kernel) / np.sqrt(27) * style[image][None, None, :, None]
        if demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum((0, 1, 2)) + 1e-8)
        expected = convolved(MAPS[image : image + 1], kernel)
        np.testing.assert_allclose(result[image : image + 1], expected, rtol=1e-3, atol=1e-4)


def test_noise():
    """New for every image in training, else constant; none while its strength is 0."""
    layer = AddNoise()
    assert np.array_equal(values(layer(MAPS, training=True)), MAPS)
    layer.strength.assign([0.0, 1.0, 2.0])
    added = values(layer(MAPS)) - MAPS
    np.testing.assert_allclose(added[0], added[3], atol=1e-5)
    np.testing.assert_allclose(added[..., 2], 2 * added[..., 1], atol=1e-5)
    fresh = values(layer(MAPS, training=True)) - MAPS
    assert not fresh[..., 0].any() and np.abs(fresh[0] - fresh[1]).max() > 0.1
    assert np.abs(values(layer(MAPS, training=True)) - MAPS - fresh).max() > 0.1


def test_styles_when_sampling():
    """All layers get w, and none the other."""
    layer = Styles(6)
    assert np.array_equal(values(layer([STYLE, -STYLE])), np.repeat(STYLE[:, None], 6, axis=1))


def test_styles_when_training():
    """Nine of ten images take the other style, from any layer on but the first."""
    layer = Styles(6)
    w = np.ones((2000, 5), "float32")
    result = values(layer([w, -w], training=True))
    assert np.allclose(values(layer.mean), 0.005)
    own = (result == 1).all(axis=2).sum(axis=1)
    assert ((result == 1).any(axis=2).sum(axis=1) == own).all()
    assert (result[:, 0] == 1).all() and (
        (np.diff(result[..., 0], axis=1) != 0).sum(axis=1) <= 1
    ).all()
    assert (own == 6).mean() == pytest.approx(0.1, abs=0.03)
    for layers_of_own in range(1, 6):
        assert (own == layers_of_own).mean() == pytest.approx(0.9 / 5, abs=0.04)


def test_other_latents():
    """New ones in every training pass, else the input."""
    layer = ResampleLatents()
    assert np.array_equal(values(layer(STYLE)), STYLE)
    first, second = (values(layer(STYLE, training=True)) for _ in range(2))
    assert np.abs(first - STYLE).max() > 0.1 and np.abs(first - second).max() > 0.1


def test_constant_and_fade():
    """The same maps for every image; alpha 0 gives the old image and 1 the new one."""
    layer = Constant(3)
    assert np.array_equal(values(layer(STYLE)), np.ones((4, 4, 4, 3)))
    fade = FadeIn()
    for alpha, expected in ((0.0, MAPS), (1.0, 3 * MAPS), (0.25, 1.5 * MAPS)):
        if not fade.built:
            fade.build([MAPS.shape, MAPS.shape])
        fade.alpha.assign(alpha)
        np.testing.assert_allclose(values(fade([MAPS, 3 * MAPS])), expected, rtol=1e-6)


def test_saved_and_loaded(tmp_path):
    """A .keras file of all these layers opens in safe mode and gives the same."""
    maps, style = keras.Input((4, 4, 3)), keras.Input((5,))
    x = AdaIN()([AddNoise()(Blur()(EqualizedConv(4)(maps))), style])
    x = FadeIn()([Constant(4, random=True)(style), x])
    w = Styles(2)([style, ResampleLatents()(PixelNorm()(style))])
    x = AdaIN()([x, w[:, 1]])
    x = ModulatedConv(3, 1, demodulate=False, bias=0.0)([x, style])
    x = MinibatchStd()(x)
    model = keras.Model([maps, style], x)
    model.save(tmp_path / "model.keras")
    small = MAPS[:, :4, :4]
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(model.predict([small, STYLE]), again.predict([small, STYLE]))


def test_modulated_doubling():
    """Zeros between pixels, a convolution, and a blur of 1 3 3 1 that keeps the mean.

    Nothing moves by half a pixel. The border is left out: implementations pad differently.
    """
    layer = ModulatedConv(6, double=True, demodulate=False)
    result = values(layer([MAPS, STYLE]))
    style = STYLE @ values(layer.affine.kernel) / np.sqrt(5) + 1
    kernel = values(layer.kernel) / np.sqrt(27)
    spread = np.zeros((4, 17, 17, 6))  # image pixel p lies at 2p + 1, its weights around it
    for y in range(3):
        for x in range(3):
            part = (MAPS * style[:, None, None, :]) @ kernel[2 - y, 2 - x]
            spread[:, y : y + 16 : 2, x : x + 16 : 2][:, :8, :8] += part
    line = np.array([1, 3, 3, 1]) / 4
    padded = np.pad(spread, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = np.zeros((4, 16, 16, 6))
    for y in range(4):
        for x in range(4):
            expected += line[y] * line[x] * padded[:, y : y + 16, x : x + 16]
    inner = slice(2, -2)
    np.testing.assert_allclose(
        result[:, inner, inner], expected[:, inner, inner], rtol=1e-3, atol=1e-4
    )
