"""Batch normalization as one operation: the numbers, gradients and files of Keras's layer."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_gan import backend
from anime_gan.backend.batch_norm import fuse

pytestmark = pytest.mark.skipif(
    backend.fused_batch_norm() is None or backend.has_gpu(), reason="XLA fuses by itself"
)

SHAPE = (6, 5, 4, 3)


def maps(dtype="float32"):
    """Maps (6, 5, 4, 3) whose channels differ in mean and standard deviation."""
    random = np.random.default_rng(0)
    return ops.cast(random.normal([-3, 0, 5], [0.2, 1, 4], SHAPE), dtype)


def one_layer(dtype="float32", shape=SHAPE[1:], **options) -> keras.Model:
    """A network of one layer, whose scales and offsets are neither 1 nor 0."""
    inputs = keras.Input(shape, dtype=dtype)
    policy = "mixed_bfloat16" if dtype == "bfloat16" else dtype
    layer = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype=policy, **options)
    model = keras.Model(inputs, layer(inputs))
    for number, weight in enumerate(model.trainable_variables):
        weight.assign(np.linspace(0.5, 2, *weight.shape) + number)
    return model


@pytest.mark.parametrize("dtype, error", [("float32", 1e-5), ("bfloat16", 4e-3)])
def test_against_numpy(dtype, error):
    """Protects the formula, and the statistics that sampling uses."""
    model, given = one_layer(dtype), maps(dtype)
    fuse(model.layers)
    pixels = ops.convert_to_numpy(ops.cast(given, "float32")).astype("float64")
    mean, variance = pixels.mean((0, 1, 2)), pixels.var((0, 1, 2))
    scale = np.linspace(0.5, 2, 3)
    expected = (pixels - mean) / np.sqrt(variance + 1e-5) * scale + scale + 1
    found = ops.convert_to_numpy(ops.cast(model(given, training=True), "float32"))
    assert np.abs(found - expected).max() < error * np.abs(expected).max()
    moving = [ops.convert_to_numpy(weight) for weight in model.non_trainable_variables]
    np.testing.assert_allclose(moving[0], 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(moving[1], 0.9 + 0.1 * variance, rtol=1e-5)


def test_gradients_and_gradients_of_a_penalty():
    """Protects training, and gradient penalties, whose gradients are of second order."""
    found = []
    for fused in (False, True):
        model = one_layer()
        if fused:
            fuse(model.layers)

        def penalty(model=model):
            weights = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
            scores, gradients = backend.input_gradients(
                lambda x: ops.sum(weights * ops.square(model(x, training=True))), maps(), []
            )
            return ops.mean(ops.square(gradients)) + scores, {}

        value, _, gradients = backend.gradients(penalty, model.trainable_variables, model.variables)
        found.append([value, *gradients])
    for own, other in zip(*found, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-3)


def test_inference_and_files_do_not_change(tmp_path):
    """Protects sampling, and saved networks, which open without this project."""
    model, own = one_layer(), one_layer()
    fuse(model.layers)
    for network in (model, own):
        network.layers[1].moving_mean.assign([1, 2, 3])
    assert np.array_equal(model(maps()), own(maps()))
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert type(opened.layers[1]) is layers.BatchNormalization
    assert "call" not in vars(opened.layers[1])
    assert np.array_equal(opened(maps()), own(maps()))


@pytest.mark.parametrize(
    "options", [{"shape": (7,)}, {"scale": False}, {"center": False}, {"axis": 1}]
)
def test_other_layers_do_not_change(options):
    """Protects other versions, with layers that the operation can't replace."""
    model = one_layer(**options)
    fuse(model.layers)
    assert "call" not in vars(model.layers[1])
