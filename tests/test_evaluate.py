"""evaluate.py from end to end: a run, weights, two sets of images, and mistakes."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

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


def results(folder) -> list[dict]:
    """The rows of a folder's evaluations.jsonl."""
    return [json.loads(line) for line in (folder / "evaluations.jsonl").read_text().splitlines()]


@pytest.fixture
def trained(script, call):
    """The fixture `script`, with a run `r` of two steps in its folder."""
    status, errors = call("train_gan.py", *script.tiny, "run=r", "training.steps=2")
    assert status == 0, errors
    return script


def test_a_run_end_to_end(trained, network, call, faces):
    """Compared with its training images by default: a table, a line of JSON, and two images."""
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
    (found,) = results(out)
    about = {"run": "r", "step": 2, "psi": 1.0, "seed": 0, "count": 12}
    assert about.items() <= found.items() and "net.keras" in found["network"]
    age = datetime.now(UTC) - datetime.fromisoformat(found["date"])
    assert timedelta(0) <= age < timedelta(minutes=5)
    assert found["whole"]["frechet"] > found["whole"]["real_vs_real"]["frechet"] >= 0
    assert found["copies_in_pixels"]["copied"] is False
    assert 0 <= found["discriminator"]["real_accuracy"] <= 1
    for space in ("pixels", "features"):
        figure = np.asarray(Image.open(out / f"evaluation_2_nearest_{space}.png"))
        assert figure.shape[2] == 3 and figure.std() > 10
    # The same numbers again, with features from the cache; the results are appended.
    status, errors = call("evaluate.py", "r", "--count", "40", *network)
    assert status == 0, errors
    first, again = results(out)
    assert again | {"date": first["date"]} == first
    assert (out / "evaluation_2_nearest_pixels_002.png").is_file()
    status, errors = call("evaluate.py", "r", "--count", "11", "--seed", "50", *network)
    assert status == 0, errors
    last = results(out)[-1]
    assert (last["seed"], last["count"]) == (50, 11) and last["whole"] != first["whole"]
    status, errors = call(
        "evaluate.py", "weights/r/generator_2.keras", "--real", faces, "--count", "20", *network
    )
    assert status == 0, errors


def test_without_the_copy_check(trained, network, call, monkeypatch):
    """Only the images that are compared go through the network; it is found from a folder below."""
    status, errors = call("evaluate.py", "r", "--no-copies", "--count", "10", *network)
    assert status == 0, errors
    out = trained.folder / "gan_images/r"
    (found,) = results(out)
    assert "copies_in_pixels" not in found and not list(out.glob("*nearest*"))
    (coarse,) = (trained.folder / "data/cache").glob("*.24.npy")
    assert np.load(coarse).any(axis=1).sum() == 20  # of 24
    below = trained.folder / "below"
    below.mkdir()
    monkeypatch.setattr(trained, "folder", below)
    network[1] = "../net.keras"
    arguments = ("--count", "10", "--out", "mine", "--real", "../gan_images/r/gan_2.png")
    status, errors = call("evaluate.py", "r", *arguments, *network)
    assert status == 2 and "1 real images" in errors
    status, errors = call("evaluate.py", "--count", "10", "--out", "mine", *network)
    assert status == 0, errors
    assert results(below / "mine")[0]["whole"] == found["whole"]
    assert (below / "mine/evaluation_2_nearest_pixels.png").is_file()


def test_what_takes_long_is_announced(capsys):
    """With its time, that it happens once, and how to skip it; what is short is not."""
    evaluate.announce({"compare": (15_000, 80.0), "copies": (5_275, 170.0)})
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Comparing takes the features of 15,000 images: about 80 s."
    assert second == (
        "The copy check takes those of 5,275 further real images, only this once: about 3 min; "
        "--no-copies skips it."
    )
    evaluate.announce({"compare": (20, 1.0), "copies": (0, 0.0)})
    assert capsys.readouterr().out == ""


def test_a_discriminator_as_the_network(trained, monkeypatch, capfd):
    """By its run or its file, also from a folder below; with a warning, which others do not get."""
    below = trained.folder / "below"
    below.mkdir()
    names = ("discriminator:r", "discriminator:../weights/r/discriminator_2.keras")
    for folder, name in zip((trained.folder, below), names, strict=True):
        monkeypatch.chdir(folder)
        arguments = ["r", "--count", "10", "--no-copies", "--network", name]
        monkeypatch.setattr(sys, "argv", ["evaluate.py", *arguments])
        assert evaluate.main() is None
        assert evaluate.CAUTION in capfd.readouterr().out
    first, again = results(trained.folder / "gan_images/r")
    assert first["network"].startswith("discriminator r/discriminator_2.keras")
    assert first["whole"]["frechet"] > 0 and again["whole"] == first["whole"]


def test_truncated_images(trained, network, call):
    """Their results have names of their own; psi 0 gives one image."""
    out = trained.folder / "gan_images/r"
    for psi in ("1", "0.5", "0"):
        status, errors = call("evaluate.py", "r", "--psi", psi, "--count", "20", *network)
        assert status == 0, errors
        name = "evaluation_2" if psi == "1" else f"evaluation_2_psi_{psi}"
        assert (out / f"{name}_nearest_pixels.png").exists()
    found = results(out)
    assert [result["psi"] for result in found] == [1, 0.5, 0]
    frechet, recall = ([result["whole"][key] for result in found] for key in ("frechet", "recall"))
    assert len(set(frechet)) == 3 and recall[-1] == 0


def test_equal_sets_of_images(call, script, network, faces):
    """No distance, and all are copies."""
    arguments = ["--generated", faces, "--real", faces, "--count", "24", *network]
    status, errors = call("evaluate.py", *arguments)
    assert status == 0, errors
    (result,) = results(script.folder)
    found = result["whole"]
    assert not list(script.folder.glob("*.png"))  # they would show real images
    status, errors = call("evaluate.py", *arguments, "--out", "results")
    assert status == 0, errors
    assert (script.folder / "results/evaluation_drawn_nearest_pixels.png").is_file()
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
    (comparison,) = results(script.folder)
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
    assert results(folder)[0]["generated"] == "friend.keras"
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
        (["--scale", "-1,-1"], "two different numbers"),
        (["--input-size", "0"], "from 1 to 4,096"),
        (["--out", str(few / "0.png")], "which is a file"),
        (["--scale", "1"], "'1' is not two different numbers"),
        (["--scale=1,1"], "two different numbers"),
        (["--layer", "last"], "are for a .keras or .onnx file"),
        (network[:2], "net.keras needs --input-size and --scale"),
        (["--generated", few, "--real", faces, *network], "3 generated images"),
        (["--generated", faces, "--real", few, *network], "3 real images"),
        (["--generated", odd, "--real", faces, *network], "all of one size"),
        (["--generated", tmp_path / "none", "--real", faces, *network], "does not exist"),
        (["--network", "vgg"], "must be lite0"),
        (["--network", "discriminator:nobody"], "there is no run nobody"),
    ):
        status, errors = call("evaluate.py", *arguments)
        assert (status, errors.count("error:")) == (2, 1), (arguments, errors)
        assert words in errors
    assert evaluate.input_range("-1, 2.5") == (-1, 2.5)
    assert evaluate.parse(["--scale", "-1,1", *network[:4]]).scale == (-1, 1)


def test_help_and_mistakes_need_no_keras(tmp_path):
    """They are answered before anything slow is imported: also wrong runs, networks and images."""
    for name, count in ("few", 6), ("enough", 20):
        (tmp_path / name).mkdir()
        for i in range(count):
            Image.new("RGB", (8, 8), (i, 0, 0)).save(tmp_path / name / f"{i}.png")
    code = (
        "import sys, evaluate\n"
        "for line in ('--count 0', 'nobody', '--network vgg', '--network discriminator:v5', "
        "'--network no.keras --input-size 8 --scale -1,1', "
        "'--generated nowhere --real nowhere', 'few/0.png', "
        "'--generated few --real few', '--generated enough --real few', "
        "'--generated enough --real enough --out /proc/x'):\n"
        "    sys.argv[1:] = line.split()\n"
        "    try: evaluate.main()\n"
        "    except SystemExit as end: assert end.code == 2\n"
        "    else: raise AssertionError(line)\n"
        "assert not {'keras', 'tensorflow', 'jax', 'onnxruntime', 'scipy'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", code], **options)
    assert done.returncode == 0, done.stderr
    assert "6 generated images" in done.stderr and "6 real images" in done.stderr
    assert "/proc/x could not be written" in done.stderr


def test_a_terminal_without_utf_8(trained, network):
    """The table is printed in ASCII."""
    ascii = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = trained("evaluate.py", "--count", "12", *network, env=ascii)
    assert done.returncode == 0, done.stderr
    assert "Frechet (lower is better)" in done.stdout


def test_results_are_printed_before_they_are_saved(script, network, faces, monkeypatch, capfd):
    """A disk that refuses them ends the program with a sentence, after the table."""
    (script.folder / "full/evaluations.jsonl").mkdir(parents=True)
    monkeypatch.chdir(script.folder)
    images = ["--generated", str(faces), "--real", str(faces), "--no-copies"]
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *images, *network, "--out", "full"])
    with pytest.raises(SystemExit) as ended:
        evaluate.main()
    out, errors = capfd.readouterr()
    assert ended.value.code == 2 and "evaluations.jsonl could not be written" in errors
    assert "Fréchet ↓" in out
