"""Layers of a style-based generator.

Karras et al. 2018 (arXiv 1812.04948): constant input, styles by AdaIN, noise, style mixing.
Karras et al. 2019 (arXiv 1912.04958): weight demodulation.
Feature maps are (B, H, W, C), styles w are (B, D).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import initializers, layers, ops

from anime_gan.networks.layers.equalized import EqualizedDense, EqualizedLayer
from anime_gan.networks.layers.register import register
from anime_gan.networks.layers.resampling import blur, doubling_conv, resampled_shape


@register()
class PixelNorm(layers.Layer):
    """Divides latents (B, D) by their root mean square, to a sphere of radius sqrt(D).

    Of maps (B, H, W, C), each pixel.

    Reference:
        Karras et al. 2017 (arXiv 1710.10196), section 4.2.
    """

    def call(self, inputs):
        return inputs * ops.rsqrt(ops.mean(ops.square(inputs), axis=-1, keepdims=True) + 1e-8)


@register("Noise")
class AddNoise(layers.Layer):
    """Adds one map of noise to all maps, with a learned strength that begins at 0.

    In training the noise is new for every image; otherwise it is a weight of the layer.

    Args:
        shared: one strength for all maps, as in StyleGAN2, not one for each.
    """

    def __init__(self, shared: bool = False, **options):
        super().__init__(**options)
        self.shared = shared
        self.seed = keras.random.SeedGenerator()

    def build(self, shape):
        self.strength = self.add_weight(
            name="strength", shape=() if self.shared else (shape[-1],), initializer="zeros"
        )
        self.fixed = self.add_weight(
            name="fixed",
            shape=(*shape[1:3], 1),
            initializer=initializers.RandomNormal(stddev=1.0),
            trainable=False,
        )

    def call(self, inputs, noise=None, training=False):
        """Return the maps with `noise` (B, H, W, 1); None for the layer's own."""
        if noise is None and training:
            shape = (ops.shape(inputs)[0], *inputs.shape[1:3], 1)
            noise = keras.random.normal(shape, dtype=inputs.dtype, seed=self.seed)
        noise = ops.cast(self.fixed if noise is None else noise, inputs.dtype)
        return inputs + noise * self.strength

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"shared": self.shared}


def _means(maps):
    """Return the mean of each map, (B, 1, 1, C).

    As a matrix product: on a CPU, the order in which TensorFlow sums a mean over two axes depends
    on an image's place in the batch, and then so do the image's last bits.
    """
    _, height, width, filters = maps.shape
    share = ops.full((1, height * width), 1 / (height * width), "float32")
    return ops.matmul(share, ops.reshape(maps, (-1, height * width, filters)))[:, :, None]


def _affine(layer: layers.Layer, shapes, units: int, bias: float = 0.0) -> EqualizedDense:
    """Return the affine function of w that a layer on [maps, w] of these shapes has."""
    # The name is its class's in files written before that changed.
    options = {"dtype": layer.dtype_policy, "name": "equal_dense"}
    affine = EqualizedDense(units, gain=1.0, bias=bias, **options)
    affine.build(shapes[1])
    return affine


@register()
class AdaIN(layers.Layer):
    """Gives each map of an image the mean and the deviation that its style says.

    From [x (B, H, W, C), w (B, D)] to (B, H, W, C): x is normalized over each map, multiplied by
    1 + scale and moved by shift, both learned affine functions of w.

    Reference:
        Karras et al. 2018 (arXiv 1812.04948), equation 1.
    """

    def build(self, shapes):
        self.affine = _affine(self, shapes, 2 * shapes[0][-1])

    def call(self, inputs):
        x, w = inputs
        scale, shift = ops.split(self.affine(w)[:, None, None, :], 2, axis=-1)
        # In float32: bfloat16's 8 bits are too few for a variance.
        wide = ops.cast(x, "float32")
        wide = wide - _means(wide)
        variance = _means(ops.square(wide))
        # The small factors are multiplied first, so that the maps are read as rarely as possible.
        factor = ops.rsqrt(variance + 1e-8) * (1 + ops.cast(scale, "float32"))
        return ops.cast(wide * factor, x.dtype) + shift

    def compute_output_shape(self, shapes):
        return shapes[0]


@register()
class ModulatedConv(EqualizedLayer):
    """A convolution whose weights are scaled for each image by its style.

    From [x (B, H, W, N), w (B, D)] to (B, H, W, filters). Input maps are scaled by an affine
    function of w; output maps are then divided by the deviation that they have for inputs of
    deviation 1. Both are applied to the maps, before and after one convolution for the whole batch,
    which gives the same numbers as a kernel for each image, without a grouped convolution.

    Args:
        size: the kernel's height and width.
        demodulate: divide by the expected deviation.
        double: double the maps, by a transposed convolution and a blur of 1 3 3 1.
        **options: those of EqualizedLayer; by default a gain of 1 and no bias.

    Reference:
        Karras et al. 2019 (arXiv 1912.04958), section 2.2.
    """

    def __init__(
        self,
        filters: int,
        size: int = 3,
        demodulate: bool = True,
        double: bool = False,
        **options,
    ):
        super().__init__(**{"gain": 1.0, "bias": None} | options)
        self.filters, self.size = filters, size
        self.demodulate, self.double = demodulate, double

    def build(self, shapes):
        self._add_weights((self.size, self.size, shapes[0][-1], self.filters))
        self.affine = _affine(self, shapes, shapes[0][-1], bias=1.0)

    def call(self, inputs):
        x, w = inputs
        style, kernel = self.affine(w), self.kernel * self.scale
        x = x * style[:, None, None, :]
        if self.double:
            # A quarter of the doubled maps' pixels holds a value: times four, the mean is kept.
            x = blur(doubling_conv(x, kernel, 2 * np.eye(self.size)), (1, 3, 3, 1))
        else:
            x = ops.conv(x, kernel, padding="same")
        if self.demodulate:
            squares = ops.sum(ops.square(ops.cast(kernel, "float32")), axis=(0, 1))
            variance = ops.matmul(ops.square(ops.cast(style, "float32")), squares)
            x = x * ops.cast(ops.rsqrt(variance + 1e-8), x.dtype)[:, None, None, :]
        return self._add_bias(x)

    def compute_output_shape(self, shapes):
        return resampled_shape(shapes[0], "double" if self.double else None, self.filters)

    def get_config(self):
        own = {"filters": self.filters, "size": self.size}
        own |= {"demodulate": self.demodulate, "double": self.double}
        return super().get_config() | own


@register()
class Constant(layers.Layer):
    """A learned 4x4 map for each filter, the same for every image: (B, ...) to (B, 4, 4, filters).

    Only the batch size of the input is used.

    Args:
        random: begin standard normal and have no bias, as in StyleGAN2, not as ones with a bias.
    """

    def __init__(self, filters: int, random: bool = False, **options):
        super().__init__(**options)
        self.filters, self.random = filters, random

    def build(self, shape):
        start = initializers.RandomNormal(stddev=1.0) if self.random else "ones"
        self.maps = self.add_weight(name="maps", shape=(1, 4, 4, self.filters), initializer=start)
        if not self.random:
            self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        maps = self.maps if self.random else self.maps + self.bias
        return ops.tile(maps, (ops.shape(inputs)[0], 1, 1, 1))

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "random": self.random}


@register("Redrawn")
class ResampleLatents(layers.Layer):
    """In training, replaces latents (B, D) by new ones for style mixing; else returns them.

    Args:
        keep: how many of the last numbers of a latent stay: its labels.
    """

    def __init__(self, keep: int = 0, **options):
        super().__init__(**options)
        self.keep = keep
        self.seed = keras.random.SeedGenerator()

    def call(self, inputs, training=False):
        if not training:
            return inputs
        new = keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed)
        if not self.keep:
            return new
        return ops.concatenate([new[:, : -self.keep], inputs[:, -self.keep :]], axis=-1)

    def get_config(self):
        return super().get_config() | {"keep": self.keep}


@register()
class Styles(layers.Layer):
    """Gives a style to each layer of the synthesis network: [w, other] (B, D) to (B, count, D).

    In training, a share of the images takes `other` from a random layer on, and the weight `mean`
    is a moving average of w, which truncation interpolates towards. Otherwise all layers take w.

    Args:
        mixing: the share of images with two styles.

    Reference:
        Karras et al. 2018 (arXiv 1812.04948), section 3.1; truncation: appendix B.
    """

    def __init__(self, count: int, mixing: float = 0.9, **options):
        super().__init__(**options)
        self.count, self.mixing = count, mixing
        self.seed = keras.random.SeedGenerator()

    def build(self, shapes):
        self.mean = self.add_weight(
            name="mean",
            shape=(shapes[0][-1],),
            initializer="zeros",
            trainable=False,
            autocast=False,
        )

    def call(self, inputs, training=False):
        w, other = inputs
        if not training:
            return ops.repeat(w[:, None], self.count, axis=1)
        now = ops.mean(ops.cast(w, "float32"), axis=0)
        self.mean.assign(self.mean + 0.005 * (ops.stop_gradient(now) - self.mean))
        draw = keras.random.uniform((2, ops.shape(w)[0]), seed=self.seed)
        # The first layer of `other`: from 1 to the last, or past the last, without mixing.
        first = 1 + ops.floor(draw[0] * (self.count - 1))
        first = ops.where(draw[1] < self.mixing, first, self.count)
        own = ops.arange(self.count, dtype="float32") < first[:, None]
        return ops.where(own[:, :, None], w[:, None], other[:, None])

    def get_config(self):
        return super().get_config() | {"count": self.count, "mixing": self.mixing}
