"""Spectral normalization: the right norm, gradients through it, and no lost weights."""

import keras
import numpy as np
import pytest
from keras import layers

from anime_gan import backend
from anime_gan.networks.layers.spectral import with_spectral_norm

pytestmark = pytest.mark.backends


def network() -> keras.Model:
    """A convolution, its transpose and a dense layer, whose weights are far from norm 1."""
    inputs = layers.Input((6, 6, 2))
    x = layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    x = layers.Conv2DTranspose(3, 4, strides=2, padding="same")(x)
    model = with_spectral_norm(keras.Model(inputs, layers.Dense(4)(layers.Flatten()(x))))
    draw = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(draw.normal(0, 2, variable.shape))
    return model


def norms(model) -> list[float]:
    """The largest singular value that each layer computes with."""
    found = []
    for layer in model.layers:
        if hasattr(layer, "left"):
            kernel = keras.ops.convert_to_numpy(layer._kernel).astype("float64")
            if isinstance(layer, layers.Conv2DTranspose):
                kernel = kernel.transpose(2, 0, 1, 3).reshape(kernel.shape[2], -1)
            else:
                kernel = kernel.reshape(-1, kernel.shape[-1]).T
            left = keras.ops.convert_to_numpy(layer.left)
            right = kernel.T @ left
            sigma = (left.T @ kernel @ (right / np.linalg.norm(right))).item()
            found.append(np.linalg.svd(kernel)[1][0] / sigma)
    return found


def test_norms_become_1_in_training_and_do_not_change_in_use():
    """Power iteration finds the largest singular value; outside training nothing changes."""
    model = network()
    x = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
    for _ in range(60):
        model(x, training=True)
    np.testing.assert_allclose(norms(model), [1, 1, 1], rtol=1e-3)
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    model(x, training=False)
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, keras.ops.convert_to_numpy(variable))


def test_the_length_of_kernels_does_not_matter():
    """Ten times the kernels give the same output."""
    model = network()
    x = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
    for layer in model.layers:
        if hasattr(layer, "left"):
            layer.bias.assign(np.zeros(layer.bias.shape))
    first = np.asarray(model(x))
    for layer in model.layers:
        if hasattr(layer, "left"):
            layer._kernel.assign(10 * keras.ops.convert_to_numpy(layer._kernel))
    np.testing.assert_allclose(model(x), first, rtol=1e-3, atol=1e-5)


def test_gradients_pass_through_the_division():
    """The output does not depend on the kernel's length, so the gradient has no part along it.

    Dividing by a constant, as Keras's wrapper does, would leave such a part.
    """
    inputs = layers.Input((3,))
    model = with_spectral_norm(keras.Model(inputs, layers.Dense(2, use_bias=False)(inputs)))
    x = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
    for _ in range(60):
        model(x, training=True)

    def loss():
        return keras.ops.sum(model(x, training=True) ** 2), ()

    def step():
        return backend.gradients(loss, model.trainable_variables, model.variables)[2]

    gradient = np.asarray(backend.compile_step(step, model.variables)()[0])
    kernel = keras.ops.convert_to_numpy(model.trainable_variables[0])
    assert np.abs(gradient).max() > 1e-2
    assert abs((gradient * kernel).sum()) < 1e-3 * np.linalg.norm(gradient) * np.linalg.norm(kernel)


def test_saved_and_loaded(tmp_path):
    """The file holds the singular vectors too, so the loaded network gives the same."""
    model = network()
    x = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), model(x))
