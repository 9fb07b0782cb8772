"""Faces from weights: the same seed is the same face, whatever it is drawn with."""

import imageio.v3 as imageio
import keras
import numpy as np
import pytest
import yaml
from PIL import Image

import models
from config import load_config
from errors import UserError
from sample import parse_seeds, walk
from training.gan import Gan, latents_of

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]


@pytest.fixture
def trained(script, call):
    """A script runner in whose folder a run `r` of two steps lies."""
    arguments = ["run=r", "training.steps=2", "schedule.checkpoint_every=1"]
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
        assert len(frames) >= 6 and frames.shape[1:3] == (128, 128)


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
    config = load_config(None, ["model.width=0.02"], models.get_recipe)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump()))
    v4 = load_config(None, ["model.width=0.02", "version=v4"], models.get_recipe)
    other = folder / "gan_weights_2.weights.h5"
    gan = Gan.create(models.get_version("v4"), v4)
    gan.combined.save_weights(other)
    damaged = folder / "damaged.keras"
    gan.generator.save(damaged)
    data = damaged.read_bytes()
    (folder / "whole.keras").write_bytes(data)
    (folder / "notes.txt").write_text("a note")
    (folder.parent / "alone.weights.h5").write_bytes(other.read_bytes())
    damaged.write_bytes(data[: len(data) // 2] + bytes(200) + data[len(data) // 2 + 200 :])
    for arguments, words in (
        (["nobody"], ["nobody", "train_gan.py"]),
        (["weights/r/broken.keras"], ["broken.keras"]),
        (["weights/r/damaged.keras"], ["damaged.keras", "can't be loaded"]),
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
        (["--walk", "1,2,3"], ["--walk"]),
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


def test_a_walk_stays_where_latents_are_and_closes():
    """It begins and ends at its seeds, comes back, and never passes through the empty middle."""
    way = walk(3, 8, 10, 100)
    ends = latents_of([3, 8], 100)
    assert way.shape == (20, 100)
    for place, seed in ((0, 0), (9, 1), (10, 1), (19, 0)):
        np.testing.assert_allclose(way[place], ends[seed], atol=1e-5)
    lengths = np.linalg.norm(way, axis=1)
    assert lengths.min() > 0.95 * np.linalg.norm(ends, axis=1).min()
    np.testing.assert_allclose(walk(3, 3, 4, 100)[1], ends[0], atol=1e-6)
