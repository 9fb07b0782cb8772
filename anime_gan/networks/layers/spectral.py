"""Spectral normalisation, for any network (Miyato et al. 2018, arXiv 1802.05957).

A layer computes with its kernel over the kernel's largest singular value, which one step of power
iteration a training pass keeps an estimate of. Keras's own SpectralNormalization divides the
variable itself at every pass, so neither gradients nor optimizers see the division; here the
variable stays as it is, and gradients go through.
"""

import keras
from keras import layers, ops

from anime_gan.networks.layers.register import register


class _Spectral:
    """What turns a layer with a kernel into its normalised kind."""

    _divided = None

    def build(self, input_shape):
        """Add the left singular vector's estimate, (outputs, 1)."""
        super().build(input_shape)
        size = self._matrix(self._kernel).shape[0]
        self.left = self.add_weight(
            name="left", shape=(size, 1), initializer="random_normal", trainable=False
        )

    def save_own_variables(self, store):
        """Save all variables: dense layers and convolutions name only those they know of."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        """Load all variables."""
        layers.Layer.load_own_variables(self, store)

    def _matrix(self, kernel):
        """Return the kernel as (outputs, all else)."""
        if isinstance(self, layers.Conv2DTranspose):  # (H, W, outputs, inputs)
            kernel = ops.transpose(kernel, (2, 0, 1, 3))
            return ops.reshape(kernel, (kernel.shape[0], -1))
        return ops.transpose(ops.reshape(kernel, (-1, kernel.shape[-1])))

    @property
    def kernel(self):
        """The normalised kernel within a call, the variable outside one."""
        return self._kernel if self._divided is None else self._divided

    @kernel.setter
    def kernel(self, variable):
        self._kernel = variable

    def call(self, inputs, training=False):
        """Return what the layer gives with its normalised kernel."""
        kernel = ops.cast(self._kernel, "float32")
        matrix = self._matrix(kernel)
        fixed = ops.stop_gradient(matrix)
        left = ops.convert_to_tensor(self.left)
        right = _unit(ops.matmul(ops.transpose(fixed), left))
        if training:
            left = _unit(ops.matmul(fixed, right))
            self.left.assign(left)
        sigma = ops.sum(left * ops.matmul(matrix, right))
        self._divided = ops.cast(kernel / sigma, self.compute_dtype)
        try:
            return super().call(inputs)
        finally:
            self._divided = None


def _unit(vector):
    """Return a vector of norm 1."""
    return vector / (ops.norm(vector) + 1e-12)


@register()
class SpectralDense(_Spectral, layers.Dense):
    """A dense layer of spectral norm 1."""


@register()
class SpectralConv2D(_Spectral, layers.Conv2D):
    """A convolution whose kernel, as a matrix (outputs, all else), has spectral norm 1."""


@register()
class SpectralConv2DTranspose(_Spectral, layers.Conv2DTranspose):
    """A transposed convolution whose kernel, as a matrix (outputs, all else), has norm 1."""


_KINDS = {
    layers.Dense: SpectralDense,
    layers.Conv2D: SpectralConv2D,
    layers.Conv2DTranspose: SpectralConv2DTranspose,
}


def normalised(model: keras.Model) -> keras.Model:
    """Return the model with fresh weights and every dense and convolutional layer normalised."""

    def kind(layer):
        return _KINDS.get(type(layer), type(layer)).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=kind)
