"""Grouped convolution that is fast on a CPU too."""

import numpy as np
from keras import layers, ops

from anime_gan import backend
from anime_gan.networks.layers.register import register

PARTS = 12  # most convolutions on a CPU: more take longer to compile, fewer do more work


@register()
class GroupedConv(layers.Conv2D):
    """A grouped convolution with the arguments, weights and results of Keras's Conv2D.

    On a CPU, gradients of a grouped convolution take both backends a hundred times as long as the
    convolution itself, and gradients of gradients longer still. Plain convolutions do not have this
    problem: there the groups are divided among at most `PARTS` of them, each with a kernel that is
    0 between its groups.

    Attributes:
        as_one: trace one operation on a CPU too. Exporters set it: other programs compute grouped
            convolutions fast.
    """

    as_one = False

    def convolution_op(self, inputs, kernel):
        """Return the maps before the bias."""
        if self.as_one:
            return backend.grouped_conv(inputs, kernel, self.padding)
        if backend.has_gpu():
            return super().convolution_op(inputs, kernel)
        parts = max(n for n in range(1, PARTS + 1) if self.groups % n == 0)
        within = self.groups // parts
        size = (kernel.shape[2], kernel.shape[3] // self.groups)
        mask = np.tile(np.kron(np.eye(within), np.ones(size)), parts)
        kernel = ops.tile(kernel, (1, 1, within, 1)) * ops.cast(mask, kernel.dtype)
        pairs = zip(ops.split(inputs, parts, -1), ops.split(kernel, parts, -1), strict=True)
        maps = [ops.conv(x, own, padding=self.padding) for x, own in pairs]
        return ops.concatenate(maps, axis=-1)
