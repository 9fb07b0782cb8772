"""IllustrationGAN (T. Russell 2016, told of in ch. 2.3.5 of the Bath thesis).

A DCGAN with two guards against collapse: minibatch discrimination (Salimans et al. 2016, arXiv
1606.03498) shows the discriminator how alike the pictures of a batch are, and a small network reads
the latents back from the generator's dense layers, which can't then forget them. No convolution
has a stride: the generator doubles by bilinear upsampling, the discriminator halves by pooling.
The thesis gives no numbers; those here are the settings of Russell's public code. There the
latents are read in an Adam step of their own, here their error is added to the generator's loss.
"""

from math import log2

import keras
from keras import Model, layers

from anime_gan.networks.architecture import Version, scaled
from anime_gan.networks.layers.register import register


@register()
class MinibatchDiscrimination(layers.Layer):
    """How near to each picture's features the others in its batch are (Salimans 2016, 3.2).

    From (B, F) it makes (B, kernels). For each of the kernels a learnt projection to `rows` numbers
    is compared with those of all others in the batch: the sum of exp(-|difference|_1). A picture's
    nearness to itself, always 1, is left out.
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
            initializer="glorot_uniform",
        )

    def call(self, inputs):
        """Return the nearnesses."""
        x = keras.ops.matmul(inputs, self.projection)
        x = keras.ops.reshape(x, (-1, self.kernels, self.rows))
        distance = keras.ops.sum(keras.ops.abs(x[:, None] - x[None]), axis=3)
        return keras.ops.sum(keras.ops.exp(-distance), axis=1) - 1

    def compute_output_shape(self, shape):
        """Return (B, kernels)."""
        return (shape[0], self.kernels)

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"kernels": self.kernels, "rows": self.rows}


def _normalised(inputs):
    """Return batch-normalised maps."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(inputs)


def generator(resolution=64, channels=3, latent_dim=100, width=1.0):
    """Return the generator: four dense layers to 4x4, then doublings with a convolution after each.

    The last dense layer's output is named "features": it is what the latents are read back from.
    """
    top = scaled(8 * resolution, width)
    latent = x = layers.Input((latent_dim,))
    for _ in range(3):
        x = layers.Dense(scaled(1024, width), activation="relu")(x)
    x = layers.Dense(16 * top, activation="relu", name="features")(x)
    x = layers.Reshape((4, 4, top))(x)
    for size in [2**n for n in range(3, int(log2(resolution)) + 1)]:
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = layers.Conv2D(scaled(64 * resolution // size, width), 5, padding="same")(x)
        x = layers.ReLU()(_normalised(x))
    x = layers.Conv2D(channels, 5, padding="same", activation="tanh", dtype="float32")(x)
    return Model(latent, x, name="generator")


def predictor(generator):
    """Return the generator with a second output: the latents, read back by four dense layers.

    Their error is added to the generator's loss, objective.latent_weight times.
    """
    x = generator.get_layer("features").output
    for _ in range(3):
        x = layers.Dense(generator.layers[1].units, activation="relu")(x)
    guess = layers.Dense(generator.input_shape[1], dtype="float32")(x)
    return Model(generator.input, [generator.output, guess], name="predictor")


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the discriminator: convolutions with a halving after each, then three dense layers."""
    picture = x = layers.Input((resolution, resolution, channels))
    for size in [2**n for n in range(int(log2(resolution)), 2, -1)]:
        first = size == resolution
        x = x if first else layers.Dropout(0.5)(x)
        x = layers.Conv2D(scaled(64 * resolution // size, width), 5, padding="same")(x)
        x = layers.LeakyReLU(0.1)(x if first else _normalised(x))
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten(dtype="float32")(x)
    near = MinibatchDiscrimination(scaled(100, width), 5, dtype="float32")(x)
    for _ in range(2):
        x = layers.LeakyReLU(0.1)(layers.Dense(scaled(1024, width), dtype="float32")(x))
    x = layers.Concatenate(dtype="float32")([x, near])
    return Model(picture, layers.Dense(1, dtype="float32")(x), name="discriminator")


_NETWORK = {"optimizer": "adam", "rate": 2e-4, "beta1": 0.5}

VERSIONS = [
    Version(
        "illustration",
        "Russell 2016 and the Bath thesis, ch. 2.3.5",
        "Minibatch discrimination, and the latents read back, against collapse.",
        generator,
        discriminator,
        {
            "model": {"latent_dim": 100},
            # How long Russell trained is not told: 20,000 steps are ours.
            "training": {
                "steps": 20_000,
                "batch_size": 32,
                "label_noise": 0.0,
                "passes": "apart",
            },
            "data": {"x_flip": True},
            "objective": {"name": "non_saturating", "latent_weight": 1.0},
            "generator": _NETWORK,
            "discriminator": _NETWORK,
        },
        predictor=predictor,
    ),
]
