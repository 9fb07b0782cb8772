"""StyleGAN and StyleGAN2: the papers' networks, in shapes and numbers of weights."""

import keras
import numpy as np
import pytest

from anime_gan.networks import stylegan, stylegan2

# What the authors' programs print at 1024x1024, generator and discriminator.
ORIGINALS = {stylegan: (26_219_627, 23_087_249), stylegan2: (30_370_060, 29_012_513)}


def trainable(model) -> int:
    """The number of trainable weights, which is what the authors' programs print."""
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def filters(family, size: int) -> int:
    """The papers' table: 512 up to 32x32 (64x64 in StyleGAN2), then half with each doubling."""
    largest = {stylegan: 32, stylegan2: 64}[family]
    return 512 * largest // max(size, largest)


def weights_of_size(family, size: int) -> tuple[int, int]:
    """The weights of the two convolutions of a size above 4x4: generator's, discriminator's.

    Counted from the figures of both papers, without the layers to and from images.
    """
    inner, outer = filters(family, size // 2), filters(family, size)
    discriminator = 9 * outer * outer + outer + 9 * outer * inner + inner
    generator = 9 * inner * outer + outer + 9 * outer * outer + outer
    if family is stylegan:
        generator += 2 * (outer + 513 * 2 * outer)  # noise strengths; a style is two numbers a map
    else:
        generator += 2 + 513 * (
            inner + outer
        )  # a strength a layer; a style is a factor an input map
        discriminator += outer * inner  # the shortcut
    return generator, discriminator


def weights_of_images(family, size: int) -> tuple[int, int]:
    """The weights of the layers to and from images of a size."""
    count = filters(family, size)
    style = 513 * count if family is stylegan2 else 0
    return 3 * count + 3 + style, 3 * count + count


@pytest.mark.parametrize("resolution", [64, 256, 512, 1024])
@pytest.mark.parametrize("family", [stylegan, stylegan2])
def test_networks_have_the_papers_weights(family, resolution):
    """The originals at 1024x1024, less the layers of larger sizes.

    StyleGAN's hold layers to and from images of every size, ours those of a resolution and of half
    of it. StyleGAN2's generator has all of them, its discriminator only the largest.
    """
    counts = [trainable(f(resolution)) for f in (family.generator, family.discriminator)]
    expected = list(ORIGINALS[family])
    for size in stylegan.sizes_to(1024):
        if size > resolution:
            expected = [
                e - count for e, count in zip(expected, weights_of_size(family, size), strict=True)
            ]
        to_image, from_image = weights_of_images(family, size)
        if family is stylegan:
            left_out = size not in (resolution, resolution // 2)
            expected = [expected[0] - left_out * to_image, expected[1] - left_out * from_image]
        else:
            expected[0] -= (size > resolution) * to_image
            expected[1] += ((size == resolution) - (size == 1024)) * from_image
    assert counts == expected


@pytest.mark.parametrize("family", [stylegan, stylegan2])
def test_maps_have_the_papers_shapes(family):
    """At 512x512, the maps of each size in both networks are as many as the tables say."""
    synthesis = family.generator(512).get_layer("synthesis")
    discriminator = family.discriminator(512)
    for size in stylegan.sizes_to(512)[1:]:
        for half in (0, 1):
            layer = synthesis.get_layer(f"b{size}_{half}")
            assert layer.output.shape == (None, size, size, filters(family, size))
        halved = discriminator.get_layer(f"b{size}_1").output.shape
        assert halved == (None, size // 2, size // 2, filters(family, size // 2))
    assert synthesis.input_shape == (None, 16, 512)  # two styles a size
    assert synthesis.output_shape == (None, 512, 512, 3)
    assert discriminator.get_layer("deviation").output.shape == (None, 4, 4, 513)
    assert discriminator.output_shape == (None, 1)


@pytest.mark.parametrize("family", [stylegan, stylegan2])
def test_any_resolution_down_to_four(family):
    """Growing may begin as small as the constant itself."""
    for resolution in (4, 8):
        generator = family.generator(resolution, 3, 8, 0.01)
        assert generator.output_shape == (None, resolution, resolution, 3)
        scores = family.discriminator(resolution, 3, 0.01)(generator(np.zeros((4, 8))))
        assert scores.shape == (4, 1)


@pytest.mark.parametrize("family", [stylegan, stylegan2])
def test_maps_keep_their_scale_through_the_layers(family):
    """With equalized rates and demodulation no map is far from unit deviation at first."""
    synthesis = family.generator(64, 3, 32, 0.05).get_layer("synthesis")
    names = [f"b{size}_{half}" for size in (16, 32, 64) for half in (0, 1)]
    outputs = [synthesis.get_layer(name).output for name in names]
    w = np.random.default_rng(0).normal(size=(8, synthesis.input_shape[1], 32)).astype("float32")
    for maps in keras.Model(synthesis.input, outputs).predict_on_batch(w):
        assert 0.2 < maps.std() < 5
