"""Faces from weights: the same seed is the same face, whatever it is drawn with."""

import zipfile

import imageio.v3 as imageio
import keras
import numpy as np
import pytest
import yaml
from PIL import Image

from anime_gan import networks
from anime_gan.config.schema import load_config
from anime_gan.errors import UserError
from anime_gan.training.state import Gan
from sample import parse_seeds

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]


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
    """Grid by default, single faces by count and seeds, a film, from run, file and weights."""
    folder = trained.folder
    assert trained("sample.py").returncode == 0
    grid = np.asarray(Image.open(folder / "gan_images/r/sample_generator_2.png"))
    training_grid = np.asarray(Image.open(folder / "gan_images/r/gan_2.png"))
    assert np.abs(grid.astype(int) - training_grid).max() <= 1  # the same seeds 0 to 24

    for arguments in (
        ("r", "--seeds", "3,100-101", "--out", "some faces"),
        ("weights/r/generator_2.keras", "--count", "5", "--out", "five"),
        ("weights/r/gan_weights_2.weights.h5", "--seeds", "3", "--out", "old"),
        ("--walk", "1,2", "--frames", "4", "--out", "walk.gif"),
        ("--walk", "1,2", "--frames", "4", "--out", "walk.mp4"),
        ("--figure", "truncation", "--seeds", "1", "--out", "truncation.png"),
        ("--count", "2", "--psi", "1,0.5,-1", "--out", "table"),
        ("r", "--film", "--size", "100", "--out", "training.mp4"),
    ):
        status, errors = call("sample.py", *arguments)
        assert status == 0, errors
    names = sorted(path.name for path in (folder / "some faces").iterdir())
    assert names == ["face_100.png", "face_101.png", "face_3.png"]
    third = (folder / "some faces/face_3.png").read_bytes()
    assert (folder / "five/face_3.png").read_bytes() == third  # whatever the batch
    assert (folder / "old/face_3.png").read_bytes() == third  # whatever the file
    for name in ("walk.gif", "walk.mp4"):
        frames = imageio.imread(folder / name, index=None)
        assert len(frames) == 8 and frames.shape[1:3] == (256, 256)
    assert sorted(path.name for path in (folder / "table").iterdir()) == [
        "psi_-1",
        "psi_0.5",
        "psi_1",
    ]
    assert (folder / "table/psi_1/face_1.png").read_bytes() == (
        folder / "five/face_1.png"
    ).read_bytes()
    assert imageio.imread(folder / "training.mp4", index=None).shape[:2] == (25, 100)


def test_weights_of_one_backend_are_sampled_on_the_other(trained):
    """Trained on TensorFlow and drawn on JAX, or the other way round: the same faces."""
    pytest.importorskip(OTHER)
    for backend in (keras.backend.backend(), OTHER):
        done = trained(
            "sample.py", "r", "--seeds", "0-3", "--out", backend, env={"KERAS_BACKEND": backend}
        )
        assert done.returncode == 0, done.stderr
    for seed in range(4):
        ours, theirs = (
            np.asarray(Image.open(trained.folder / name / f"face_{seed}.png"), int)
            for name in (keras.backend.backend(), OTHER)
        )
        assert np.abs(ours - theirs).max() <= 1


def test_a_users_mistake_is_one_sentence_and_status_2(script, call):
    """Wrong run, wrong file, weights of another version, wrong lists."""
    folder = script.folder / "weights/r"
    folder.mkdir(parents=True)
    (folder / "broken.keras").write_text("no zip")
    config = load_config(None, ["model.width=0.02"], networks.get_recipe)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump()))
    v4 = load_config(None, ["model.width=0.02", "version=v4"], networks.get_recipe)
    other = folder / "gan_weights_2.weights.h5"
    gan = Gan.create(networks.get_version("v4"), v4)
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
    for arguments, words in (
        (["nobody"], ["nobody", "train_gan.py"]),
        (["weights/r/broken.keras"], ["broken.keras"]),
        (["weights/r/damaged.keras"], ["damaged.keras", "can't be loaded"]),
        (["weights/r/bomb.keras"], ["bomb.keras", "10 times its size"]),
        (["weights/r/gan_weights_2.weights.h5"], ["another version"]),
        (["weights/r/notes.txt"], ["notes.txt", ".keras"]),
        (["weights/alone.weights.h5"], ["alone.weights.h5", "config.yaml"]),
        *(
            (["weights/r/whole.keras", "--out", out], ["--out"])
            for out in (".", "..", "/", "a.txt")
        ),
        (["weights/r/whole.keras", "--walk", "1,2", "--out", "a.png"], [".gif or .mp4"]),
        (["--grid", "5by5"], ["5by5"]),
        (["--seeds", "1,x"], ["1,x"]),
        (["--count", "0"], ["--count", "0"]),
        (["--walk", "1"], ["--walk", "two"]),
        (["--walk", "1,2", "--frames", "1"], ["--frames"]),
        (["--walk", "1,2", "--film"], ["--walk", "--film"]),
        (["--count", "2", "--psi", "much"], ["--psi", "much"]),
        (["weights/r/whole.keras", "--psi", "1,0"], ["--psi", "--count"]),
        (["weights/r/whole.keras", "--noise", "off"], ["--noise", "stylegan"]),
        (["weights/r/whole.keras", "--walk", "1,2", "--space", "w"], ["--space", "stylegan"]),
        (["weights/r/whole.keras", "--figure", "mixing"], ["mixing", "stylegan"]),
        (["weights/r/whole.keras", "--project", "face.png"], ["--project", "stylegan"]),
        (["nobody", "--film"], ["gan_images/nobody", "no grids"]),
        (["--psi", ""], ["--psi"]),
        (["--walk", ""], ["seeds"]),
        (["--grid", ""], ["--grid"]),
        (["--count", "2", "--seeds", "3"], ["--count", "--seeds"]),
        (["--grid", "2x2", "--seeds", "1-5"], ["2x2", "5"]),
        (["--walk", "1,2", "--seeds", "3"], ["--seeds", "--walk", "--grid"]),
        (["--film", "--psi", "0.5"], ["--psi", "--film", "--walk"]),
        (["--frames", "9"], ["--frames", "--grid", "--walk"]),
        (["--figure", "uncurated", "--seeds", "3,9"], ["uncurated"]),
        (["weights/r/whole.keras", "--figure", "uncurated", "--psi", "1,0"], ["--psi", "2 values"]),
        (["weights/r/whole.keras", "--count", "1", "--out", "weights/r/notes.txt"], ["is a file"]),
    ):
        status, errors = call("sample.py", *arguments)
        assert status == 2 and errors.startswith("error: "), errors
        assert all(word in errors for word in words), errors
        assert errors.count("\n") == 1, errors


def test_seeds_are_parsed_or_refused():
    """1,5,100-102 is what it looks like."""
    assert parse_seeds("1, 5,100-102") == [1, 5, 100, 101, 102]
    for text in ("", "a", "-1", "5-3", "1,,2", "0-99999999999"):
        with pytest.raises(UserError):
            parse_seeds(text)


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
    for arguments in (
        ("--figure", "mixing", "--seeds", "0-3"),
        ("--walk", "1,2", "--frames", "2", "--psi", "0.7", "--noise", "fresh"),
        ("--walk", "1,2", "--frames", "2", "--space", "z", "--out", "z.gif"),
        ("--project", folder / "gan_images/s/gan_3.png", "--steps", "3", "--out", "found.png"),
        ("--project", "its v1.0 face.png", "--steps", "1"),
    ):
        status, errors = call("sample.py", "s", *arguments)
        assert status == 0, errors
    made = {path.name for path in (folder / "gan_images/s").iterdir()}
    assert {"mixing_generator_3.png", "walk_generator_3.gif"} <= made
    assert "projection_its_v1_0_face_generator_3.png" in made
    assert (folder / "found.png").is_file() and (folder / "found.mp4").is_file()
    (folder / "none.png").write_text("no picture")
    status, errors = call("sample.py", "s", "--project", "none.png")
    assert status == 2 and "none.png" in errors and errors.count("\n") == 1, errors
    status, errors = call("sample.py", "s", "--figure", "noise-detail", "--noise", "off")
    assert status == 2 and "--noise" in errors and errors.count("\n") == 1, errors
