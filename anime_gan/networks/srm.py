"""The five versions of the SRM report (Mahesh and Tyagi, 2021).

v5 is the report's own code (Figs. 8, 11 and 13). Of v1 to v4 the report has only a note and an
image each (ch. 8.2), so these four are reconstructed: each note names a defect and a
solution. The version has the defect, and the next one the solution.

The score of an image is the probability that it is *generated* (Fig. 15); the loss is binary
cross-entropy.
"""

from functools import partial

from keras import Model, layers

from anime_gan.networks.architecture import scaled


def _dense(inputs, units):
    return layers.LeakyReLU()(layers.Dense(units)(inputs))


def _conv(inputs, filters, kernel, **options):
    return layers.LeakyReLU()(layers.Conv2D(filters, kernel, **options)(inputs))


def _up(inputs, filters):
    """Double height and width by a transposed convolution, and apply a leaky ReLU."""
    upsample = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")
    return layers.LeakyReLU()(upsample(inputs))


def _image(inputs, channels, kernel):
    """Apply the last convolution, to (B, H, W, channels) in [-1, 1], always in float32."""
    return layers.Conv2D(
        channels, kernel, activation="tanh", padding="same", dtype="float32", name="picture"
    )(inputs)


def _score(inputs):
    """Return the probability of being generated, (B, 1), always in float32."""
    return layers.Dense(1, activation="sigmoid", dtype="float32", name="score")(inputs)


def v1_generator(resolution=64, channels=3, latent_dim=100, width=1.0):
    """Return a generator of dense layers only, the "basic GAN" that ch. 5 starts from."""
    latent = layers.Input((latent_dim,))
    x = _dense(latent, scaled(256, width))
    x = _dense(x, scaled(512, width))
    x = layers.Dense(resolution * resolution * channels, dtype="float32")(x)
    x = layers.Reshape((resolution, resolution, channels), dtype="float32")(x)
    return Model(latent, layers.Activation("tanh", dtype="float32")(x), name="generator")


def v1_discriminator(resolution=64, channels=3, width=1.0):
    """Return a discriminator of dense layers only."""
    image = layers.Input((resolution, resolution, channels))
    x = layers.Flatten()(image)
    x = _dense(x, scaled(512, width))
    x = _dense(x, scaled(256, width))
    return Model(image, _score(x), name="discriminator")


def v2_generator(
    resolution=64, channels=3, latent_dim=100, width=1.0, filters=64, last_convolution=False
):
    """Return a first convolutional generator: resolution / 8 doubled three times.

    v3's has twice the filters and a convolution after the last doubling.
    """
    base, filters = resolution // 8, scaled(filters, width)
    latent = layers.Input((latent_dim,))
    x = _dense(latent, filters * base * base)
    x = layers.Reshape((base, base, filters))(x)
    for _ in range(3):
        x = _up(x, filters)
    if last_convolution:
        x = _conv(x, filters, 5, padding="same")
    return Model(latent, _image(x, channels, 5), name="generator")


def v2_discriminator(resolution=64, channels=3, width=1.0):
    """Return a discriminator of two strided convolutions, no dropout yet."""
    image = layers.Input((resolution, resolution, channels))
    x = _conv(image, scaled(64, width), 4, strides=2)
    x = _conv(x, scaled(64, width), 4, strides=2)
    return Model(image, _score(layers.Flatten()(x)), name="discriminator")


def v5_generator(
    resolution=64, channels=3, latent_dim=100, width=1.0, filters=256, last=2, last_kernel=7
):
    """Return the generator of Fig. 11: 18,421,507 parameters at width 1 and 64x64x3.

    v4's has half the filters, one convolution in place of the `last` two, and a 5x5 last kernel.
    """
    base, first = resolution // 2, scaled(filters // 2, width)
    filters = scaled(filters, width)
    latent = layers.Input((latent_dim,))
    x = _dense(latent, first * base * base)
    x = layers.Reshape((base, base, first))(x)
    x = _conv(x, filters, 5, padding="same")
    x = _up(x, filters)
    for _ in range(last):
        x = _conv(x, filters, 5, padding="same")
    return Model(latent, _image(x, channels, last_kernel), name="generator")


def v5_discriminator(resolution=64, channels=3, width=1.0, first_convolution=True):
    """Return the discriminator of Fig. 8: 795,009 parameters at width 1 and 64x64x3.

    Its code has a 3x3 convolution before the three 4x4 convolutions with stride 2 of the text
    (6.2.1a). No kernel is padded, so the size goes from 64 to 62, 30, 14 and 6, and Flatten has
    6 * 6 * 128 = 4,608 outputs. v4's discriminator is the text's.
    """
    image = x = layers.Input((resolution, resolution, channels))
    if first_convolution:
        x = _conv(x, scaled(128, width), 3)
    for _ in range(3):
        x = _conv(x, scaled(128, width), 4, strides=2)
    x = layers.Dropout(0.4)(layers.Flatten()(x))
    return Model(image, _score(x), name="discriminator")


NETWORKS = {
    "v1": (v1_generator, v1_discriminator),
    "v2": (v2_generator, v2_discriminator),
    "v3": (partial(v2_generator, filters=128, last_convolution=True), v2_discriminator),
    "v4": (
        partial(v5_generator, filters=128, last=1, last_kernel=5),
        partial(v5_discriminator, first_convolution=False),
    ),
    "v5": (v5_generator, v5_discriminator),
}
