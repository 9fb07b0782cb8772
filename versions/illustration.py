"""IllustrationGAN (Russell, as ch. 2.3.5 of the Bath thesis tells of it).

A DCGAN with two guards against collapse: minibatch discrimination (Salimans et al. 2016, arXiv
1606.03498) shows the discriminator how alike the pictures of a batch are, and a small network reads
the latent back from the generator's dense layers, which can't then forget it. Every doubling and
halving is followed by a convolution of stride 1, and there are more dense layers than in a DCGAN.
What the thesis leaves open (filters, rates, sizes of the dense layers) is our reconstruction.
"""

from math import log2

import keras
from keras import Model, layers

from versions.version import Version, scaled


@keras.saving.register_keras_serializable("anime_gan")
class MinibatchDiscrimination(layers.Layer):
    """Adds to each picture's features how near the others in its batch are (Salimans 2016, 3.2).

    From (B, F) it makes (B, F + kernels). For each of the kernels a learnt projection to `rows`
    numbers is compared with those of all others in the batch: the sum of exp(-|difference|_1).
    A picture's nearness to itself, always 1, is left out.
    """

    mixes_batch = True

    def __init__(self, kernels: int, rows: int, **options):
        super().__init__(**options)
        self.kernels, self.rows = kernels, rows

    def build(self, shape):
        """Add the projection."""
        self.projection = self.add_weight(
            name="projection",
            shape=(shape[-1], self.kernels * self.rows),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, inputs):
        """Return features and nearnesses side by side."""
        x = keras.ops.matmul(inputs, self.projection)
        x = keras.ops.reshape(x, (-1, self.kernels, self.rows))
        distance = keras.ops.sum(keras.ops.abs(x[:, None] - x[None]), axis=3)
        near = keras.ops.sum(keras.ops.exp(-distance), axis=1) - 1
        return keras.ops.concatenate([inputs, keras.ops.cast(near, inputs.dtype)], axis=1)

    def compute_output_shape(self, shape):
        """Return (B, F + kernels)."""
        return (shape[0], shape[1] + self.kernels)

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"kernels": self.kernels, "rows": self.rows}


def _normalised(inputs):
    """Return batch-normalised maps or features."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(inputs)


def generator(resolution=64, channels=3, latent_dim=100, width=1.0):
    """Return the generator: two dense layers to 4x4, then doublings with a convolution after each.

    The second dense layer's output is named "features": it is what the latents are read back from.
    """
    latent = layers.Input((latent_dim,))
    x = layers.ReLU()(layers.Dense(scaled(1024, width))(latent))
    x = layers.ReLU(name="features")(layers.Dense(scaled(512, width) * 16)(x))
    x = layers.Reshape((4, 4, scaled(512, width)))(x)
    for size in [2**n for n in range(3, int(log2(resolution)) + 1)]:
        filters = scaled(min(512, 2048 // size), width)
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(_normalised(x))
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(_normalised(x))
    x = layers.Conv2D(channels, 3, padding="same", activation="tanh", dtype="float32")(x)
    return Model(latent, x, name="generator")


def predictor(generator):
    """Return the generator with a second output: the latents, read back by two dense layers.

    Their error is added to the generator's loss, objective.latent_weight times.
    """
    features = generator.get_layer("features").output
    latent_dim = generator.input_shape[1]
    x = layers.LeakyReLU(0.2)(layers.Dense(2 * latent_dim)(features))
    guess = layers.Dense(latent_dim, dtype="float32")(x)
    return Model(generator.input, [generator.output, guess], name="predictor")


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator: halvings with a convolution after each, then two dense layers."""
    picture = layers.Input((resolution, resolution, channels))
    x = picture
    for size in [2**n for n in range(int(log2(resolution)) - 1, 1, -1)]:
        filters = scaled(min(512, 2048 // size), width)
        for strides in (2, 1):
            x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.LeakyReLU(0.2)(_normalised(x) if x.shape[1] < resolution // 2 else x)
    x = layers.Flatten(dtype="float32")(x)
    x = layers.LeakyReLU(0.2)(layers.Dense(scaled(512, width), dtype="float32")(x))
    x = MinibatchDiscrimination(scaled(64, width), 8, dtype="float32")(x)
    x = layers.Dense(1, activation="sigmoid", dtype="float32")(x)
    return Model(picture, x, name="discriminator")


_NETWORK = {"optimizer": "adam", "rate": 2e-4, "beta1": 0.5}

VERSIONS = [
    Version(
        "illustration",
        "the Bath thesis, ch. 2.3.5",
        "Minibatch discrimination, and the latents read back, against collapse.",
        generator,
        discriminator,
        {
            "model": {"latent_dim": 100},
            "training": {
                "steps": 20_000,
                "batch_size": 64,
                "label_noise": 0.0,
                "passes": "apart",
            },
            "objective": {"name": "cross_entropy", "latent_weight": 1.0},
            "generator": _NETWORK,
            "discriminator": _NETWORK,
        },
        predictor=predictor,
    ),
]
