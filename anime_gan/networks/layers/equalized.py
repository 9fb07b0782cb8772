"""Layers that both StyleGANs are built of: equalised, resampling, comparing, fading.

Karras et al. 2017 (arXiv 1710.10196): equalised learning rate, minibatch standard deviation,
fading. Karras et al. 2018 (arXiv 1812.04948): blur. Maps are (B, H, W, C).
"""

from __future__ import annotations

import numpy as np
from keras import initializers, layers, ops

from anime_gan.networks.layers.register import register


class EqualizedLayer(layers.Layer):
    """A layer whose weights begin standard normal and are scaled where they are used.

    The scale, gain / sqrt(fan-in), is that of He's initialisation; taken at run time it gives every
    weight the same learning rate whatever its layer's size (Karras et al. 2017, 4.1). rate: a
    multiplier of the learning rate of this layer alone: weights begin 1 / rate times as large and
    are used times rate (Karras et al. 2018, appendix C).
    """

    def __init__(
        self, gain: float = 2**0.5, rate: float = 1.0, bias: float | None = 0.0, **options
    ):
        super().__init__(**options)
        self.gain, self.rate, self.start = gain, rate, bias

    def _add_weights(self, shape: tuple[int, ...]) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=shape,
            initializer=initializers.RandomNormal(stddev=1 / self.rate),
        )
        self.scale = self.gain * self.rate / float(np.sqrt(np.prod(shape[:-1])))
        if self.start is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=(shape[-1],),
                initializer=initializers.Constant(self.start / self.rate),
            )

    def _biased(self, x):
        return x if self.start is None else x + self.bias * self.rate

    def multiplications(self) -> int:
        """Return how many one picture takes, of a layer within a model."""
        maps = self.input[0] if isinstance(self.input, list) else self.input
        places = min(int(np.prod(x.shape[1:-1])) for x in (maps, self.output))
        return int(np.prod(self.kernel.shape)) * places

    def get_config(self):
        """Return what __init__ takes."""
        own = {"gain": self.gain, "rate": self.rate, "bias": self.start}
        return super().get_config() | own


@register("EqualDense")
class EqualizedDense(EqualizedLayer):
    """A dense layer, (B, N) to (B, units)."""

    def __init__(self, units: int, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        """Add the weights."""
        self._add_weights((shape[-1], self.units))

    def call(self, inputs):
        """Return the products."""
        return self._biased(ops.matmul(inputs, self.kernel * self.scale))

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"units": self.units}


@register("EqualConv")
class EqualizedConv(EqualizedLayer):
    """A convolution, (B, H, W, N) to (B, H, W, filters), or doubling or halving the maps.

    resample: "double" repeats each pixel twice by twice before the convolution, "halve" takes the
    means of 2x2 pixels after it; in each case both are one convolution of 4x4 with stride 2, which
    is the same and takes 4/9 of the operations.
    """

    def __init__(self, filters: int, size: int = 3, resample: str | None = None, **options):
        super().__init__(**options)
        self.filters, self.size, self.resample = filters, size, resample

    def build(self, shape):
        """Add the weights."""
        self._add_weights((self.size, self.size, shape[-1], self.filters))

    def call(self, inputs):
        """Return the maps."""
        kernel = self.kernel * self.scale
        if self.resample is None:
            return self._biased(ops.conv(inputs, kernel, padding="same"))
        # The sum of the kernel at its four places within 4x4.
        places = np.eye(self.size + 1, self.size) + np.eye(self.size + 1, self.size, -1)
        if self.resample == "halve":
            kernel = _relaid(kernel, places / 2)
            return self._biased(ops.conv(inputs, kernel, strides=2, padding="same"))
        return self._biased(transposed(inputs, kernel, places))

    def multiplications(self) -> int:
        """Return how many one picture takes: resampling, the kernel is larger by a row."""
        plain = super().multiplications()
        return plain * (self.size + 1) ** 2 // self.size**2 if self.resample else plain

    def compute_output_shape(self, shape):
        """Return the shape of what comes out."""
        return resampled(shape, self.resample, self.filters)

    def get_config(self):
        """Return what __init__ takes."""
        own = {"filters": self.filters, "size": self.size, "resample": self.resample}
        return super().get_config() | own


def resampled(shape, resample: str | None, filters: int) -> tuple:
    """Return the shape that maps of `shape` have after resampling."""
    batch, height, width, _ = shape
    if resample == "double":
        return batch, 2 * height, 2 * width, filters
    if resample == "halve":
        return batch, height // 2, width // 2, filters
    return batch, height, width, filters


def _relaid(kernel, lines: np.ndarray):
    """Return a kernel (K, K, N, M) with `lines` (L, K) applied to its rows and its columns.

    As one product of matrices, since the slopes of slices and mirrorings take longer than those of
    the convolution itself.
    """
    matrix = ops.cast(np.kron(lines, lines), kernel.dtype)
    rows = ops.matmul(matrix, ops.reshape(kernel, (matrix.shape[1], -1)))
    return ops.reshape(rows, (len(lines), len(lines), *kernel.shape[2:]))


def transposed(inputs, kernel, lines: np.ndarray):
    """Return maps spread by a kernel at each second pixel of maps twice the size.

    kernel: (K, K, N, M), first laid out anew by `lines`, as _relaid does; its mirror image is
    what spreads.
    """
    kernel = ops.transpose(_relaid(kernel, lines[::-1]), (0, 1, 3, 2))
    return ops.conv_transpose(inputs, kernel, strides=2, padding="same")


def blurred(inputs, taps: tuple[int, ...]):
    """Return maps filtered by the product of two lines of weights; nothing lies outside them."""
    line = np.array(taps, "float32") / sum(taps)
    weights = np.repeat((line[:, None] * line)[:, :, None, None], inputs.shape[-1], axis=2)
    return ops.depthwise_conv(inputs, ops.cast(weights, inputs.dtype), padding="same")


@register()
class Blur(layers.Layer):
    """A low-pass filter of binomial weights: 1 2 1 by 1 2 1, or what `taps` says."""

    def __init__(self, taps: tuple[int, ...] = (1, 2, 1), **options):
        super().__init__(**options)
        self.taps = tuple(taps)

    def call(self, inputs):
        """Return the maps blurred."""
        return blurred(inputs, self.taps)

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"taps": self.taps}


@register()
class PixelNorm(layers.Layer):
    """Divides a latent (B, D) by the root of its mean square."""

    def call(self, inputs):
        """Return the latents on the sphere of radius sqrt(D)."""
        return inputs * ops.rsqrt(ops.mean(ops.square(inputs), axis=-1, keepdims=True) + 1e-8)


@register("MinibatchDeviation")
class MinibatchStd(layers.Layer):
    """Adds a map: how much the pictures of a group differ, one number for each group.

    Groups are of `group` pictures, or of the whole batch where it is not a multiple.
    """

    mixes_batch = True

    def __init__(self, group: int = 4, **options):
        super().__init__(**options)
        self.group = group

    def call(self, inputs):
        """Return (B, H, W, C + 1)."""
        batch, (height, width, filters) = ops.shape(inputs)[0], inputs.shape[1:]
        group = self.group if isinstance(batch, int) and batch % self.group == 0 else batch
        x = ops.reshape(ops.cast(inputs, "float32"), (group, -1, height, width, filters))
        deviation = ops.sqrt(ops.mean(ops.square(x - ops.mean(x, axis=0)), axis=0) + 1e-8)
        number = ops.mean(deviation, axis=(1, 2, 3))  # one for each group
        number = ops.tile(number, (group,))[:, None, None, None]
        number = ops.cast(ops.broadcast_to(number, (batch, height, width, 1)), inputs.dtype)
        return ops.concatenate([inputs, number], axis=-1)

    def compute_output_shape(self, shape):
        """Return (B, H, W, C + 1)."""
        return (*shape[:3], shape[3] + 1)

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"group": self.group}


@register("Fade")
class FadeIn(layers.Layer):
    """From [old, new] old + alpha (new - old); alpha, a weight, is for the growing to set."""

    def build(self, shapes):
        """Add alpha, at first 1."""
        self.alpha = self.add_weight(
            name="alpha", shape=(), initializer="ones", trainable=False, autocast=False
        )

    def call(self, inputs):
        """Return what is between."""
        old, new = inputs
        return old + ops.cast(self.alpha, new.dtype) * (new - old)

    def compute_output_shape(self, shapes):
        """Return the shape of either."""
        return shapes[1]
