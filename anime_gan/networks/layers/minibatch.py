"""Layers that let a discriminator compare the images of a batch, against mode collapse."""

from __future__ import annotations

from keras import layers, ops

from anime_gan.networks.layers.register import register


@register("MinibatchDeviation")
class MinibatchStd(layers.Layer):
    """Adds one map with the standard deviation within a group: (B, H, W, C) to (B, H, W, C + 1).

    The deviation over the images of the group is averaged over all pixels and filters.

    Args:
        group: images in a group; the whole batch is one group where it is not a multiple, or for
            None.

    Reference:
        Karras et al. 2017 (arXiv 1710.10196), section 3.
    """

    mixes_batch = True

    def __init__(self, group: int | None = 4, **options):
        super().__init__(**options)
        self.group = group

    def call(self, inputs):
        batch, (height, width, filters) = ops.shape(inputs)[0], inputs.shape[1:]
        fits = self.group and isinstance(batch, int) and batch % self.group == 0
        group = self.group if fits else batch
        x = ops.reshape(ops.cast(inputs, "float32"), (group, -1, height, width, filters))
        deviation = ops.sqrt(ops.mean(ops.square(x - ops.mean(x, axis=0)), axis=0) + 1e-8)
        number = ops.mean(deviation, axis=(1, 2, 3))  # one for each group
        number = ops.tile(number, (group,))[:, None, None, None]
        number = ops.cast(ops.broadcast_to(number, (batch, height, width, 1)), inputs.dtype)
        return ops.concatenate([inputs, number], axis=-1)

    def get_config(self):
        return super().get_config() | {"group": self.group}


@register()
class MinibatchDiscrimination(layers.Layer):
    """Measures how close the other images of the batch are: features (B, F) to (B, kernels).

    For each kernel, a learned projection to `rows` numbers is compared with that of every other
    image: the result is the sum of exp(-L1 distance).

    Reference:
        Salimans et al. 2016 (arXiv 1606.03498), section 3.2. An image's closeness to itself, which
        is always 1, is left out.
    """

    mixes_batch = True

    def __init__(self, kernels: int, rows: int, **options):
        super().__init__(**options)
        self.kernels, self.rows = kernels, rows

    def build(self, shape):
        self.projection = self.add_weight(
            name="projection",
            shape=(shape[-1], self.kernels * self.rows),
            initializer="glorot_uniform",
        )

    def call(self, inputs):
        x = ops.matmul(inputs, self.projection)
        x = ops.reshape(x, (-1, self.kernels, self.rows))
        distance = ops.sum(ops.abs(x[:, None] - x[None]), axis=3)
        return ops.sum(ops.exp(-distance), axis=1) - 1

    def get_config(self):
        return super().get_config() | {"kernels": self.kernels, "rows": self.rows}
