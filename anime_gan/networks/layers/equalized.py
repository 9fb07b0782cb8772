"""Dense and convolutional layers with an equalized learning rate.

Reference:
    Karras et al. 2017 (arXiv 1710.10196), section 4.1.
"""

from __future__ import annotations

import numpy as np
from keras import initializers, layers, ops

from anime_gan.networks.layers.register import register
from anime_gan.networks.layers.resampling import doubling_conv, resampled_shape, transform_kernel


class EqualizedLayer(layers.Layer):
    """A layer whose weights begin standard normal and are scaled at run time.

    The scale, gain / sqrt(fan-in), is that of He's initialization. Applied at run time, it gives
    every weight the same effective learning rate, whatever the size of its layer.

    Args:
        gain: sqrt(2) before a leaky ReLU, 1 without one.
        rate: a multiplier of this layer's learning rate: weights begin 1 / rate times as large and
            are used times rate (Karras et al. 2018, appendix C).
        bias: what the biases begin at; None for a layer without.
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

    def _add_bias(self, x):
        return x if self.start is None else x + self.bias * self.rate

    def multiplications(self) -> int:
        """Return the multiplications for one image, of a layer that is part of a model."""
        maps = self.input[0] if isinstance(self.input, list) else self.input
        places = min(int(np.prod(x.shape[1:-1])) for x in (maps, self.output))
        return int(np.prod(self.kernel.shape)) * places

    def get_config(self):
        own = {"gain": self.gain, "rate": self.rate, "bias": self.start}
        return super().get_config() | own


@register("EqualDense")
class EqualizedDense(EqualizedLayer):
    """A dense layer, (B, N) to (B, units), with the options of EqualizedLayer."""

    def __init__(self, units: int, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self._add_weights((shape[-1], self.units))

    def call(self, inputs):
        return self._add_bias(ops.matmul(inputs, self.kernel * self.scale))

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {"units": self.units}


@register("EqualConv")
class EqualizedConv(EqualizedLayer):
    """A convolution, (B, H, W, N) to (B, H, W, filters), which may double or halve the maps.

    Args:
        size: the kernel's height and width.
        resample: "double" repeats each pixel as 2x2 pixels before the convolution, "halve" takes
            the means of 2x2 pixels after it. Either is computed as one convolution of stride 2 with
            a kernel larger by 1: the same numbers for 4/9 of the operations.
        **options: those of EqualizedLayer.
    """

    def __init__(self, filters: int, size: int = 3, resample: str | None = None, **options):
        super().__init__(**options)
        self.filters, self.size, self.resample = filters, size, resample

    def build(self, shape):
        self._add_weights((self.size, self.size, shape[-1], self.filters))

    def call(self, inputs):
        kernel = self.kernel * self.scale
        if self.resample is None:
            return self._add_bias(ops.conv(inputs, kernel, padding="same"))
        # The sum of the kernel at its four places within the larger one.
        places = np.eye(self.size + 1, self.size) + np.eye(self.size + 1, self.size, -1)
        if self.resample == "halve":
            kernel = transform_kernel(kernel, places / 2)
            return self._add_bias(ops.conv(inputs, kernel, strides=2, padding="same"))
        return self._add_bias(doubling_conv(inputs, kernel, places))

    def multiplications(self) -> int:
        """Return the multiplications for one image; a resampling kernel is larger by 1."""
        plain = super().multiplications()
        return plain * (self.size + 1) ** 2 // self.size**2 if self.resample else plain

    def compute_output_shape(self, shape):
        return resampled_shape(shape, self.resample, self.filters)

    def get_config(self):
        own = {"filters": self.filters, "size": self.size, "resample": self.resample}
        return super().get_config() | own
