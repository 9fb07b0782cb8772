"""R3GAN, the modern baseline (Huang et al. 2024, "The GAN is dead; long live the GAN!", arXiv
2501.05441).

A loss that is shown to converge locally (relativistic pairs, with R1 and R2 at every step) lets a
plain network do without the tricks of StyleGAN: residual stages with no normalisation, an inverted
bottleneck of 1x1, 3x3 and 1x1 convolutions, leaky ReLUs, and resampling between stages only.
"""

from math import log2

import keras
import numpy as np
from keras import Model, initializers, layers, ops

from anime_gan import backend
from anime_gan.networks.architecture import Version
from anime_gan.networks.layers.register import register

# The paper's, at 64x64: 384 filters there, 768 at 32x32 and below, two blocks a stage.
FILTERS, MOST_FILTERS = 24_576, 768
BLOCKS, EXPANSION, GROUP, SLOPE = 2, 2, 16, 0.2

PARTS = 12  # of a grouped convolution on a CPU: more are more to compile, fewer are more work


def filters_at(size: int, width: float) -> int:
    """Return the filters of the stage at size x size.

    Width 1 is the paper's. A smaller one takes filters from the large sizes, where they cost most,
    as StyleGAN's does: 1/24 has 16 at 64x64, 32, 64, 128, and 256 at 4x4.
    """
    filters = min(MOST_FILTERS, FILTERS * width / size)
    whole = GROUP // EXPANSION if grouped(width) else 1
    return max(1, round(filters / whole)) * whole


def grouped(width: float) -> bool:
    """Say whether the networks are built as the paper's: grouped and widened, two blocks a stage.

    Below a quarter of the width, for a CPU, they have one block a stage, of whole convolutions and
    no widening: groups of 16 would be all of their few filters, and widening is dear without them.
    """
    return width >= 0.25


def _sizes(resolution: int) -> list[int]:
    """Return the stages' sizes: 4, 8 ... resolution."""
    return [2**n for n in range(2, int(log2(resolution)) + 1)]


def _conv(filters, kernel, gain=1.0, **options):
    """Return a convolution whose weights begin normal, of deviation gain / sqrt(fan-in)."""
    start = initializers.Zeros()
    if gain:
        start = initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")
    kind = GroupedConv if options.get("groups", 1) > 1 else layers.Conv2D
    return kind(filters, kernel, padding="same", kernel_initializer=start, **options)


@register()
class GroupedConv(layers.Conv2D):
    """A grouped convolution with the weights and numbers of Keras's, fast on a CPU too.

    There both backends take a hundred times as long for a grouped convolution's gradients as for
    itself, and longer for theirs. Whole convolutions have no such fault: the groups are dealt out
    to at most `PARTS` of them, each with a kernel that is 0 between its groups.
    """

    def convolution_op(self, inputs, kernel):
        """Return the maps without bias."""
        if backend.has_gpu():
            return super().convolution_op(inputs, kernel)
        parts = max(n for n in range(1, PARTS + 1) if self.groups % n == 0)
        within = self.groups // parts
        size = (kernel.shape[2], kernel.shape[3] // self.groups)
        apart = np.kron(np.eye(within), np.ones(size))
        kernel = ops.tile(kernel, (1, 1, within, 1)) * ops.cast(np.tile(apart, parts), kernel.dtype)
        split = zip(ops.split(inputs, parts, -1), ops.split(kernel, parts, -1), strict=True)
        maps = [ops.conv(x, own, padding=self.padding) for x, own in split]
        return ops.concatenate(maps, axis=-1)


def _block(inputs, blocks: int, width: float):
    """Return inputs plus what 1x1, grouped 3x3 and 1x1 convolutions make of them.

    Fix-up initialisation (Zhang et al. 2019, arXiv 1901.09321) in place of normalisation: the last
    convolution begins at 0, the others are scaled down by the fourth root of the number of blocks
    in the network. The groups have 16 filters each in the paper's networks.
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


@register()
class Basis(layers.Layer):
    """A learnt 4x4 picture for each filter.

    From (B, filters) it makes (B, 4, 4, filters), each picture times its number; from
    (B, 4, 4, filters) it makes (B, filters), each map's inner product with its picture.
    """

    def build(self, shape):
        """Add the pictures, (4, 4, filters); as a sum over all 16 places, it has that fan-in."""
        deviation = 1.0 if len(shape) == 2 else 0.25
        self.pictures = self.add_weight(
            name="pictures",
            shape=(4, 4, shape[-1]),
            initializer=initializers.RandomNormal(stddev=deviation),
        )

    def call(self, inputs):
        """Return the one from the other."""
        if len(inputs.shape) == 2:
            return inputs[:, None, None, :] * self.pictures
        return keras.ops.sum(inputs * self.pictures, axis=(1, 2))


def generator(resolution=64, channels=3, latent_dim=64, width=1.0):
    """Return the generator: a basis at 4x4, then stages with a bilinear doubling between them."""
    sizes, blocks = _sizes(resolution), BLOCKS if grouped(width) else 1
    latent = layers.Input((latent_dim,))
    x = layers.Dense(filters_at(4, width), use_bias=False, kernel_initializer="lecun_normal")(
        latent
    )
    x = Basis()(x)
    for size in sizes:
        if size > 4:
            filters = filters_at(size, width)
            if filters != x.shape[-1]:
                x = _conv(filters, 1, use_bias=False)(x)
            x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        for _ in range(blocks):
            x = _block(x, blocks * len(sizes), width)
    return Model(latent, _conv(channels, 1, dtype="float32", use_bias=False)(x), name="generator")


def discriminator(resolution=64, channels=3, width=1.0):
    """Return the generator's mirror; halving bilinearly is taking the mean of 2x2 pixels."""
    sizes, blocks = _sizes(resolution), BLOCKS if grouped(width) else 1
    picture = layers.Input((resolution, resolution, channels))
    x = _conv(filters_at(resolution, width), 1, use_bias=False)(picture)
    for size in reversed(sizes):
        for _ in range(blocks):
            x = _block(x, blocks * len(sizes), width)
        if size > 4:
            x = layers.AveragePooling2D(2)(x)
            filters = filters_at(size // 2, width)
            if filters != x.shape[-1]:
                x = _conv(filters, 1, use_bias=False)(x)
    x = Basis()(x)
    start = initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal")
    x = layers.Dense(1, use_bias=False, kernel_initializer=start, dtype="float32")(x)
    return Model(picture, x, name="discriminator")


_NETWORK = {"optimizer": "adam", "rate": [2e-4, 5e-5], "beta1": 0.0, "beta2": [0.9, 0.99]}

VERSIONS = [
    Version(
        "r3gan",
        "Huang et al. 2024, FFHQ at 64x64",
        "The modern baseline; width 1 is for a GPU, configs/r3gan_cpu.yaml for a CPU.",
        generator,
        discriminator,
        {
            "model": {"latent_dim": 64},
            "data": {"x_flip": True},
            "training": {
                "steps": 100_000,
                "batch_size": 256,
                "label_noise": 0.0,
                "cosine_kimg": 20_000,
                "ema_kimg": [0, 500],
            },
            "objective": {"name": "relativistic", "penalties": ["r1", "r2"], "gamma": [2, 0.2]},
            "augment": {"policy": ["translation", "cutout", "colour"], "p": [0, 0.3]},
            "generator": _NETWORK,
            "discriminator": _NETWORK,
        },
    ),
]
