"""R3GAN, the modern baseline (Huang et al. 2024, "The GAN is dead; long live the GAN!", arXiv
2501.05441).

A loss that provably converges locally (relativistic pairs, with R1 and R2 at every step) allows
a simple network without the methods of StyleGAN: residual stages without normalization, an inverted
bottleneck of 1x1, 3x3 and 1x1 convolutions, leaky ReLUs, and resampling between stages only.

Deviations from the paper:
1. Below a quarter of the width, for a CPU, a stage has one block of plain convolutions, without
   groups and without the wider bottleneck.
2. The augmentations are the three kinds of training/augment.py.
3. The discriminator of `r3gan_patch` starts at half size: its first convolution is of patches of
   2x2 pixels. The stage of full size takes a large part of a step's time, since its maps are large
   and have few filters; without it a CPU trains with more images in equal time (docs/r3gan.md).
"""

from functools import partial

from keras import Model, initializers, layers

from anime_gan.networks.architecture import sizes_to
from anime_gan.networks.layers.grouped import GroupedConv
from anime_gan.networks.layers.learned import LearnedBasis

# The paper's, at 64x64: 384 filters there, 768 at 32x32 and below, two blocks a stage.
FILTERS, MOST_FILTERS = 24_576, 768
BLOCKS, EXPANSION, GROUP, SLOPE = 2, 2, 16, 0.2


def filters_at(size: int, width: float) -> int:
    """Return the filters of the stage at size x size.

    Width 1 is the paper's. A smaller width reduces the filters of the large sizes first, which take
    the most time: 1/24 has 16 at 64x64, then 32, 64, 128, and 256 at 4x4.
    """
    filters = min(MOST_FILTERS, FILTERS * width / size)
    whole = GROUP // EXPANSION if grouped(width) else 1
    return max(1, round(filters / whole)) * whole


def grouped(width: float) -> bool:
    """Say whether stages are the paper's, of two blocks with groups and a wider bottleneck.

    In narrower networks a group of 16 would hold all filters of a stage, and a bottleneck without
    groups is expensive.
    """
    return width >= 0.25


def _conv(filters, kernel, gain=1.0, **options):
    """Return a convolution whose weights begin normal, with deviation gain / sqrt(fan-in)."""
    initializer = initializers.Zeros()
    if gain:
        initializer = initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")
    layer = GroupedConv if options.get("groups", 1) > 1 else layers.Conv2D
    return layer(filters, kernel, padding="same", kernel_initializer=initializer, **options)


def _block(inputs, blocks: int, width: float):
    """Return the input plus 1x1, grouped 3x3 and 1x1 convolutions of it.

    Fix-up initialization (Zhang et al. 2019, arXiv 1901.09321) in place of normalization: the last
    convolution begins at 0, the others are divided by the fourth root of the number of blocks in
    the network.
    """
    filters = inputs.shape[-1]
    gain = (2 / (1 + SLOPE**2)) ** 0.5 * blocks**-0.25
    wide, groups = filters, 1
    if grouped(width):
        wide = EXPANSION * filters
        groups = wide // GROUP
    x = layers.LeakyReLU(SLOPE)(_conv(wide, 1, gain)(inputs))
    x = layers.LeakyReLU(SLOPE)(_conv(wide, 3, gain, groups=groups)(x))
    return layers.Add()([inputs, _conv(filters, 1, 0.0, use_bias=False)(x)])


def generator(resolution=64, channels=3, latent_dim=64, width=1.0):
    """Return the generator: a basis at 4x4, then stages with a bilinear doubling between them."""
    sizes, blocks = sizes_to(resolution), BLOCKS if grouped(width) else 1
    latent = layers.Input((latent_dim,))
    x = layers.Dense(filters_at(4, width), use_bias=False, kernel_initializer="lecun_normal")(
        latent
    )
    # The class's former name, which checkpoints contain.
    x = LearnedBasis(name="basis")(x)
    for size in sizes:
        if size > 4:
            filters = filters_at(size, width)
            if filters != x.shape[-1]:
                x = _conv(filters, 1, use_bias=False)(x)
            x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        for _ in range(blocks):
            x = _block(x, blocks * len(sizes), width)
    return Model(latent, _conv(channels, 1, dtype="float32", use_bias=False)(x), name="generator")


def discriminator(resolution=64, channels=3, width=1.0, patch=1):
    """Return the generator's mirror; bilinear halving is the mean of 2x2 pixels.

    patch: the side, in pixels, of what one position of the first maps sees; they are as much
        smaller than the image.
    """
    sizes, blocks = sizes_to(resolution // patch), BLOCKS if grouped(width) else 1
    image = layers.Input((resolution, resolution, channels))
    x = _conv(filters_at(sizes[-1], width), patch, use_bias=False, strides=patch)(image)
    for size in reversed(sizes):
        for _ in range(blocks):
            x = _block(x, blocks * len(sizes), width)
        if size > 4:
            x = layers.AveragePooling2D(2)(x)
            filters = filters_at(size // 2, width)
            if filters != x.shape[-1]:
                x = _conv(filters, 1, use_bias=False)(x)
    x = LearnedBasis(name="basis")(x)
    initializer = initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal")
    x = layers.Dense(1, use_bias=False, kernel_initializer=initializer, dtype="float32")(x)
    return Model(image, x, name="discriminator")


NETWORKS = {
    "r3gan": (generator, discriminator),
    "r3gan_patch": (generator, partial(discriminator, patch=2)),
}
