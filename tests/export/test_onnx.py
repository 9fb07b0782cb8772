"""An ONNX model computes what the Keras network does, for any number of images."""

import keras
import numpy as np
import onnx
import pytest

from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator
from anime_gan.networks.layers.grouped import GroupedConv
from anime_gan.networks.layers.style import AddNoise
from tests.export.networks import STYLED, tiny_generator
from tests.generation.test_labels import conditional

pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
if keras.backend.backend() != "tensorflow":
    pytest.skip("ONNX models are exported on TensorFlow", allow_module_level=True)

import onnxruntime

from anime_gan.export.onnx import to_onnx

LONG = ("dragan", "sagan", "stylegan")  # seconds each; the last has a test of its own
NEAR = {"rtol": 1e-4, "atol": 1e-4}


def opened(model: onnx.ModelProto):
    """Return the model's function, from its inputs by name to its output, and its session."""
    session = onnxruntime.InferenceSession(model.SerializeToString())

    def run(**inputs) -> np.ndarray:
        return session.run(None, {name: np.asarray(x, "float32") for name, x in inputs.items()})[0]

    return run, session


def described(values) -> dict:
    """Return the shapes of a session's inputs or outputs by their names."""
    assert {value.type for value in values} == {"tensor(float)"}
    return {value.name: value.shape for value in values}


@pytest.mark.parametrize(
    "version", [pytest.param(v, marks=pytest.mark.slow if v in LONG else ()) for v in VERSIONS]
)
def test_every_version_gives_keras_images(version):
    """With named inputs and outputs, for one latent and for three; nothing in it is deprecated."""
    generator = tiny_generator(version)
    model = to_onnx(generator)
    assert b"tf_half_pixel_for_nn" not in model.SerializeToString()
    run, session = opened(model)
    scalars = {"truncation": 1, "noise": 1} if version in STYLED else {}
    size = generator.resolution
    expected = {"latent": ["batch", 8]} | {name: [] for name in scalars}
    assert described(session.get_inputs()) == expected
    assert described(session.get_outputs()) == {"image": ["batch", size, size, 3]}
    for count in (1, 3):
        z = generator.latents(range(count))
        w = np.repeat(generator.w_from_latents(z)[:, None], generator.layers, 1)
        keras_images = generator.synthesis.predict_on_batch(w if version in STYLED else z)
        assert np.ptp(keras_images) > 1e-3
        np.testing.assert_allclose(run(latent=z, **scalars), keras_images, **NEAR)


@pytest.mark.parametrize("version", ["stylegan", pytest.param("stylegan2", marks=pytest.mark.slow)])
def test_parts_truncation_and_noise_of_a_stylegan(version):
    """The parts make the whole; both scalars do what `sample.py` does with --psi and --noise."""
    generator = tiny_generator(version)
    whole, mapping, synthesis = (
        opened(to_onnx(generator, part)) for part in ("whole", "mapping", "synthesis")
    )
    layers = generator.layers
    assert described(mapping[1].get_inputs()) == {"latent": ["batch", 8]}
    assert described(mapping[1].get_outputs()) == {"w": ["batch", 8]}
    assert described(synthesis[1].get_inputs()) == {"w": ["batch", layers, 8], "noise": []}
    z = generator.latents(range(3))
    np.testing.assert_allclose(mapping[0](latent=z), generator.w_from_latents(z), **NEAR)
    for psi in (0.5, 0, -1):
        w = np.repeat(generator.w_from_latents(z, psi)[:, None], layers, 1)
        keras_images = generator.synthesis.predict_on_batch(w)
        images = whole[0](latent=z, truncation=psi, noise=1)
        np.testing.assert_allclose(images, keras_images, **NEAR)
    w = np.random.default_rng(1).standard_normal((3, layers, 8))  # another for each layer
    noises = [layer for layer in generator.synthesis.layers if isinstance(layer, AddNoise)]
    fixed = [np.asarray(layer.fixed) for layer in noises]
    for strength in (1, 0.5, 0):
        for layer, maps in zip(noises, fixed, strict=True):
            layer.fixed.assign(strength * maps)
        keras_images = generator.synthesis.predict_on_batch(np.float32(w))
        np.testing.assert_allclose(synthesis[0](w=w, noise=strength), keras_images, **NEAR)
    assert np.abs(synthesis[0](w=w, noise=1) - keras_images).max() > 0.01


def test_a_grouped_convolution_stays_one(tmp_path):
    """Not the plain ones with zeros between the groups, which are as many times as large."""
    latent = keras.Input((4,))
    x = keras.layers.Reshape((4, 4, 64))(keras.layers.Dense(1024)(latent))
    x = GroupedConv(64, 3, padding="same", groups=32)(x)
    network = keras.Model(latent, keras.layers.Conv2D(3, 1)(x))
    generator = Generator(network)
    before = generator.images(generator.latents(range(2)))
    model = to_onnx(generator)
    groups = [a.i for node in model.graph.node for a in node.attribute if a.name == "group"]
    assert 32 in groups
    assert model.ByteSize() < 4 * network.count_params() + 2_000
    z = generator.latents(range(3))
    np.testing.assert_allclose(opened(model)[0](latent=z), network.predict_on_batch(z), **NEAR)
    other = keras.models.clone_model(network)  # traced anew, after the export
    other.set_weights(network.get_weights())
    assert np.array_equal(Generator(other).images(z[:2]), before)


def test_only_stylegans_have_parts():
    """Of the others, one sentence."""
    with pytest.raises(UserError, match="export it whole") as caught:
        to_onnx(tiny_generator("v2"), "mapping")
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(("version", "part"), [("dcgan", "whole"), ("stylegan2", "mapping")])
def test_labels_are_a_second_input(version, part):
    """Named, int32, and read as Keras reads them; the other part of a StyleGAN has none."""
    generator = Generator(conditional(version))
    model = to_onnx(generator, part)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    kinds = {value.name: (value.type, value.shape) for value in session.get_inputs()}
    assert kinds == {
        "latent": ("tensor(float)", ["batch", 8]),
        "labels": ("tensor(int32)", ["batch", 2]),
    }
    codes = np.array([[0, 2], [3, 0], [1, 1]], "int32")
    w = generator.w(range(3), labels=codes)
    z = generator.latents(range(3))[:, : generator.normal_dim]
    found = session.run(None, {"latent": z, "labels": codes})[0]
    expected = w if part == "mapping" else generator.outputs(w)
    np.testing.assert_allclose(found, expected, **NEAR)
    if part == "mapping":
        with pytest.raises(UserError, match="the mean w of each label"):
            to_onnx(generator)
        names = [value.name for value in to_onnx(generator, "synthesis").graph.input]
        assert names == ["w", "noise"]
