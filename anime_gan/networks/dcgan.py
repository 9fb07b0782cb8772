"""DCGAN (Radford et al. 2016, arXiv 1511.06434), in five versions from three sources.

The generator has transposed convolutions, from 1x1 to 4x4 and then doubling, with batch
normalization. The discriminator mirrors it with strided convolutions. Weights begin normal with a
standard deviation of 0.02. The versions differ in kernels, activations and training.

Deviations from the paper:
1. 512 filters at 4x4, not 1,024.
2. Kernels of 4x4, not 5x5, except where a version says so.
"""

from functools import partial

from keras import Model, initializers, layers

from anime_gan.networks.architecture import scaled, sizes_to

_initial = partial(initializers.RandomNormal, stddev=0.02)


def batch_norm(maps, momentum=0.9):
    """Batch-normalize maps (B, H, W, C)."""
    return layers.BatchNormalization(momentum=momentum, epsilon=1e-5)(maps)


def filters_at(size: int, width: float) -> int:
    """Return the filters at size x size: 512 at 4x4, halved with every doubling, 64 at 32x32."""
    return scaled(min(512, 2048 // size), width)


def conv_transpose(inputs, filters, kernel=4, **options):
    """Double maps by a transposed convolution.

    A kernel size that is no multiple of the stride of 2 overlaps unevenly: a checkerboard.
    """
    return layers.Conv2DTranspose(
        filters, kernel, strides=2, padding="same", kernel_initializer=_initial(), **options
    )(inputs)


def resize_conv(inputs, filters, **options):
    """Double maps by repeating pixels, then convolve by 3x3 (Odena et al. 2016, Distill)."""
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=_initial(), **options)(
        layers.UpSampling2D(2)(inputs)
    )


def generator(
    resolution=64,
    channels=3,
    latent_dim=100,
    width=1.0,
    double=conv_transpose,
    relu=layers.ReLU,
    normalize=batch_norm,
):
    """Return the generator: log2(resolution) - 1 blocks, five at 64x64.

    Args:
        double: `conv_transpose` or `resize_conv`.
        relu: the class of the activations.
        normalize: applied to the maps before each activation.
    """
    latent = layers.Input((latent_dim,))
    x = layers.Reshape((1, 1, latent_dim))(latent)
    x = layers.Conv2DTranspose(
        filters_at(4, width), 4, kernel_initializer=_initial(), use_bias=False
    )(x)
    for size in sizes_to(resolution)[1:-1]:
        x = relu()(normalize(x))
        x = double(x, filters_at(size, width), use_bias=False)
    x = relu()(normalize(x))
    x = double(x, channels, dtype="float32", activation="tanh")
    return Model(latent, x, name="generator")


def discriminator(
    resolution=64,
    channels=3,
    width=1.0,
    normalize=batch_norm,
    activation="sigmoid",
    kernel=4,
    normalizes_first=False,
):
    """Return the mirror: strided convolutions, leaky ReLUs of slope 0.2, and one 4x4 at the end.

    Args:
        normalize: applied to the maps of each convolution.
        normalizes_first: also of the first one, which the paper leaves out.
        activation: of the last layer; None for logits, without a bias, because a bias does not
            change the difference of two scores.
        kernel: of the strided convolutions.
    """
    image = x = layers.Input((resolution, resolution, channels))
    for size in reversed(sizes_to(resolution)[:-1]):
        x = layers.Conv2D(
            filters_at(size, width),
            kernel,
            strides=2,
            padding="same",
            kernel_initializer=_initial(),
            use_bias=size == resolution // 2 and not normalizes_first,
        )(x)
        if size < resolution // 2 or normalizes_first:
            x = normalize(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten(dtype="float32")(x)
    x = layers.Dense(
        1,
        kernel_initializer=_initial(),
        activation=activation,
        use_bias=activation is not None,
        dtype="float32",
    )(x)
    return Model(image, x, name="discriminator")


# The text of dcgan has "2D Convolution, Batch Normalization, LeakyReLU" in each of four blocks.
_discriminator = partial(discriminator, kernel=5, normalizes_first=True)
_blog_norm = partial(batch_norm, momentum=0.5)

NETWORKS = {
    "oulu": (generator, discriminator),
    "dcgan": (partial(generator, double=partial(conv_transpose, kernel=5)), _discriminator),
    "dcgan_even": (generator, _discriminator),
    "dcgan_resize": (partial(generator, double=resize_conv), _discriminator),
    "blog": (
        partial(generator, relu=partial(layers.LeakyReLU, 0.2), normalize=_blog_norm),
        partial(discriminator, normalize=_blog_norm),
    ),
}
