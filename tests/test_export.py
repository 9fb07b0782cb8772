"""The command `export.py`: files in the run's folder, and one sentence for every mistake."""

import os
import subprocess
import sys

import numpy as np
import onnx
import pytest

from anime_gan.config import load_config, plain_yaml
from tests.conftest import ROOT
from tests.export.networks import tiny_network
from tests.export.test_file import card_in, needs_tensorflow


def run_of(folder, name: str, version: str = "v2"):
    """Make a run with the weights of a tiny generator."""
    weights = folder / "weights" / name
    weights.mkdir(parents=True)
    config = load_config(None, [f"version={version}"])
    (weights / "config.yaml").write_text(plain_yaml.write(config.model_dump()))
    tiny_network(version).save(weights / "generator_7.keras")
    return weights / "generator_7.keras"


@needs_tensorflow
def test_files_are_in_the_runs_folder(script, call):
    """With a name of their own, which no other call takes; --out is replaced."""
    name = '<img src=x onerror="alert(1)">\' & $(run)'
    run_of(script.folder, name)
    images = script.folder / "gan_images" / name
    for arguments, made in (
        ([], "generator_7.onnx"),
        ([name], "generator_7_002.onnx"),
        ([name, "--to", "npz", "--float16"], "generator_7_float16.npz"),
        ([f"weights/{name}", "--to", "savedmodel"], "generator_7_savedmodel"),
        ([name, "--to", "page", "--float16"], "generator_7_float16.html"),
    ):
        assert call("export.py", *arguments) == (0, "")
        assert (images / made).exists(), list(images.iterdir())
    assert name in card_in(images / "generator_7.onnx")
    assert name in card_in(images / "generator_7_savedmodel")
    for suffix in (".tflite", ""):
        to = "litert" if suffix else "savedmodel"
        for _ in range(2):
            assert call("export.py", name, "--to", to, "--out", f"mine{suffix}") == (0, "")
        assert (script.folder / f"mine{suffix}").exists()
    assert len(list(images.iterdir())) == 5
    assert not [path for path in script.folder.rglob("*") if path.name.startswith(".")]


@needs_tensorflow
def test_the_pretrained_generator_in_a_process(script):
    """Where there is no run, and also where KERAS_BACKEND names JAX: TensorFlow writes the file."""
    done = script("export.py", "--out", "a.onnx", env={"KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stderr
    assert "this is the pretrained generator" in done.stdout
    assert "a.onnx (4.1 MB) from pretrained; the largest difference from Keras is" in done.stdout
    said = {entry.key: entry.value for entry in onnx.load(script.folder / "a.onnx").metadata_props}
    assert said["run"] == "pretrained" and said["resolution"] == "64"
    assert said["license"].startswith("none is given")


def test_mistakes_are_one_sentence(script, call):
    """Each names its thing and the way out."""
    whole = run_of(script.folder, "r")
    data = whole.read_bytes()
    (whole.parent / "damaged.keras").write_bytes(data[:300] + bytes(200) + data[500:])
    (whole.parent / "cut.keras").write_bytes(data[: len(data) // 2])
    (script.folder / "notes").mkdir()
    (script.folder / "notes/a.txt").write_text("mine")
    for arguments, words in (
        (["nobody"], ["nobody", "the runs with weights are r"]),
        (["weights/r/damaged.keras"], ["damaged.keras"]),
        (["weights/r/cut.keras"], ["cut.keras"]),
        (["weights/r/none.keras"], ["none.keras", "check the path"]),
        (["r", "--to", "pdf"], ["--to", "pdf", "onnx"]),
        (["r", "--out", "a.png"], ["a.png", ".onnx"]),
        (["r", "--out", "notes"], ["notes", ".onnx"]),
        (["r", "--to", "savedmodel", "--out", "notes"], ["notes", "new folder"]),
        (["r", "--to", "savedmodel", "--out", "notes/a.txt"], ["a.txt", "folder"]),
        (["r", "--to", "npz", "--part", "mapping"], ["--part", "npz"]),
        (["r", "--out", "/proc/a.onnx"], ["/proc"]),
    ):
        status, errors = call("export.py", *arguments)
        assert status == 2 and errors.startswith("error: "), errors
        assert all(word in errors for word in words), errors
        assert errors.count("\n") == 1, errors
    assert (script.folder / "notes/a.txt").read_text() == "mine"


@needs_tensorflow
def test_parts_are_of_stylegans(script, call):
    """The sentence names those that have them."""
    run_of(script.folder, "r")
    for name in ("onnx", "savedmodel"):
        status, errors = call("export.py", "r", "--to", name, "--part", "synthesis")
        assert status == 2 and "stylegan2" in errors and errors.count("\n") == 1
    assert not list((script.folder / "gan_images/r").iterdir())


CODE = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
import export
sys.argv = ["export.py", *{arguments!r}]
try:
    export.main()
except SystemExit as end:
    assert end.code == 2
else:
    raise AssertionError
assert not sys.modules.get("keras")
"""


@pytest.mark.parametrize(
    ("missing", "arguments", "words"),
    [
        (["tf2onnx"], [], "needs tf2onnx, which is not installed; run pip install tf2onnx==1."),
        (["tensorflow"], ["--to", "litert"], "needs tensorflow, which is not installed"),
        (["tensorflow"], ["--to", "onnx"], "or export NumPy arrays"),
        ([], ["--out", "a.png"], "a file ending in .onnx"),
        ([], ["nobody"], "there is no run nobody"),
    ],
)
def test_a_mistake_is_named_before_keras_is_imported(tmp_path, missing, arguments, words):
    """A package that is missing, too: the import of Keras takes seconds."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(missing=missing, arguments=arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.backends
def test_arrays_need_no_tensorflow(script):
    """With JAX alone, the weights can still be taken out."""
    pytest.importorskip("jax")
    weights = run_of(script.folder, "r")
    code = (
        "import sys; sys.modules['tensorflow'] = None; import export; "
        "sys.argv = ['export.py', 'r', '--to', 'npz', '--out', 'a.npz']; export.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
        | {"PYTHONPATH": str(ROOT)},
        cwd=script.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with np.load(script.folder / "a.npz") as file:
        assert b"v2" in file["README.md"] and weights.name.encode() in file["README.md"]
