"""evaluate.py from end to end: a run, weights, two sets of images, and mistakes."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import evaluate
from tests.conftest import ROOT

rng = np.random.default_rng(0)


@pytest.fixture
def network(script):
    """Arguments for a small feature network."""
    image = keras.Input((8, 8, 3))
    keras.Model(image, layers.Flatten()(image)).save(script.folder / "net.keras")
    return ["--network", "net.keras", "--input-size", "8", "--scale", "0,1"]


@pytest.fixture
def trained(script, call):
    """The fixture `script`, with a run `r` of two steps in its folder."""
    status, errors = call("train_gan.py", *script.tiny, "run=r", "training.steps=2")
    assert status == 0, errors
    return script


def test_a_run_end_to_end(trained, network, call, faces):
    """Compared with its training images by default: a table, a JSON file, and two images."""
    utf8 = {"PYTHONIOENCODING": "utf-8"}
    done = trained("evaluate.py", "--count", "10000000", *network, env=utf8)
    assert done.returncode == 0, done.stderr
    for words in (
        "Fréchet ↓",
        "(real vs real ",
        "low resolution",
        "Memorization (pixels): 0.0% suspicious",
        "Discriminator: real score",
        "net.keras",
    ):
        assert words in done.stdout
    out = trained.folder / "gan_images/r"
    result = json.loads((out / "evaluation_2.json").read_text())
    (found,) = result["comparisons"]
    assert found["count"] == 12
    assert found["whole"]["frechet"] > found["whole"]["real_vs_real"]["frechet"] >= 0
    assert result["copies_in_pixels"]["copied"] is False
    assert 0 <= result["discriminator"]["real_accuracy"] <= 1
    for space in ("pixels", "features"):
        figure = np.asarray(Image.open(out / f"evaluation_2_nearest_{space}.png"))
        assert figure.shape[2] == 3 and figure.std() > 10
    # The same numbers again, with features from the cache.
    status, errors = call("evaluate.py", "r", "--count", "40", *network)
    assert status == 0, errors
    assert json.loads((out / "evaluation_2.json").read_text()) == result
    status, errors = call(
        "evaluate.py", "weights/r/generator_2.keras", "--real", faces, "--count", "20", *network
    )
    assert status == 0, errors


def test_truncated_images(trained, network, call):
    """Their results have names of their own; psi 0 gives one image."""
    out = trained.folder / "gan_images/r"
    found = {}
    for psi in ("1", "0.5", "0"):
        status, errors = call("evaluate.py", "r", "--psi", psi, "--count", "20", *network)
        assert status == 0, errors
        name = "evaluation_2" if psi == "1" else f"evaluation_2_psi_{psi}"
        assert (out / f"{name}_nearest_pixels.png").exists()
        found[psi] = json.loads((out / f"{name}.json").read_text())
    assert [result.get("psi") for result in found.values()] == [None, 0.5, 0]
    frechet, recall = (
        [result["comparisons"][0]["whole"][key] for result in found.values()]
        for key in ("frechet", "recall")
    )
    assert len(set(frechet)) == 3 and recall[-1] == 0


def test_equal_sets_of_images(call, script, network, faces):
    """No distance, and all are copies."""
    arguments = ["--generated", faces, "--real", faces, "--count", "24", *network]
    status, errors = call("evaluate.py", *arguments)
    assert status == 0, errors
    result = json.loads((script.folder / "evaluation_drawn.json").read_text())
    found = result["comparisons"][0]["whole"]
    assert abs(found["frechet"]) < 1e-6 and found["precision"] == 1
    assert "discriminator" not in result and result["copies_in_pixels"]["copied"]


def test_generated_images_are_shuffled(call, script, network, tmp_path):
    """Two kinds of images, sorted by name, on both sides: the kernel's blocks have both."""
    for side in ("made", "real"):
        (tmp_path / side).mkdir()
        for i in range(80):
            color = rng.integers(0, 60, 3) + 180 * (i >= 40)
            image = Image.new("RGB", (16, 16), tuple(map(int, color)))
            image.save(tmp_path / side / f"{i:03}.png")
    status, errors = call(
        "evaluate.py", "--generated", tmp_path / "made", "--real", tmp_path / "real", *network
    )
    assert status == 0, errors
    result = json.loads((script.folder / "evaluation_made.json").read_text())
    (comparison,) = result["comparisons"]
    found = comparison["whole"]
    assert found["kernel"] < 5 * found["kernel_error"] + abs(found["real_vs_real"]["kernel"])
    assert comparison["count"] == 40


def test_a_config_beside_weights_outside_a_run_is_not_used(trained, network, call, faces, tmp_path):
    """The project's folder has a config.yaml; resolution and channels are the generator's."""
    folder = trained.folder
    shutil.copy(folder / "weights/r/generator_2.keras", folder / "friend.keras")
    (folder / "config.yaml").write_text("model: {resolution: 128}")
    status, errors = call("evaluate.py", "friend.keras", *network)
    assert status == 2 and "give the real images" in errors
    arguments = ["--real", faces, "--count", "20", *network]
    status, errors = call("evaluate.py", "friend.keras", *arguments)
    assert status == 0, errors
    assert (folder / "evaluation_friend.json").exists()
    status, errors = call("evaluate.py", "net.keras", *arguments)
    assert status == 2 and "is not a generator" in errors
    # Weights are enough; the folder for the results is made.
    shutil.rmtree(folder / "gan_images")
    status, errors = call("evaluate.py", "r", *arguments)
    assert status == 0, errors


def test_mistakes(call, script, network, faces, tmp_path):
    """One sentence each, status 2."""
    few, odd = tmp_path / "few", tmp_path / "odd"
    for folder, sizes in ((few, [16] * 3), (odd, [16, 20] * 20)):
        folder.mkdir()
        for i, size in enumerate(sizes):
            Image.new("RGB", (size, size), (i, 0, 0)).save(folder / f"{i}.png")
    for arguments, words in (
        (["nothing", *network], "there is no run nothing in weights"),
        (["--generated", faces], "needs --real"),
        (["--pictures", faces], "--pictures is called --generated now"),
        ([f"--images={faces}"], "--images is called --real now"),
        (["--count", "0"], "--count: '0' is not a number from 10"),
        (["--psi", "1,2"], "--psi: '1,2' is not a number"),
        (["--psi", "11"], "from -10 to 10"),
        (["--psi", "nan"], "from -10 to 10"),
        (["--generated", faces, "--real", faces, "--psi", "0.5"], "--psi is for weights"),
        (["--scale", "1"], "'1' is not two different numbers"),
        (["--scale=1,1"], "two different numbers"),
        (["--layer", "last"], "are for a .keras or .onnx file"),
        (network[:2], "net.keras needs --input-size and --scale"),
        (["--generated", few, "--real", faces, *network], "3 generated images"),
        (["--generated", faces, "--real", few, *network], "3 real images"),
        (["--generated", odd, "--real", faces, *network], "all of one size"),
        (["--generated", tmp_path / "none", "--real", faces, *network], "does not exist"),
        (["--network", "vgg"], "must be lite0"),
    ):
        status, errors = call("evaluate.py", *arguments)
        assert (status, errors.count("error:")) == (2, 1), (arguments, errors)
        assert words in errors
    assert evaluate.input_range("-1, 2.5") == (-1, 2.5)


def test_help_and_mistakes_need_no_keras():
    """They are answered before anything slow is imported."""
    code = (
        "import sys, evaluate\n"
        "sys.argv[1:] = ['--count', '0']\n"
        "try: evaluate.main()\n"
        "except SystemExit as end: assert end.code == 2\n"
        "assert not {'keras', 'tensorflow', 'jax', 'onnxruntime', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_terminal_without_utf_8(trained, network):
    """The table is printed in ASCII."""
    ascii = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = trained("evaluate.py", "--count", "12", *network, env=ascii)
    assert done.returncode == 0, done.stderr
    assert "Frechet (lower is better)" in done.stdout
