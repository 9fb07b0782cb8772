"""ProGAN (Karras et al. 2017, arXiv 1710.10196): progressive growing from 4x4.

The generator normalizes each pixel of its maps to unit length, all weights are scaled at run time
(equalized learning rate), and the discriminator sees the deviation within the batch. The loss is
WGAN-GP's with a small term that keeps the scores of real images near 0. The networks here are those
of one resolution.

Deviations from the paper:
1. Networks hold layers to and from images of their own resolution and half of it, not of all.
2. Halving averages before the bias and the activation, as in the authors' later program.
3. Adam's epsilon is Keras's, 1e-7, not 1e-8.
4. The average of the generator's weights follows the first steps more closely (training.ema_ramp).
"""

from functools import partial

from keras import Model, layers

from anime_gan.networks import stylegan
from anime_gan.networks.architecture import sizes_to
from anime_gan.networks.layers.equalized import EqualizedConv
from anime_gan.networks.layers.fade import FadeIn
from anime_gan.networks.layers.style import PixelNorm
from anime_gan.networks.stylegan import filters_at, leaky


def generator(resolution=64, channels=3, latent_dim=512, width=1.0):
    """Return the generator of one resolution."""

    def normal(x, name):
        return PixelNorm(name=f"{name}_norm")(leaky(x))

    def rgb(x, size):
        return EqualizedConv(channels, 1, gain=1.0, name=f"b{size}_rgb", dtype="float32")(x)

    latent = layers.Input((latent_dim,))
    x = layers.Reshape((1, 1, latent_dim))(PixelNorm(name="sphere")(latent))
    # With the latent at one pixel of a 4x4 map, a 4x4 kernel reaches each pixel with one weight:
    # the paper's first layer, a 4x4 convolution of the latent alone.
    x = layers.ZeroPadding2D(((2, 1), (2, 1)))(x)
    before = None
    for size in sizes_to(resolution):
        filters = filters_at(size, width)
        if size == 4:
            conv = EqualizedConv(filters, 4, name="b4_0")
        else:
            before = x
            conv = EqualizedConv(filters, resample="double", name=f"b{size}_0")
        x = normal(conv(x), f"b{size}_0")
        x = normal(EqualizedConv(filters, name=f"b{size}_1")(x), f"b{size}_1")
    image = rgb(x, resolution)
    if before is not None:
        old = layers.UpSampling2D(2, dtype="float32")(rgb(before, resolution // 2))
        image = FadeIn(name="fade", dtype="float32")([old, image])
    return Model(latent, image, name="generator")


# StyleGAN's without its blur; the deviation is that of the whole batch.
discriminator = partial(stylegan.discriminator, blurred=False, group=None)

NETWORKS = {"progan": (generator, discriminator)}
