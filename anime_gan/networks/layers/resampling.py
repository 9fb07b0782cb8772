"""Doubling, halving and blurring of feature maps (B, H, W, C)."""

from __future__ import annotations

import numpy as np
from keras import layers, ops

from anime_gan.networks.layers.register import register


def resampled_shape(shape: tuple, resample: str | None, filters: int) -> tuple:
    """Return the shape that maps of `shape` have after "double", "halve" or None."""
    batch, height, width, _ = shape
    if resample == "double":
        return batch, 2 * height, 2 * width, filters
    if resample == "halve":
        return batch, height // 2, width // 2, filters
    return batch, height, width, filters


def transform_kernel(kernel, matrix: np.ndarray):
    """Multiply the rows and the columns of a kernel (K, K, N, M) by a matrix (L, K).

    One matrix product: gradients of slices and flips take longer than the convolution's own.

    Returns:
        A kernel (L, L, N, M).
    """
    both = ops.cast(np.kron(matrix, matrix), kernel.dtype)
    rows = ops.matmul(both, ops.reshape(kernel, (both.shape[1], -1)))
    return ops.reshape(rows, (len(matrix), len(matrix), *kernel.shape[2:]))


def doubling_conv(inputs, kernel, matrix: np.ndarray):
    """Double maps by a transposed convolution of stride 2.

    Args:
        inputs: (B, H, W, N).
        kernel: (K, K, N, M), as of a plain convolution, which a transposed one flips.
        matrix: (L, K), by which the kernel is transformed first.

    Returns:
        (B, 2H, 2W, M).
    """
    kernel = ops.transpose(transform_kernel(kernel, matrix[::-1]), (0, 1, 3, 2))
    return ops.conv_transpose(inputs, kernel, strides=2, padding="same")


def blur(inputs, taps: tuple[int, ...]):
    """Filter each map by the outer product of `taps`, scaled to sum 1, with zeros at the border."""
    line = np.array(taps, "float32") / sum(taps)
    weights = np.repeat((line[:, None] * line)[:, :, None, None], inputs.shape[-1], axis=2)
    return ops.depthwise_conv(inputs, ops.cast(weights, inputs.dtype), padding="same")


@register()
class Blur(layers.Layer):
    """A low-pass filter, (B, H, W, C) to the same shape.

    Args:
        taps: the weights in each direction; their sum is divided out.

    Reference:
        Karras et al. 2018 (arXiv 1812.04948), appendix C.
    """

    def __init__(self, taps: tuple[int, ...] = (1, 2, 1), **options):
        super().__init__(**options)
        self.taps = tuple(taps)

    def call(self, inputs):
        return blur(inputs, self.taps)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"taps": self.taps}


@register()
class PixelShuffle(layers.Layer):
    """Turns each four channels into 2x2 pixels: (B, H, W, 4N) to (B, 2H, 2W, N).

    The sub-pixel convolution of Shi et al. (2016, arXiv 1609.05158).
    """

    def call(self, inputs):
        """Return the larger maps."""
        _, height, width, channels = ops.shape(inputs)
        parts = ops.reshape(inputs, (-1, height, width, 2, 2, channels // 4))
        parts = ops.transpose(parts, (0, 1, 3, 2, 4, 5))
        return ops.reshape(parts, (-1, 2 * height, 2 * width, channels // 4))

    def compute_output_shape(self, input_shape):
        """Return (B, 2H, 2W, N)."""
        batch, height, width, channels = input_shape
        return batch, height and 2 * height, width and 2 * width, channels // 4
