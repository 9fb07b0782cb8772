"""The layers of StyleGAN and StyleGAN2.

Karras et al. 2017 (arXiv 1710.10196): equalised learning rate, minibatch standard deviation.
Karras et al. 2018 (arXiv 1812.04948): constant start, styles by AdaIN, noise, blur.
Karras et al. 2019 (arXiv 1912.04958): weight demodulation.
Maps are (B, H, W, C), styles w are (B, D).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import initializers, layers, ops

SLOPE = 0.2
REGISTERED = keras.saving.register_keras_serializable("anime_gan")


class _Equalised(layers.Layer):
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

    def get_config(self):
        """Return what __init__ takes."""
        own = {"gain": self.gain, "rate": self.rate, "bias": self.start}
        return super().get_config() | own


@REGISTERED
class EqualDense(_Equalised):
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


@REGISTERED
class EqualConv(_Equalised):
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
        return self._biased(_transposed(inputs, kernel, places))

    def compute_output_shape(self, shape):
        """Return the shape of what comes out."""
        return _resampled(shape, self.resample, self.filters)

    def get_config(self):
        """Return what __init__ takes."""
        own = {"filters": self.filters, "size": self.size, "resample": self.resample}
        return super().get_config() | own


def _resampled(shape, resample: str | None, filters: int) -> tuple:
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


def _transposed(inputs, kernel, lines: np.ndarray):
    """Return maps spread by a kernel at each second pixel of maps twice the size.

    kernel: (K, K, N, M), first laid out anew by `lines`, as _relaid does; its mirror image is
    what spreads.
    """
    kernel = ops.transpose(_relaid(kernel, lines[::-1]), (0, 1, 3, 2))
    return ops.conv_transpose(inputs, kernel, strides=2, padding="same")


def _blurred(inputs, taps: tuple[int, ...]):
    """Return maps filtered by the product of two lines of weights; nothing lies outside them."""
    line = np.array(taps, "float32") / sum(taps)
    weights = np.repeat((line[:, None] * line)[:, :, None, None], inputs.shape[-1], axis=2)
    return ops.depthwise_conv(inputs, ops.cast(weights, inputs.dtype), padding="same")


@REGISTERED
class Blur(layers.Layer):
    """A low-pass filter of binomial weights: 1 2 1 by 1 2 1, or what `taps` says."""

    def __init__(self, taps: tuple[int, ...] = (1, 2, 1), **options):
        super().__init__(**options)
        self.taps = tuple(taps)

    def call(self, inputs):
        """Return the maps blurred."""
        return _blurred(inputs, self.taps)

    def get_config(self):
        """Return what __init__ takes."""
        return super().get_config() | {"taps": self.taps}


@REGISTERED
class Noise(layers.Layer):
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


@REGISTERED
class AdaIN(layers.Layer):
    """Gives each map of a picture a mean and a deviation that the style says.

    From [x (B, H, W, C), w (B, D)]: x is normalised over each map, then multiplied by 1 + scale and
    moved by shift, both learnt affine functions of w.
    """

    def build(self, shapes):
        """Add the affine function."""
        self.affine = EqualDense(2 * shapes[0][-1], gain=1.0, dtype=self.dtype_policy)
        self.affine.build(shapes[1])

    def call(self, inputs):
        """Return the maps in the style."""
        x, w = inputs
        scale, shift = ops.split(self.affine(w)[:, None, None, :], 2, axis=-1)
        # In float32: bfloat16's 8 bits do not carry a variance.
        wide = ops.cast(x, "float32")
        wide = wide - ops.mean(wide, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(wide), axis=(1, 2), keepdims=True)
        # The factors are small and multiplied first: maps are gone through as rarely as may be.
        factor = ops.rsqrt(variance + 1e-8) * (1 + ops.cast(scale, "float32"))
        return ops.cast(wide * factor, x.dtype) + shift


@REGISTERED
class PixelNorm(layers.Layer):
    """Divides a latent (B, D) by the root of its mean square."""

    def call(self, inputs):
        """Return the latents on the sphere of radius sqrt(D)."""
        return inputs * ops.rsqrt(ops.mean(ops.square(inputs), axis=-1, keepdims=True) + 1e-8)


@REGISTERED
class MinibatchDeviation(layers.Layer):
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


@REGISTERED
class ModulatedConv(_Equalised):
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
        self.affine = EqualDense(shapes[0][-1], gain=1.0, bias=1.0, dtype=self.dtype_policy)
        self.affine.build(shapes[1])

    def call(self, inputs):
        """Return the maps."""
        x, w = inputs
        style, kernel = self.affine(w), self.kernel * self.scale
        x = x * style[:, None, None, :]
        if self.double:
            # Only a quarter of the doubled maps is spread: times four, the mean is kept.
            x = _blurred(_transposed(x, kernel, 2 * np.eye(self.size)), (1, 3, 3, 1))
        else:
            x = ops.conv(x, kernel, padding="same")
        if self.demodulate:
            squares = ops.sum(ops.square(ops.cast(kernel, "float32")), axis=(0, 1))
            variance = ops.matmul(ops.square(ops.cast(style, "float32")), squares)
            x = x * ops.cast(ops.rsqrt(variance + 1e-8), x.dtype)[:, None, None, :]
        return self._biased(x)

    def compute_output_shape(self, shapes):
        """Return the shape of what comes out."""
        return _resampled(shapes[0], "double" if self.double else None, self.filters)

    def get_config(self):
        """Return what __init__ takes."""
        own = {"filters": self.filters, "size": self.size}
        own |= {"demodulate": self.demodulate, "double": self.double}
        return super().get_config() | own


@REGISTERED
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


@REGISTERED
class Redrawn(layers.Layer):
    """In training other latents in place of those that come in, for mixing; else the same."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seed = keras.random.SeedGenerator()

    def call(self, inputs, training=False):
        """Return latents (B, D), standard normal."""
        if not training:
            return inputs
        return keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed)


@REGISTERED
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


@REGISTERED
class Fade(layers.Layer):
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
