"""StyleGAN (Karras et al. 2018, arXiv 1812.04948).

A mapping network turns latents into styles w; styles and noise, not the latents, control the layers
of a synthesis network that begins with a learned constant. Both networks grow (Karras et al. 2017,
arXiv 1710.10196): they begin at a small resolution, and each doubling is faded in. The networks
here are those of one resolution.

Deviations from the paper:
1. R1 is computed every 16 steps, as in StyleGAN2, and added to that step's loss.
2. Networks hold layers to and from images of their own resolution and half of it, not of all.
3. Biases are added before the blur, not after it: a difference only at the border of an image.
4. Adam's epsilon is Keras's, 1e-7, not 1e-8.
"""

from functools import partial

from keras import Model, layers

from anime_gan.networks.architecture import sizes_to
from anime_gan.networks.layers.equalized import EqualizedConv, EqualizedDense
from anime_gan.networks.layers.fade import FadeIn
from anime_gan.networks.layers.minibatch import MinibatchStd
from anime_gan.networks.layers.resampling import Blur
from anime_gan.networks.layers.style import (
    AdaIN,
    AddNoise,
    Constant,
    PixelNorm,
    ResampleLatents,
    Styles,
)

MOST_FILTERS, FILTERS = 512, 16_384  # the paper's: 512 to 32x32, then half as many each doubling
MAPPING_LAYERS, MAPPING_RATE = 8, 0.01


def filters_at(size: int, width: float, filters: int = FILTERS) -> int:
    """Return the filters at size x size; a smaller width takes them from the large sizes first."""
    return max(1, min(MOST_FILTERS, round(filters * width / size)))


def leaky(x):
    """Apply the leaky ReLU of both networks."""
    return layers.LeakyReLU(0.2)(x)


def mapping(latent_dim: int) -> Model:
    """Return the network from latents (B, latent_dim) to styles w of the same shape."""
    latent = layers.Input((latent_dim,))
    x = PixelNorm(name="sphere")(latent)
    for number in range(MAPPING_LAYERS):
        x = leaky(EqualizedDense(latent_dim, rate=MAPPING_RATE, name=f"dense{number}")(x))
    return Model(latent, x, name="mapping")


def style_based(synthesis, resolution=64, channels=3, latent_dim=512, width=1.0) -> Model:
    """Return the generator that maps latents (B, latent_dim) to styles for a synthesis network.

    Figures and projection use its layers "mapping", "styles" and "synthesis".
    """
    network = synthesis(resolution, channels, latent_dim, width)
    latent = layers.Input((latent_dim,))
    to_w = mapping(latent_dim)
    other = to_w(ResampleLatents(name="other")(latent))
    w = Styles(network.input_shape[1], name="styles")([to_w(latent), other])
    return Model(latent, network(w), name="generator")


def synthesis(resolution: int, channels: int, latent_dim: int, width: float) -> Model:
    """Return the network from styles (B, 2 log2(resolution) - 2, latent_dim) to images."""
    w = layers.Input((2 * len(sizes_to(resolution)), latent_dim))
    x = before = None
    for number, size in enumerate(sizes_to(resolution)):
        filters = filters_at(size, width)
        for half in (0, 1):
            name = f"b{size}_{half}"
            if half:
                x = EqualizedConv(filters, name=name)(x)
            elif size == 4:
                x = Constant(filters, name=name)(w)
            else:
                before = x
                x = EqualizedConv(filters, resample="double", name=name)(x)
                x = Blur(name=f"{name}_blur")(x)
            x = leaky(AddNoise(name=f"{name}_noise")(x))
            x = AdaIN(name=f"{name}_style")([x, w[:, 2 * number + half]])

    def rgb(x, size):
        return EqualizedConv(channels, 1, gain=1.0, name=f"b{size}_rgb", dtype="float32")(x)

    image = rgb(x, resolution)
    if before is not None:
        old = layers.UpSampling2D(2, dtype="float32")(rgb(before, resolution // 2))
        image = FadeIn(name="fade", dtype="float32")([old, image])
    return Model(w, image, name="synthesis")


generator = partial(style_based, synthesis)


def discriminator(resolution=64, channels=3, width=1.0, blurred=True, group=4):
    """Return the discriminator of one resolution, the generator's mirror.

    blurred: filter maps before they are halved. group: of the minibatch deviation.
    """
    image = layers.Input((resolution, resolution, channels))

    def from_rgb(x, size):
        return leaky(EqualizedConv(filters_at(size, width), 1, name=f"b{size}_rgb")(x))

    x = from_rgb(image, resolution)
    for size in reversed(sizes_to(resolution)[1:]):
        x = leaky(EqualizedConv(filters_at(size, width), name=f"b{size}_0")(x))
        if blurred:
            x = Blur(name=f"b{size}_blur")(x)
        filters = filters_at(size // 2, width)
        x = leaky(EqualizedConv(filters, resample="halve", name=f"b{size}_1")(x))
        if size == resolution:
            old = from_rgb(layers.AveragePooling2D(2)(image), size // 2)
            x = FadeIn(name="fade")([old, x])
    return Model(image, score(x, filters_at(4, width), group), name="discriminator")


def score(x, filters: int, group: int | None = 4):
    """Return the scores (B, 1) of maps (B, 4, 4, C); the minibatch deviation is appended first."""
    x = MinibatchStd(group, name="deviation")(x)
    x = leaky(EqualizedConv(filters, name="b4_0")(x))
    x = leaky(EqualizedDense(filters, name="b4_1")(layers.Flatten()(x)))
    return EqualizedDense(1, gain=1.0, name="score", dtype="float32")(x)


NETWORKS = {"stylegan": (generator, discriminator)}
