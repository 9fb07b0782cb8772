"""Images from weights: the same seed is the same image, whatever it is generated with."""

import json
import os
import re
import subprocess
import sys
import zipfile

import imageio.v3 as imageio
import keras
import numpy as np
import pytest
from PIL import Image

from anime_gan import __version__
from anime_gan.config import load_config, plain_yaml
from anime_gan.networks.build import build
from anime_gan.sampling.source import note_raw_weights
from anime_gan.training.state import TrainState
from tests.conftest import ROOT, size_of

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]


def pixels(path) -> np.ndarray:
    """Return the pixels of an image file."""
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def trained(script, call):
    """A script runner in whose folder a run `r` of two steps lies."""
    arguments = [
        "run=r",
        "training.steps=2",
        "schedule.checkpoint_every=1",
        "schedule.sample_every=1",
    ]
    status, errors = call("train_gan.py", *script.tiny, *arguments)
    assert status == 0, errors
    return script


def test_sampling_end_to_end(trained, call):
    """A grid by default, single images, films and a figure, from run, file and weights."""
    folder = trained.folder
    assert trained("sample.py", "--seeds", "0-24", "--no-captions").returncode == 0
    grid = np.asarray(Image.open(folder / "gan_images/r/sample_generator_2.png"))
    training_grid = np.asarray(Image.open(folder / "gan_images/r/gan_2.png"))
    assert np.abs(grid.astype(int) - training_grid).max() <= 1  # the same seeds 0 to 24

    for arguments in (
        ("faces", "r", "--seeds", "3,100-101", "--out", "some faces"),
        ("faces", "weights/r/generator_2.keras", "--seeds", "0-4", "--out", "five"),
        ("faces", "weights/r/gan_weights_2.weights.h5", "--seeds", "3", "--out", "old"),
        ("walk", "--seeds", "1,2", "--frames", "4", "--out", "walk"),
        ("walk", "r", "--seeds", "1,2", "--frames", "4", "--fps", "24", "--out", "walk.mp4"),
        ("walk", "--out", "new.mp4", "--size", "32"),
        ("figure", "truncation", "--seeds", "1", "--out", "truncation.png"),
        ("faces", "--seeds", "0-1", "--psi", "-1,0.5,1", "--out", "table"),
        ("film", "r", "--size", "100", "--out", "training.mp4"),
        ("film",),
        ("r", "--grid", "3x2", "--psi", "0.5", "--no-captions", "--out", "small"),
        ("grid", "--seeds", "3,4", "--grid", "2x1", "--psi", "-.5", "--out", "two.png"),
    ):
        status, errors = call("sample.py", *arguments)
        assert status == 0, errors
    names = sorted(path.name for path in (folder / "some faces").iterdir())
    assert names == ["face_00003.png", "face_00100.png", "face_00101.png"]
    third = pixels(folder / "some faces/face_00003.png")
    assert np.array_equal(pixels(folder / "five/face_00003.png"), third)  # whatever the batch
    assert np.array_equal(pixels(folder / "old/face_00003.png"), third)  # whatever the file
    for name in ("walk.gif", "walk.mp4"):
        frames = imageio.imread(folder / name, index=None)
        assert len(frames) == 8 and frames.shape[1:3] == (256, 256)
    assert {path.name for path in (folder / "table").iterdir()} == {"psi_-1", "psi_0.5", "psi_1"}
    first = pixels(folder / "table/psi_1/face_00001.png")
    assert np.array_equal(first, pixels(folder / "five/face_00001.png"))
    assert imageio.imread(folder / "training.mp4", index=None).shape[1:3] == (100, 100)
    for name in ("training.mp4", "new.mp4"):
        assert 6 <= imageio.immeta(folder / name)["duration"] <= 12
    assert (folder / "gan_images/r/training.mp4").is_file()
    assert size_of(folder / "small.png") == (4 * (3 * 34 + 2), 4 * (2 * 34 + 2))
    width, height = size_of(folder / "two.png")
    assert width == 4 * (2 * 34 + 2) and height > 4 * (34 + 2)  # with the seeds below

    for part in ("weights", "gan_images"):  # a run with the name of a command
        (folder / part / "r").rename(folder / part / "walk")
    assert call("sample.py", "grid", "walk", "--grid", "1x1", "--out", "one.png")[0] == 0
    assert (folder / "one.png").is_file()


def test_weights_of_one_backend_are_sampled_on_the_other(trained):
    """Trained on TensorFlow and sampled on JAX, or the other way round: the same images."""
    pytest.importorskip(OTHER)
    for backend in (keras.backend.backend(), OTHER):
        arguments = ("faces", "r", "--seeds", "0-3", "--out", backend)
        done = trained("sample.py", *arguments, env={"KERAS_BACKEND": backend})
        assert done.returncode == 0, done.stderr
    for seed in range(4):
        ours, theirs = (
            np.asarray(Image.open(trained.folder / name / f"face_{seed:05}.png"), int)
            for name in (keras.backend.backend(), OTHER)
        )
        assert np.abs(ours - theirs).max() <= 1


def test_a_users_mistake_is_one_sentence_and_status_2(script, call):
    """Wrong run, wrong file, weights of another version, or of one without styles."""
    folder = script.folder / "weights/r"
    folder.mkdir(parents=True)
    (folder / "broken.keras").write_text("no zip")
    config = load_config(None, ["model.width=0.02"])
    (folder / "config.yaml").write_text(plain_yaml.write(config.model_dump()))
    v4 = load_config(None, ["model.width=0.02", "version=v4"])
    other = folder / "gan_weights_2.weights.h5"
    gan = TrainState(v4)
    gan.combined.save_weights(other)
    damaged = folder / "damaged.keras"
    gan.generator.save(damaged)
    data = damaged.read_bytes()
    (folder / "whole.keras").write_bytes(data)
    with zipfile.ZipFile(folder / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.weights.h5", bytes(10**7))
    (folder / "notes.txt").write_text("a note")
    (folder.parent / "alone.weights.h5").write_bytes(other.read_bytes())
    damaged.write_bytes(data[: len(data) // 2] + bytes(200) + data[len(data) // 2 + 200 :])
    Image.new("RGB", (40, 40)).save(script.folder / "face.png")
    whole = "weights/r/whole.keras"
    for arguments, words in (
        (["nobody"], ["nobody", "train_gan.py"]),
        (["weights/r/broken.keras"], ["broken.keras"]),
        (["weights/r/damaged.keras"], ["damaged.keras", "can't be loaded"]),
        (["weights/r/bomb.keras"], ["bomb.keras", "10 times its size"]),
        (["weights/r/gan_weights_2.weights.h5"], ["can't be loaded", "config.yaml"]),
        (["weights/r/notes.txt"], ["notes.txt", ".keras"]),
        (["weights/alone.weights.h5"], ["alone.weights.h5", "config.yaml"]),
        *(([whole, "--out", out], ["--out"]) for out in (".", "..", "/", "a.txt", "weights")),
        (["grid", whole, "--noise", "none"], ["noise none", "stylegan"]),
        (["walk", whole, "--seeds", "1,2", "--space", "w"], ["walks in w", "stylegan"]),
        (["figure", "mixing", whole], ["mixing", "stylegan"]),
        (["project", "face.png", whole, "--space", "w"], ["w is no space", "take z"]),
        (["film", "nobody"], ["gan_images/nobody", "no grids"]),
        (["film", whole], [whole, "is no run"]),
        (["project", "no.png", whole], ["no image no.png"]),
        (["--grid", "60x60", "--size", "4096", whole], ["60x60", "too large"]),
        (["faces", whole, "--count", "1", "--out", "weights/r/notes.txt"], ["is a file"]),
    ):
        status, errors = call("sample.py", *arguments)
        assert status == 2 and errors.startswith("error: "), errors
        assert all(word in errors for word in words), errors
        assert errors.count("\n") == 1, errors


MISTAKES = (
    ("--grid 5by5", "5by5"),
    ("--grid=", "--grid"),
    ("--psi=", "--psi"),
    ("--psi 1,0", "2 values"),
    ("--psi -11", "--psi '-11'"),
    ("--psi nan", "--psi"),
    ("--noise loud", "--noise const random none"),
    ("--frames 9", "--frames"),
    ("grid --grid 2x2 --seeds 1-5", "2x2 5 faces"),
    ("faces", "--count --seeds"),
    ("faces --count 2 --seeds 3", "--count --seeds"),
    ("faces --count 0", "--count 0"),
    ("faces --seeds 1,x", "1,x"),
    ("faces --count 2 --psi much", "--psi much"),
    ("--grid 999x999", "998,001 4,096 --count"),
    ("--grid 65x64", "4,160"),
    ("--seeds 0-9999", "4,096"),
    ("--upscaler waifu2x", "--size"),  # tests/sampling/test_scale.py has more
    ("--upscaler bicubic --size 9", "--upscaler lanczos"),
    ("faces --count 2 --out face.png", "face.png folder"),
    ("faces --count 2 --out face.JPG", "face.JPG folder"),
    ("project none.png", "none.png"),
    ("walk --seeds=", "--seeds"),
    ("walk --seeds 1", "two"),
    ("walk --seeds 1,2 --psi 1,0", "2 values"),
    ("walk --seeds 1,2 --frames 1", "--frames"),
    ("walk --seeds 1,2 --out a.png", ".gif .mp4"),
    ("walk --seeds 1,2 --fps 60", "GIF 50"),
    ("film --psi 0.5", "--psi"),
    ("film --out a.gif --fps 60", "GIF 50"),
    ("figure portrait", "portrait truncation"),
    ("figure uncurated --seeds 3,9", "uncurated"),
    ("figure uncurated --psi 1,0", "2 values"),
    ("figure mixing --seeds 3", "two"),
    ("figure noise-detail --noise none", "noise"),
    # Forms that were used before there were commands.
    ("--count 10", "faces --count"),
    ("--walk 3,8", "walk --seeds"),
    ("v5 --film", "film"),
    ("--figure=truncation", "figure"),
    ("v5 --project face.png", "project"),
    ("--out /dev/null", "/dev/null not a regular file"),
    ("walk --out /dev/null", "/dev/null not a regular file"),
    ("--noise fixed", "const"),
    ("--noise fresh", "random"),
    ("grid --noise off", "none"),
)


def test_wrong_arguments_are_one_sentence_before_keras_is_imported(tmp_path):
    """The import takes seconds, a mistake is named at once."""
    code = f"""
import sys, sample
from anime_gan.errors import UserError
for line, words in {MISTAKES!r}:
    try:
        sample.parse(line.split())
    except UserError as error:
        wrong = [word for word in words.split() if word not in str(error)]
        assert not wrong and len(str(error).splitlines()) == 1, (line, str(error))
    else:
        raise AssertionError(line)
for line in (
    "nobody", "faces weights/no --count 2", "film a,no", "project no.png", "film r",
    "project text.png w.keras", "discriminator_3.keras", "w.keras --out /proc/a.png",
    "faces w.keras --count 2 --out /proc/a",
):
    sys.argv[1:] = line.split()
    try:
        sample.main()
    except SystemExit as end:
        assert end.code == 2
    else:
        raise AssertionError(line)
assert "keras" not in sys.modules
"""
    (tmp_path / "gan_images/r").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(tmp_path / "gan_images/r/gan_1.png")  # one, a film needs two
    (tmp_path / "text.png").write_text("version: v5")
    for name in ("w.keras", "discriminator_3.keras"):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            file.writestr("config.json", "{}")
            file.writestr("model.weights.h5", "")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("error:") == 9 and "just one grid" in done.stderr
    assert "text.png can't be read" in done.stderr
    assert "discriminator_3.keras is not a generator" in done.stderr
    assert "/proc could not be written" in done.stderr


def test_a_mistake_ends_with_status_2(script):
    """In a process of its own; --help with 0."""
    done = script("sample.py", "--count", "10")
    assert done.returncode == 2 and done.stderr.startswith("error: --count needs a command")
    done = script("sample.py", "walk", "--help")
    assert done.returncode == 0 and "--frames" in done.stdout and "--fps" in done.stdout


def run_of(folder, name: str, version: str = "v5"):
    """Make a run with the weights of a tiny generator."""
    config = load_config(None, ["model.width=0.02", "model.resolution=32", f"version={version}"])
    weights = folder / "weights" / name
    weights.mkdir(parents=True)
    (weights / "config.yaml").write_text(plain_yaml.write(config.model_dump()))
    build(config).generator.save(weights / "generator_7.keras")


def test_new_faces_by_default_and_no_file_is_replaced_unasked(script, call):
    """Each call has other seeds, says which, and writes a file of its own; --out is replaced."""
    run_of(script.folder, "r")
    images, seeds = script.folder / "gan_images/r", []
    for _ in range(2):
        assert call("sample.py", "r", "--grid", "2x1", "--no-captions") == (0, "")
    names = ["sample_generator_7.png", "sample_generator_7_002.png"]
    assert sorted(path.name for path in images.iterdir()) == names
    for name in names:
        with Image.open(images / name) as image:
            about = image.text
        seeds.append(about["seeds"])
        assert {"run": "r", "step": "7", "psi": "1", "noise": "const"}.items() <= about.items()
        assert about["Software"] == f"anime-gan {__version__}"
    assert seeds[0] != seeds[1]
    again = ("--seeds", seeds[0], "--no-captions", "--out", "again.png", "--grid", "2x1")
    assert call("sample.py", *again) == call("sample.py", *again) == (0, "")
    assert np.array_equal(pixels(script.folder / "again.png"), pixels(images / names[0]))
    assert not (script.folder / "again_002.png").exists()
    for _ in range(2):
        assert call("sample.py", "faces", "--seeds", "3", "--out", "f") == (0, "")
        assert call("sample.py", "faces", "--count", "1") == (0, "")
    assert sorted(path.name for path in (script.folder / "f").iterdir()) == [
        "face_00003.png",
        "face_00003_002.png",
    ]
    assert (images / "sample_generator_7").is_dir() and (images / "sample_generator_7_002").is_dir()


def test_the_seeds_are_printed(script, call):
    """As the option that draws the same faces again."""
    run_of(script.folder, "r")
    done = script("sample.py", "--grid", "2x1", "--out", "a.png")
    assert done.returncode == 0, done.stderr
    seeds = re.search(r"--seeds (\d+-\d+)", done.stdout)[1]
    again = ("--seeds", seeds, "--grid", "2x1", "--out", "b.png")
    assert call("sample.py", *again) == (0, "")
    assert np.array_equal(pixels(script.folder / "a.png"), pixels(script.folder / "b.png"))


def test_sizes_and_formats(script, call):
    """Faces and grids of any height; JPEG and WebP at a high quality, with their seeds too."""
    run_of(script.folder, "r")
    folder = script.folder
    for arguments in (
        ("faces", "--seeds", "3", "--size", "100", "--out", "f"),
        ("--seeds", "3-4", "--size", "50", "--no-captions", "--out", "g.png"),
        ("--seeds", "3-4", "--size", "64", "--out", "g.jpg"),
        ("--seeds", "3-4", "--size", "64", "--out", "g.webp"),
        ("figure", "truncation", "--seeds", "3", "--size", "40", "--out", "t.png"),
    ):
        assert call("sample.py", *arguments) == (0, "")
    assert size_of(folder / "f/face_00003.png") == (100, 100)
    assert size_of(folder / "g.png") == (2 * 52 + 2, 52 + 2)
    with Image.open(folder / "g.jpg") as image:
        assert json.loads(image.getexif()[0x010E])["seeds"] == "3-4"
        assert max(image.quantization[0]) <= 12  # at quality 75 it is 60
    with Image.open(folder / "g.webp") as image:
        assert json.loads(image.getexif()[0x010E])["run"] == "r"
    with Image.open(folder / "t.png") as image:
        assert image.text["psi"] == "1.2,1,0.7,0.5,0,-0.5,-1" and image.text["figure"]


def test_a_run_is_found_from_a_folder_in_the_project(script, call, monkeypatch):
    """Results lie in the run's folder, and what the user named in the current one."""
    run_of(script.folder, "r")
    below = script.folder / "notes/today"
    below.mkdir(parents=True)
    monkeypatch.setattr(script, "folder", below)
    assert call("sample.py", "--grid", "1x1") == (0, "")
    assert (below / "../../gan_images/r/sample_generator_7.png").is_file()
    assert call("sample.py", "../../weights/r/", "--grid", "1x1", "--out", "one.png") == (0, "")
    assert (below / "one.png").is_file()
    assert not (below / "gan_images").exists()


def test_raw_weights_of_a_run_with_an_ema_are_named(tmp_path, capsys):
    """The file that holds the moving average is named; without one, there is nothing to say."""
    for version, words in (("stylegan", "generator_<step>.keras"), ("v5", "")):
        config = load_config(None, [f"version={version}"])
        (tmp_path / "config.yaml").write_text(plain_yaml.write(config.model_dump()))
        note_raw_weights(tmp_path / "gan_weights_2.weights.h5")
        assert words in (said := capsys.readouterr().out) and bool(said) == bool(words)


def test_stylegan_end_to_end(script, call):
    """Grown from 8x8 to 16x16 in four steps: its stages' weights, figures, films and projection."""
    tiny = [value for value in script.tiny if not value.startswith("model.resolution")]
    growing = ["fade_kimg=0.004", "stable_kimg=0.004", "batch_at={8: 4, 16: 4, 32: 4}"]
    status, errors = call(
        "train_gan.py",
        *tiny,
        "version=stylegan",
        "run=s",
        "model.resolution=16",
        "model.latent_dim=8",
        "training.steps=3",
        "schedule.checkpoint_every=1",
        "schedule.sample_every=1",
        *(f"growing.{value}" for value in growing),
    )
    assert status == 0, errors
    folder = script.folder
    small, large = (
        np.asarray(Image.open(folder / f"gan_images/s/gan_{step}.png")) for step in (1, 3)
    )
    assert small.shape == large.shape  # faces of 8x8 are shown as large as the last
    status, errors = call("sample.py", "weights/s/generator_1.keras", "--out", "first.png")
    assert status == 0, errors
    status, errors = call("sample.py", "weights/s/gan_weights_1.weights.h5", "--out", "same.png")
    assert status == 0, errors
    ours, theirs = (
        np.asarray(Image.open(folder / name), int) for name in ("first.png", "same.png")
    )
    assert ours.shape == theirs.shape
    (folder / "its v1.0 face.png").write_bytes((folder / "first.png").read_bytes())
    (folder / "found.mp4").touch()
    for arguments in (
        ("figure", "mixing", "s", "--seeds", "0-3"),
        ("walk", "s", "--seeds", "1,2", "--frames", "2", "--psi", "0.7", "--noise", "random"),
        ("walk", "s", "--seeds", "1,2", "--frames", "2", "--space", "z", "--out", "z.gif"),
        ("project", folder / "gan_images/s/gan_3.png", "s", "--steps", "3", "--out", "found.png"),
        ("project", "its v1.0 face.png", "s", "--steps", "1"),
        ("walk", "s", "--seeds", "1,found_002.npz,3", "--frames", "2", "--out", "to.gif"),
    ):
        assert call("sample.py", *arguments)[0] == 0, arguments
    made = {path.name for path in (folder / "gan_images/s").iterdir()}
    names = {"mixing_generator_3.png", "walk_generator_3.gif"}
    assert names | {"projection_its_v1_0_face_generator_3.png"} <= made
    assert (folder / "found_002.mp4").is_file() and not (folder / "found.mp4").read_bytes()
    (folder / "none.png").write_text("no image")
    status, errors = call("sample.py", "project", "none.png", "s")
    assert status == 2 and "none.png" in errors and errors.count("\n") == 1, errors
