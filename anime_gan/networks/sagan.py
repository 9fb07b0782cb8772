"""SAGAN (Zhang et al. 2019, "Self-attention generative adversarial networks", arXiv 1805.08318),
without its classes.

Attention lets a face's two eyes know of each other, however few layers lie between them. Spectral
normalisation, in both networks, is the recipe's and done by training/spectral.py.
"""

from math import log2

from keras import Model, layers

from anime_gan.networks.architecture import Version, scaled
from anime_gan.networks.layers.register import register


@register()
class LearntScale(layers.Layer):
    """Its input times one learnt number that begins at 0: the paper's gamma (eq. 3)."""

    def build(self, shape):
        """Add the number."""
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def call(self, inputs):
        """Return the product."""
        return inputs * self.gamma


def attention(inputs):
    """Return maps (B, H, W, C) plus gamma times what every place takes from all others.

    Keys and queries have C / 8 filters. As in the authors' code, keys and values are taken from
    2x2 pools, which makes the map of weights a quarter of its size, and values have C / 2 filters.
    """
    _, height, width, filters = inputs.shape
    places, pooled = height * width, height * width // 4
    few, half = max(1, filters // 8), max(1, filters // 2)

    def seen(filters, pool):
        x = layers.Conv2D(filters, 1, use_bias=False)(inputs)
        if pool:
            x = layers.MaxPooling2D(2)(x)
        return layers.Reshape((pooled if pool else places, filters))(x)

    weights = layers.Softmax()(layers.Dot(2)([seen(few, False), seen(few, True)]))
    x = layers.Dot((2, 1))([weights, seen(half, True)])
    x = layers.Conv2D(filters, 1, use_bias=False)(layers.Reshape((height, width, half))(x))
    return layers.Add()([inputs, LearntScale()(x)])


def generator(resolution=64, channels=3, latent_dim=128, width=1.0):
    """Return the generator: residual doublings from 4x4, attention at 32x32."""
    latent = layers.Input((latent_dim,))
    x = layers.Dense(scaled(1024, width) * 16)(latent)
    x = layers.Reshape((4, 4, scaled(1024, width)))(x)
    for size in [2**n for n in range(3, int(log2(resolution)) + 1)]:
        filters = scaled(min(1024, 4096 // size), width)
        y = layers.ReLU()(_normalised(x))
        y = layers.Conv2D(filters, 3, padding="same")(layers.UpSampling2D(2)(y))
        y = layers.Conv2D(filters, 3, padding="same")(layers.ReLU()(_normalised(y)))
        # A 1x1 convolution and a repetition of pixels give the same in either order.
        x = layers.Add()([y, layers.UpSampling2D(2)(layers.Conv2D(filters, 1)(x))])
        if size == 32:
            x = attention(x)
    x = layers.ReLU()(_normalised(x))
    x = layers.Conv2D(channels, 3, padding="same", activation="tanh", dtype="float32")(x)
    return Model(latent, x, name="generator")


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator: residual halvings to 4x4, attention at 32x32, then a sum."""
    picture = layers.Input((resolution, resolution, channels))
    x = picture
    for size in [2**n for n in range(int(log2(resolution)) - 1, 1, -1)]:
        filters = scaled(min(1024, 2048 // size), width)
        y = x if size == resolution // 2 else layers.ReLU()(x)
        y = layers.ReLU()(layers.Conv2D(filters, 3, padding="same")(y))
        y = layers.AveragePooling2D(2)(layers.Conv2D(filters, 3, padding="same")(y))
        # The mean of 2x2 pixels and a 1x1 convolution give the same in either order.
        x = layers.Add()([y, layers.Conv2D(filters, 1)(layers.AveragePooling2D(2)(x))])
        if size == min(32, resolution // 2):
            x = attention(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    # The paper sums over the 4x4 places; the mean is a sixteenth of that.
    x = layers.Rescaling(16.0)(x)
    return Model(picture, layers.Dense(1, dtype="float32")(x), name="discriminator")


def _normalised(inputs):
    """Return batch-normalised maps."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(inputs)


def _network(rate: float) -> dict:
    """Return one network's part of the recipe."""
    return {
        "optimizer": "adam",
        "rate": rate,
        "beta1": 0.0,
        "beta2": 0.9,
        "spectral_norm": True,
    }


VERSIONS = [
    Version(
        "sagan",
        "Zhang et al. 2019",
        "Self-attention, spectral normalisation in both networks, hinge loss, two rates.",
        generator,
        discriminator,
        {
            "model": {"latent_dim": 128},
            "training": {"steps": 50_000, "batch_size": 64, "label_noise": 0.0},
            "objective": {"name": "hinge"},
            "generator": _network(1e-4),
            "discriminator": _network(4e-4),
        },
    ),
]
