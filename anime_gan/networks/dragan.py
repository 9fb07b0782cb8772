"""The DRAGAN of Jin et al. 2017 ("Towards the automatic anime characters creation with GANs",
arXiv 1708.05509), the model that the SRM report names as its base.

The generator is SRResNet's (Ledig et al. 2017, arXiv 1609.04802): sixteen residual blocks at 16x16,
then doublings by pixel shuffle. The discriminator has residual blocks and no normalization, since
the DRAGAN penalty (Kodali et al. 2017, arXiv 1705.07215) is on single images.

Deviations from the paper:
1. Tags are optional (model.labels). They are words of a few attributes, one of each, where the
   paper has 34 tags that an image has or has not; the discriminator's second output reads them, as
   there.
2. A resolution below its 128x128 leaves out the last doublings of the generator and the last stages
   of the discriminator, so that 4x4 are left before the last layer.
"""

from keras import Model, layers

from anime_gan.networks.architecture import scaled, sizes_to
from anime_gan.networks.dcgan import batch_norm

BASE, BLOCKS = 16, 16


def pixel_shuffle(maps):
    """Turn filters into pixels (Shi et al. 2016): (B, H, W, 4C) to (B, 2H, 2W, C)."""
    _, height, width, filters = maps.shape
    x = layers.Reshape((height, width, 2, 2, filters // 4))(maps)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((2 * height, 2 * width, filters // 4))(x)


def generator(resolution=64, channels=3, latent_dim=128, width=1.0):
    """Return the generator: dense to 16x16, residual blocks and a long skip, pixel shuffles."""
    filters = scaled(64, width)
    latent = layers.Input((latent_dim,))
    x = layers.Dense(filters * BASE * BASE, use_bias=False)(latent)
    x = layers.Reshape((BASE, BASE, filters))(x)
    first = x = layers.ReLU()(batch_norm(x))
    for _ in range(BLOCKS):
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        y = layers.ReLU()(batch_norm(y))
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
        x = layers.Add()([x, batch_norm(y)])
    x = layers.Add()([first, layers.ReLU()(batch_norm(x))])
    for size in sizes_to(resolution):
        if size > BASE:
            x = layers.Conv2D(4 * filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(batch_norm(pixel_shuffle(x)))
    x = layers.Conv2D(channels, 9, padding="same", activation="tanh", dtype="float32")(x)
    return Model(latent, x, name="generator")


def _residual(inputs):
    """Return the input plus two 3x3 convolutions of it."""
    filters = inputs.shape[-1]
    y = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 3, padding="same")(inputs))
    y = layers.Conv2D(filters, 3, padding="same")(y)
    return layers.LeakyReLU(0.2)(layers.Add()([inputs, y]))


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator: strided convolutions with two residual blocks between each two.

    The filters are 32 at half of the resolution and double with each halving, up to 1,024.
    """
    image = layers.Input((resolution, resolution, channels))
    filters = 32
    x = layers.Conv2D(scaled(filters, width), 4, strides=2, padding="same")(image)
    x = layers.LeakyReLU(0.2)(x)
    while x.shape[1] > 4:
        x = _residual(_residual(x))
        filters = min(1024, 2 * filters)
        kernel = 4 if filters <= 128 else 3
        x = layers.Conv2D(scaled(filters, width), kernel, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
    return Model(image, x, name="discriminator")


NETWORKS = {"dragan": (generator, discriminator)}
