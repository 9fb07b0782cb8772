"""The DCGANs after Radford et al. 2016 (arXiv 1511.06434) that the collection's documents train.

All are one plan: transposed convolutions from 1x1 to 4x4 and then doubling, with batch
normalisation; a mirrored discriminator of strided convolutions. Weights begin normal with a
standard deviation of 0.02, as in the paper. The documents differ in kernels, activations and in how
they train.
"""

from functools import partial
from math import log2

from keras import Model, initializers, layers

from anime_gan.networks.architecture import Version, scaled


def _start():
    """Return the paper's initial weights."""
    return initializers.RandomNormal(stddev=0.02)


def filters_at(size: int, width: float) -> int:
    """Return the filters at size x size: 512 at 4x4, halved with every doubling, 64 at 32x32."""
    return scaled(min(512, 2048 // size), width)


def _normalised(inputs):
    """Return batch-normalised maps; 0.9 of the old statistics are kept at each pass."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(inputs)


def _transposed(inputs, filters, kernel, **options):
    """Return maps doubled by a transposed convolution."""
    return layers.Conv2DTranspose(
        filters, kernel, strides=2, padding="same", kernel_initializer=_start(), **options
    )(inputs)


def _resized(inputs, filters, kernel, **options):
    """Return maps doubled by repeating pixels, then convolved (Odena et al. 2016, Distill)."""
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=_start(), **options)(
        layers.UpSampling2D(2)(inputs)
    )


def generator(
    resolution=64,
    channels=3,
    latent_dim=100,
    width=1.0,
    kernel=4,
    double=_transposed,
    activation=layers.ReLU,
):
    """Return the generator: log2(resolution) - 1 blocks, five at 64x64.

    kernel: of the doublings. One that the stride of 2 does not divide overlaps unevenly and leaves
        a checkerboard. double: what doubles the maps. activation: a layer's class.
    """
    latent = layers.Input((latent_dim,))
    x = layers.Reshape((1, 1, latent_dim))(latent)
    x = layers.Conv2DTranspose(
        filters_at(4, width), 4, kernel_initializer=_start(), use_bias=False
    )(x)
    for size in [2**n for n in range(3, int(log2(resolution)))]:
        x = activation()(_normalised(x))
        x = double(x, filters_at(size, width), kernel, use_bias=False)
    x = activation()(_normalised(x))
    x = double(x, channels, kernel, dtype="float32", activation="tanh")
    return Model(latent, x, name="generator")


def discriminator(
    resolution=64, channels=3, width=1.0, normalise=_normalised, activation="sigmoid", kernel=4
):
    """Return the mirror: strided convolutions, leaky ReLUs of slope 0.2, and one 4x4 at the end.

    normalise: what is done to the maps of all but the first convolution. activation: the head's;
        without one, the head has no bias either, which no difference of scores would depend on.
    """
    picture = layers.Input((resolution, resolution, channels))
    x = picture
    for size in [2**n for n in range(int(log2(resolution)) - 1, 1, -1)]:
        x = layers.Conv2D(
            filters_at(size, width),
            kernel,
            strides=2,
            padding="same",
            kernel_initializer=_start(),
            use_bias=size == resolution // 2,
        )(x)
        if size < resolution // 2:  # never right after the input, the paper says
            x = normalise(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten(dtype="float32")(x)
    x = layers.Dense(
        1,
        kernel_initializer=_start(),
        activation=activation,
        use_bias=activation is not None,
        dtype="float32",
    )(x)
    return Model(picture, x, name="discriminator")


def _recipe(batch_size, steps, rates, passes="apart") -> dict:
    """Return a recipe with Adam, beta1 0.5, for rates (generator's, discriminator's)."""
    generator, discriminator = ({"optimizer": "adam", "rate": rate, "beta1": 0.5} for rate in rates)
    return {
        "model": {"latent_dim": 100},
        "training": {
            "steps": steps,
            "batch_size": batch_size,
            "label_noise": 0.0,
            "passes": passes,
        },
        "objective": {"name": "cross_entropy"},
        "generator": generator,
        "discriminator": discriminator,
    }


# 70 epochs of about 2,000 pictures in batches of 128.
_DCGAN = _recipe(128, 1_100, (1e-4, 4e-4))

VERSIONS = [
    Version(
        "oulu",
        "Shaik, University of Oulu",
        "Five transposed convolutions; real and fake apart, bilinear pictures.",
        generator,
        discriminator,
        # 40 epochs of 36,740 pictures. The paper leaves batch, rate and latents open; these are
        # Radford's.
        _recipe(128, 11_480, (2e-4, 2e-4)) | {"data": {"resize": "bilinear"}},
    ),
    Version(
        "dcgan",
        "the DCGAN repository's text",
        "Two rates; its 5x5 kernels leave the checkerboard that its text complains of.",
        partial(generator, kernel=5),
        partial(discriminator, kernel=5),
        _DCGAN,
    ),
    Version(
        "dcgan_even",
        "the same, its cure for the checkerboard",
        "4x4 kernels, which the stride of 2 divides.",
        generator,
        partial(discriminator, kernel=5),
        _DCGAN,
    ),
    Version(
        "dcgan_resize",
        "the same, after Odena et al. 2016",
        "Repeats pixels and convolves: no checkerboard at any kernel.",
        partial(generator, double=_resized),
        partial(discriminator, kernel=5),
        _DCGAN,
    ),
    Version(
        "blog",
        "the Keras blog post",
        "Leaky ReLUs in the generator too; an update on real pictures, then one on fakes.",
        partial(generator, activation=partial(layers.LeakyReLU, 0.2)),
        discriminator,
        # It says 10,000 steps; batch and rates are Radford's.
        _recipe(128, 10_000, (2e-4, 2e-4), "in_turn"),
    ),
]
