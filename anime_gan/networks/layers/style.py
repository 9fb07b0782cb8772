"""What makes a generator one of styles: constant, noise, styles, and the ways to apply them.

Karras et al. 2018 (arXiv 1812.04948): constant start, styles by AdaIN, noise, mixing, truncation.
Karras et al. 2019 (arXiv 1912.04958): weight demodulation.
Maps are (B, H, W, C), styles w are (B, D).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import initializers, layers, ops

from anime_gan.networks.layers.equalized import (
    EqualizedDense,
    EqualizedLayer,
    blurred,
    resampled,
    transposed,
)
from anime_gan.networks.layers.register import register


@register("Noise")
class AddNoise(layers.Layer):
    """Adds one map of noise to all maps, in a learnt strength for each, at first 0.

    Trained, the noise is new for every picture; else it is the layer's own, drawn once.
    shared: one strength for all maps, as in StyleGAN2.
    """

    def __init__(self, shared: bool = False, **options):
        super().__init__(**options)
        self.shared = shared
        self.seed = keras.random.SeedGenerator()

    def build(self, shape):
        """Add the strengths (C,), or one (), and the fixed noise (H, W, 1)."""
        shape_of_strength = () if self.shared else (shape[-1],)
        self.strength = self.add_weight(
            name="strength", shape=shape_of_strength, initializer="zeros"
        )
        self.fixed = self.add_weight(
            name="fixed",
            shape=(*shape[1:3], 1),
            initializer=initializers.RandomNormal(stddev=1.0),
            trainable=False,
        )

    def call(self, inputs, training=False):
        """Return the maps with noise."""
        noise = ops.cast(self.fixed, inputs.dtype)
        if training:
            shape = (ops.shape(inputs)[0], *inputs.shape[1:3], 1)
            noise = keras.random.normal(shape, dtype=inputs.dtype, seed=self.seed)
        return inputs + noise * self.strength

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"shared": self.shared}


def _means(maps):
    """Return the mean of each map, (B, 1, 1, C).

    As a product: the order of a mean over two axes depends, in TensorFlow on a CPU, on a picture's
    place in the batch, and then so do the picture's last bits.
    """
    _, height, width, filters = maps.shape
    share = ops.full((1, height * width), 1 / (height * width), "float32")
    return ops.matmul(share, ops.reshape(maps, (-1, height * width, filters)))[:, :, None]


@register()
class AdaIN(layers.Layer):
    """Gives each map of a picture a mean and a deviation that the style says.

    From [x (B, H, W, C), w (B, D)]: x is normalised over each map, then multiplied by 1 + scale and
    moved by shift, both learnt affine functions of w.
    """

    def build(self, shapes):
        """Add the affine function."""
        # A checkpoint holds the optimizer's variables under names that begin with this one.
        self.affine = EqualizedDense(
            2 * shapes[0][-1], gain=1.0, dtype=self.dtype_policy, name="equal_dense"
        )
        self.affine.build(shapes[1])

    def call(self, inputs):
        """Return the maps in the style."""
        x, w = inputs
        scale, shift = ops.split(self.affine(w)[:, None, None, :], 2, axis=-1)
        # In float32: bfloat16's 8 bits do not carry a variance.
        wide = ops.cast(x, "float32")
        wide = wide - _means(wide)
        variance = _means(ops.square(wide))
        # The factors are small and multiplied first: maps are gone through as rarely as may be.
        factor = ops.rsqrt(variance + 1e-8) * (1 + ops.cast(scale, "float32"))
        return ops.cast(wide * factor, x.dtype) + shift


@register()
class ModulatedConv(EqualizedLayer):
    """A convolution whose weights are scaled for each picture by its style (2019, section 2.2).

    From [x, w]: each input map is scaled by an affine function of w; with `demodulate`, each
    output map is divided by the deviation that it then has where the inputs have deviation 1. Both
    are taken on the maps, before and after one common convolution, which is the same and needs no
    grouped one. With `double` the maps double, by a transposed convolution and a blur of 1 3 3 1.
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
        """Add the weights and the affine function, which begins at 1."""
        self._add_weights((self.size, self.size, shapes[0][-1], self.filters))
        self.affine = EqualizedDense(
            shapes[0][-1], gain=1.0, bias=1.0, dtype=self.dtype_policy, name="equal_dense"
        )
        self.affine.build(shapes[1])

    def call(self, inputs):
        """Return the maps."""
        x, w = inputs
        style, kernel = self.affine(w), self.kernel * self.scale
        x = x * style[:, None, None, :]
        if self.double:
            # Only a quarter of the doubled maps is spread: times four, the mean is kept.
            x = blurred(transposed(x, kernel, 2 * np.eye(self.size)), (1, 3, 3, 1))
        else:
            x = ops.conv(x, kernel, padding="same")
        if self.demodulate:
            squares = ops.sum(ops.square(ops.cast(kernel, "float32")), axis=(0, 1))
            variance = ops.matmul(ops.square(ops.cast(style, "float32")), squares)
            x = x * ops.cast(ops.rsqrt(variance + 1e-8), x.dtype)[:, None, None, :]
        return self._biased(x)

    def compute_output_shape(self, shapes):
        """Return the shape of what comes out."""
        return resampled(shapes[0], "double" if self.double else None, self.filters)

    def get_config(self):
        """Return what __init__ takes."""
        own = {"filters": self.filters, "size": self.size}
        own |= {"demodulate": self.demodulate, "double": self.double}
        return super().get_config() | own


@register()
class Constant(layers.Layer):
    """A learnt 4x4 map for each filter, the same for every picture; only the batch is taken of w.

    From (B, ...) it makes (B, 4, 4, filters). It begins as ones, with a bias of its own; random, it
    begins standard normal and has none, as in StyleGAN2.
    """

    def __init__(self, filters: int, random: bool = False, **options):
        super().__init__(**options)
        self.filters, self.random = filters, random

    def build(self, shape):
        """Add the maps, and the bias if there is one."""
        start = initializers.RandomNormal(stddev=1.0) if self.random else "ones"
        self.maps = self.add_weight(name="maps", shape=(1, 4, 4, self.filters), initializer=start)
        self.bias = None
        if not self.random:
            self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        """Return them for each of the batch."""
        maps = self.maps if self.bias is None else self.maps + self.bias
        return ops.tile(maps, (ops.shape(inputs)[0], 1, 1, 1))

    def compute_output_shape(self, shape):
        """Return (B, 4, 4, filters)."""
        return (shape[0], 4, 4, self.filters)

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"filters": self.filters, "random": self.random}


@register("Redrawn")
class ResampleLatents(layers.Layer):
    """In training other latents in place of those that come in, for mixing; else the same."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seed = keras.random.SeedGenerator()

    def call(self, inputs, training=False):
        """Return latents (B, D), standard normal."""
        if not training:
            return inputs
        return keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed)


@register()
class Styles(layers.Layer):
    """Hands a style to each of `count` layers (Karras et al. 2018, 3.1 and appendix B).

    From [w, other], both (B, D), it makes (B, count, D). In training, a share `mixing` of the
    pictures takes `other` from a random layer on, and the weight `mean` follows w, 0.5% a step: it
    is what figures/drawer.py truncates towards. Else all layers take w.
    """

    def __init__(self, count: int, mixing: float = 0.9, **options):
        super().__init__(**options)
        self.count, self.mixing = count, mixing
        self.seed = keras.random.SeedGenerator()

    def build(self, shapes):
        """Add the mean, which is not for gradients to move."""
        self.mean = self.add_weight(
            name="mean",
            shape=(shapes[0][-1],),
            initializer="zeros",
            trainable=False,
            autocast=False,
        )

    def call(self, inputs, training=False):
        """Return the styles."""
        w, other = inputs
        if not training:
            return ops.repeat(w[:, None], self.count, axis=1)
        now = ops.mean(ops.cast(w, "float32"), axis=0)
        self.mean.assign(self.mean + 0.005 * (ops.stop_gradient(now) - self.mean))
        draw = keras.random.uniform((2, ops.shape(w)[0]), seed=self.seed)
        # From layer 1 to the last one; without mixing from past the last one.
        first = 1 + ops.floor(draw[0] * (self.count - 1))
        first = ops.where(draw[1] < self.mixing, first, self.count)
        own = ops.arange(self.count, dtype="float32") < first[:, None]
        return ops.where(own[:, :, None], w[:, None], other[:, None])

    def compute_output_shape(self, shapes):
        """Return (B, count, D)."""
        return (shapes[0][0], self.count, shapes[0][1])

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"count": self.count, "mixing": self.mixing}
