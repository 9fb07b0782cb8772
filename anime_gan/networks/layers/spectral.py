"""Spectral normalization of any network (Miyato et al. 2018, arXiv 1802.05957).

A layer computes with its kernel divided by the kernel's largest singular value, estimated by one
step of power iteration in each training pass. Keras's own SpectralNormalization divides the
variable itself at every pass, so neither gradients nor optimizers see the division; here the
variable is not changed, and gradients pass through the division.
"""

import keras
from keras import layers, ops

from anime_gan.networks.layers.register import register


class _Spectral:
    """Adds the normalization to a Keras layer that has a kernel."""

    _normalized = None
    _outputs_axis = -1  # of the kernel

    def build(self, input_shape):
        """Add the estimate of the first left singular vector, (outputs, 1)."""
        super().build(input_shape)
        shape = (self._kernel.shape[self._outputs_axis], 1)
        self.left = self.add_weight(
            name="left", shape=shape, initializer="random_normal", trainable=False
        )

    def save_own_variables(self, store):
        """Save all variables: Dense and Conv2D would leave out `left`."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        layers.Layer.load_own_variables(self, store)

    def _matrix(self, kernel):
        """Return the kernel as (outputs, all else)."""
        kernel = ops.moveaxis(kernel, self._outputs_axis, 0)
        return ops.reshape(kernel, (kernel.shape[0], -1))

    @property
    def kernel(self):
        """The normalized kernel within a call, the variable outside one."""
        return self._kernel if self._normalized is None else self._normalized

    @kernel.setter
    def kernel(self, variable):
        self._kernel = variable

    def call(self, inputs, training=False):
        kernel = ops.cast(self._kernel, "float32")
        matrix = self._matrix(kernel)
        constant = ops.stop_gradient(matrix)
        left = ops.convert_to_tensor(self.left)
        right = _unit(ops.matmul(ops.transpose(constant), left))
        if training:
            left = _unit(ops.matmul(constant, right))
            self.left.assign(left)
        sigma = ops.sum(left * ops.matmul(matrix, right))
        self._normalized = ops.cast(kernel / sigma, self.compute_dtype)
        try:
            return super().call(inputs)
        finally:
            self._normalized = None


def _unit(vector):
    return vector / (ops.norm(vector) + 1e-12)


@register()
class SpectralDense(_Spectral, layers.Dense):
    """A dense layer of spectral norm 1, with Dense's arguments."""


@register()
class SpectralConv2D(_Spectral, layers.Conv2D):
    """A convolution whose kernel, as a matrix (outputs, all else), has spectral norm 1."""


@register()
class SpectralConv2DTranspose(_Spectral, layers.Conv2DTranspose):
    """A transposed convolution whose kernel, as a matrix (outputs, all else), has norm 1."""

    _outputs_axis = 2  # of (H, W, outputs, inputs)


_SPECTRAL = {
    layers.Dense: SpectralDense,
    layers.Conv2D: SpectralConv2D,
    layers.Conv2DTranspose: SpectralConv2DTranspose,
}


def with_spectral_norm(model: keras.Model) -> keras.Model:
    """Return a copy with new weights whose dense and convolutional layers are all normalized."""

    def clone(layer):
        return _SPECTRAL.get(type(layer), type(layer)).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=clone)
