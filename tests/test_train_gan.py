"""Training from start to end, as a user runs it: a few tiny steps on demo faces."""

import fcntl
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from anime_gan import __version__
from anime_gan.data.batches import Batches
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.listing import best_distance
from anime_gan.runs.page import renew_page
from anime_gan.runs.run import Run
from tests.conftest import ROOT, SLOW_ON_JAX, size_of
from tests.metrics.test_measures import network

IMAGES = {"shows": "training images"}  # what reals.png says
SHORT = ["training.steps=4", "schedule.sample_every=2", "schedule.checkpoint_every=3", "run=r"]


def arrays(folder: Path, step: int, run: str = "r") -> dict[str, np.ndarray]:
    """The arrays of a checkpoint."""
    with np.load(folder / f"weights/{run}/checkpoint_{step}.npz") as file:
        return {name: file[name] for name in file.files if name != "facts.json"}


def facts_on_page(folder: Path) -> set[str]:
    """The values at the top of the run's page."""
    return set(re.findall("<dd>(.*?)</dd>", (folder / "gan_images/r/index.html").read_text()))


def losses(folder: Path) -> list[tuple]:
    """(step, both losses) of every line of the log."""
    lines = (folder / "gan_images/r/losses.jsonl").read_text().splitlines()
    return [(row["step"], row["d_loss"], row["g_loss"]) for row in map(json.loads, lines)]


@pytest.mark.backends
def test_a_run_writes_all_files_and_the_same_command_says_it_is_finished(script):
    """Grids, curve, log, TensorBoard, weights on schedule and at the end, config; then nothing."""
    done = script("train_gan.py", *script.tiny, *SHORT)
    assert done.returncode == 0, done.stderr
    assert f"with {keras.backend.backend()}." in done.stdout
    images, weights = script.folder / "gan_images/r", script.folder / "weights/r"
    for name in ("gan_0.png", "gan_2.png", "gan_4.png", "reals.png"):  # 0: untrained
        assert size_of(images / name) == (4 * 172, 4 * 172)
        about = {"Software": f"anime-gan {__version__}", "run": "r", "version": "v5"}
        step = re.sub(r"\D", "", name)
        own = {"step": step, "seeds": "0-24", "weights": "raw"} if step else IMAGES
        with Image.open(images / name) as image:
            assert image.text == about | own
    assert size_of(images / "losses.png")[0] > 500
    assert [row[0] for row in losses(script.folder)] == [1, 2, 3, 4]
    assert list((images / "tensorboard").glob("events*"))
    names = {path.name for path in weights.iterdir()} - {".lock"}
    assert names == {
        *(f"checkpoint_{step}.npz" for step in (2, 3, 4)),
        *(f"gan_weights_{step}.weights.h5" for step in (3, 4)),
        *(f"generator_{step}.keras" for step in (3, 4)),
        *(f"discriminator_{step}.keras" for step in (3, 4)),
        "config.yaml",
        "gan.json",
    }
    for step, name in ((4, "gan_4.png"), (4, "losses.png")):
        assert name in done.stdout and f"generator_{step}.keras" in done.stdout
    assert done.stdout.count("gan_images/r/index.html") == 2  # in the first lines and the last
    assert {"finished", "4 of 4"} < facts_on_page(script.folder)
    before = {path: path.stat().st_mtime_ns for path in weights.iterdir() if path.name != ".lock"}
    again = script("train_gan.py", *script.tiny, *SHORT)
    assert again.returncode == 0 and "finished" in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in before}
    check_plain_keras(weights, images)


def test_other_versions_log_more_and_sample_from_their_ema(script, call):
    """wgan_gp with an EMA: scores and penalty are logged, and generator_<step>.keras is the EMA."""
    status, errors = call(
        "train_gan.py",
        *script.tiny,
        *SHORT,
        *("version=wgan_gp", "training.n_critic=2", "training.ema_kimg=0.1"),
    )
    assert status == 0, errors
    lines = (script.folder / "gan_images/r/losses.jsonl").read_text().splitlines()
    assert {"real_score", "fake_score", "penalty"} < set(json.loads(lines[-1]))
    saved = keras.models.load_model(script.folder / "weights/r/generator_4.keras")
    state = arrays(script.folder, 4)
    ema = [value for name, value in state.items() if name.startswith("average/")]
    for variable, mean in zip(saved.variables, ema, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), mean)
    assert not np.array_equal(ema[0], state["generator/000/kernel"])
    assert call("sample.py", "faces", "r", "--seeds", "1")[0] == 0


def check_plain_keras(weights: Path, images: Path) -> None:
    """Weights open in plain Keras, in a process where none of this project can be imported."""
    code = """
import sys, numpy as np, keras
weights, images = sys.argv[1:]
generator = keras.saving.load_model(f"{weights}/generator_4.keras")
combined = keras.models.model_from_json(open(f"{weights}/gan.json").read())
combined.load_weights(f"{weights}/gan_weights_4.weights.h5")
same = combined.get_layer("generator")
z = np.random.normal(size=(3, 100))
assert np.array_equal(np.asarray(generator(z)), np.asarray(same(z)))
assert not [name for name in sys.modules if name.startswith("anime_gan")]
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(weights), str(images)],
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.backends
def test_an_interrupted_run_resumes_bit_exactly(script, tmp_path):
    """SIGTERM saves first; the same command ends with the same weights, losses and log."""
    unbroken = script("train_gan.py", *script.tiny, *SHORT, "training.steps=20")
    assert unbroken.returncode == 0, unbroken.stderr
    stopped = tmp_path / "stopped"
    stopped.mkdir()
    command = [sys.executable, str(ROOT / "train_gan.py"), *script.tiny, *SHORT]
    command += ["training.steps=20"]
    process = subprocess.Popen(command, cwd=stopped, stderr=subprocess.PIPE, text=True)
    log = stopped / "gan_images/r/losses.jsonl"
    while process.poll() is None and not (log.exists() and log.stat().st_size > 100):
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM, errors
    reached = losses(stopped)[-1][0]
    assert reached < 20
    assert (stopped / f"weights/r/checkpoint_{reached}.npz").exists()
    assert {"stopped", f"{reached} of 20"} < facts_on_page(stopped)
    again = subprocess.run(command, cwd=stopped, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert losses(stopped) == losses(script.folder)
    for name, array in arrays(script.folder, 20).items():
        np.testing.assert_array_equal(array, arrays(stopped, 20)[name], err_msg=name)
    grids = [folder / "gan_images/r/gan_20.png" for folder in (stopped, script.folder)]
    assert grids[0].read_bytes() == grids[1].read_bytes()


@SLOW_ON_JAX
def test_a_run_starts_from_the_weights_of_another(script, call):
    """Its first grid shows the other's last faces; it resumes by itself, without the other.

    With so few images, augmentation is adaptive.
    """
    assert call("train_gan.py", *script.tiny, *SHORT)[0] == 0
    begun = [*script.tiny, *SHORT, "run=new", "training.start_from=r"]
    done = script("train_gan.py", *begun)
    assert done.returncode == 0, done.stderr
    assert "Starting from weights/r/generator_4.keras: all layers of the generator" in done.stdout
    assert "Augmentation is adaptive" in done.stdout and "Warning" not in done.stderr
    grids = [script.folder / f"gan_images/{name}.png" for name in ("r/gan_4", "new/gan_0")]
    first, second = (np.asarray(Image.open(path)) for path in grids)
    np.testing.assert_array_equal(first, second)
    shutil.rmtree(script.folder / "weights/r")
    longer = script("train_gan.py", *begun, "training.steps=5")
    assert longer.returncode == 0 and "Starting from" not in longer.stdout, longer.stderr
    log, first = script.folder / "gan_images/new/losses.jsonl", "gan_images/other/losses.jsonl"
    assert ["augment_p" in row for row in log.read_text().splitlines()] == [True] * 5
    refused = ["run=other", "training.start_from=new", "augment.p=0"]
    assert call("train_gan.py", *begun, *refused)[0] == 0
    assert "augment_p" not in (script.folder / first).read_text()
    status, errors = call("train_gan.py", *script.tiny, *SHORT, "run=new", "training.steps=9")
    assert status == 2 and "cannot change these settings: training.start_from: r -> None" in errors


@pytest.mark.parametrize("source", ["nowhere", "none.keras", "note.txt", "bad.keras"])
def test_a_start_that_is_not_there_is_one_sentence(script, call, source):
    """Before Keras is imported, and before anything is written."""
    (script.folder / "note.txt").write_text("none")
    (script.folder / "bad.keras").write_bytes(b"none")
    status, errors = call("train_gan.py", *script.tiny, *SHORT, f"training.start_from={source}")
    assert status == 2 and source in errors and errors.count("error:") == 1, errors
    assert not (script.folder / "weights").exists()


def test_other_networks_are_refused_and_more_steps_are_accepted(script, call, monkeypatch):
    """Other shapes: one sentence with each key, status 2. Other steps: a note, and training."""
    assert call("train_gan.py", *script.tiny, *SHORT)[0] == 0
    wider = ["model.width=0.05", "training.steps=6"]
    status, errors = call("train_gan.py", *script.tiny, *SHORT, *wider)
    assert status == 2 and "model.width: 0.02 -> 0.05" in errors
    # Before Keras and the images are there, and also where the run is finished.
    with monkeypatch.context() as patched:
        patched.setattr("train_gan.first_images", None)
        for other, change in (
            (["r", *wider], "model.width: 0.02 -> 0.05"),
            (["r", "model.width=0.05"], "model.width: 0.02 -> 0.05"),
            (["r", "version=v4"], "version: v5 -> v4"),
            (["r", "v4"], "version: v5 -> v4"),
        ):
            status, errors = call("train_gan.py", *other)
            assert status == 2 and change in errors and "new run with run=NAME" in errors
    longer = script("train_gan.py", *script.tiny, *SHORT, "training.steps=6")
    assert longer.returncode == 0, longer.stderr
    assert "training.steps: 4 -> 6" in longer.stdout
    assert [row[0] for row in losses(script.folder)] == [1, 2, 3, 4, 5, 6]


def test_a_second_start_of_a_running_run_is_refused(script, call):
    """Two processes would write over each other."""
    (script.folder / "weights/r").mkdir(parents=True)
    with (script.folder / "weights/r/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 2 and "another process" in errors


def test_a_folder_that_cannot_be_written_is_named(script, call):
    """A file where the folder should be, which stops even root."""
    (script.folder / "gan_images").touch()
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 2 and "gan_images/r could not be written" in errors


def test_a_run_goes_on_without_its_page(script, call, monkeypatch):
    """Where it can't be written, which is said once; it follows each grid, and an error too."""
    states = []

    def noting(folder, config, standing, curves):
        states.append((standing.step, standing.state))
        renew_page(folder, config, standing, curves)

    monkeypatch.setattr("anime_gan.runs.run.renew_page", noting)
    page = script.folder / "gan_images/r/index.html"
    page.mkdir(parents=True)
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 0 and errors.count("index.html can't be written (Is a directory)") == 1
    assert states == [(0, "training"), (2, "training"), (4, "finished")]
    page.rmdir()
    monkeypatch.setattr(Run, "measure", lambda *arguments: 1 / 0)
    monkeypatch.setattr("anime_gan.metrics.during_training.Metrics.due", lambda *arguments: True)
    with pytest.raises(ZeroDivisionError):
        call("train_gan.py", *script.tiny, *SHORT, "training.steps=9")
    assert states[3:] == [(4, "training"), (5, "stopped")]
    assert {"stopped", "5 of 9"} < facts_on_page(script.folder)


def test_the_page_of_a_run_that_grows(script, call, monkeypatch):
    """Renewed by each stage; no stage but the last says that the run has ended."""
    states = []
    monkeypatch.setattr(
        "anime_gan.runs.run.renew_page",
        lambda folder, config, standing, curves: states.append((standing.step, standing.state)),
    )
    stages = ["growing.start=16", "growing.fade_kimg=0", "growing.stable_kimg=0.008"]
    batches = ["growing.batch_at={16: 4, 32: 4}", "training.steps=3"]
    status, errors = call("train_gan.py", *script.tiny, "version=stylegan", *stages, *batches)
    assert status == 0, errors
    assert states == [(0, "training"), (2, "training"), (3, "finished")]


def test_a_dry_run_writes_nothing_and_prints_the_costs(script):
    """Parameters, memory, images a second and the time of the whole run; no file, no cache."""
    done = script("train_gan.py", *script.tiny, "--dry-run", "data.images=demo")
    assert done.returncode == 0, done.stderr
    for word in ("parameters", "memory", "images/s", "5,000 steps"):
        assert word in done.stdout
    assert list(script.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data.images=nowhere/*.png"], ["nowhere"]),
        (["training.batch_size=500"], ["24", "500"]),
        (["version=v7"], ["v7", "v5"]),
        (["objective.name=hinge"], ["hinge", "v5", "sigmoid"]),
        (["training.stesp=3"], ["training.stesp", "training.steps"]),
        (["--config", "none.yaml"], ["none.yaml"]),
    ],
)
def test_a_users_mistake_is_one_sentence_and_status_2(script, call, arguments, words):
    """No traceback, and no folder of a run that never started."""
    status, errors = call("train_gan.py", *script.tiny, *SHORT, *arguments)
    assert status == 2
    message = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert len(message) == 1 and all(word in message[0] for word in words), errors
    assert not (script.folder / "weights").exists()


def test_unusable_images_are_counted_and_listed(script, faces):
    """The run trains without them and names the file with the reasons."""
    mixed = script.folder / "mixed"
    shutil.copytree(faces, mixed)
    (mixed / "broken.jpg").write_bytes(b"no image")
    done = script("train_gan.py", *script.tiny, *SHORT, "training.steps=1", f"data.images={mixed}")
    assert done.returncode == 0, done.stderr
    assert "24 images" in done.stdout and re.search(r"Left out: \d files, listed in", done.stdout)
    (listing,) = script.folder.glob("data/cache/*.skipped.txt")
    assert str(listing.relative_to(script.folder)) in done.stdout
    assert "broken.jpg\ttext file\n" in listing.read_text()


def test_a_mistake_prints_no_traceback(script):
    """The same from a real start."""
    done = script("train_gan.py", "version=v7")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_images_that_vanish_lose_no_step(script, call, monkeypatch):
    """Steps since the last checkpoint are saved before the error ends the run."""
    read = Batches.__next__

    def vanishing(batches):
        if batches._step == 3:
            raise UserError("the images can't be read any more.")
        return read(batches)

    monkeypatch.setattr(Batches, "__next__", vanishing)
    status, errors = call("train_gan.py", *script.tiny, "run=r", "training.steps=9")
    assert status == 2 and "can't be read any more" in errors
    monkeypatch.undo()
    monkeypatch.chdir(script.folder)
    assert checkpoint.newest(script.folder / "weights/r")[0]["step"] == 3


@pytest.mark.parametrize("removed", ["weights/r", "gan_images/r"])
def test_a_run_whose_files_are_removed_loses_no_step(removed, script, call, monkeypatch):
    """What is left and the newest step are saved in new folders, and the run can go on."""
    read = Batches.__next__

    def removing(batches):
        if batches._step == 3:
            shutil.rmtree(removed)
        return read(batches)

    monkeypatch.setattr(Batches, "__next__", removing)
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 2 and "files of run r were removed" in errors and "step 4 is saved" in errors
    monkeypatch.undo()
    monkeypatch.chdir(script.folder)
    assert checkpoint.newest(script.folder / "weights/r")[0]["step"] == 4
    assert call("train_gan.py", *script.tiny, *SHORT, "training.steps=5")[0] == 0
    assert (script.folder / "gan_images/r/gan_5.png").exists()


def test_losses_that_are_not_numbers_stop_the_run_with_the_last_checkpoint_whole(script, call):
    """The step is named, and good files are not overwritten."""
    assert script("train_gan.py", *script.tiny, *SHORT).returncode == 0
    folder = script.folder / "weights/r"
    facts, state = checkpoint.newest(folder)
    name = next(name for name in state if name.startswith("discriminator/"))
    state[name][:] = np.nan  # as if the last step had gone wrong
    checkpoint.save(folder, 4, state, facts, keep=3)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*_*")}
    status, errors = call("train_gan.py", *script.tiny, *SHORT, "training.steps=8")
    assert status == 2 and "not a finite number at step 5" in errors
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("*_*")}
    assert [row[0] for row in losses(script.folder)] == [1, 2, 3, 4]


@pytest.mark.backends
def test_observing_and_measuring_change_nothing(script, call, monkeypatch):
    """A run that is observed and measured at every step, and interrupted, is the same run."""
    monkeypatch.setattr("anime_gan.runs.health.SHARE", 1e-9)
    assert call("train_gan.py", *script.tiny, *SHORT)[0] == 0
    monkeypatch.setattr("anime_gan.runs.health.SHARE", 1e9)
    monkeypatch.setattr("anime_gan.metrics.during_training.open_network", lambda name: network())
    after = "anime_gan.metrics.during_training.Metrics._after"
    monkeypatch.setattr(after, lambda self, seconds, cost: 0.0)
    for steps in ("training.steps=2", "training.steps=4"):
        arguments = [*SHORT, "run=s", "metrics.share=0.04", steps]
        assert call("train_gan.py", *script.tiny, *arguments)[0] == 0
    for name in ("metrics", "health"):
        lines = (script.folder / f"gan_images/s/{name}.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4]
    distance, step = best_distance(RunFolder("s"))
    best, of_step = (
        keras.models.load_model(RunFolder("s").weights / f"generator_{name}.keras").get_weights()
        for name in ("best", 4)
    )
    same = all(np.array_equal(a, b) for a, b in zip(best, of_step, strict=True))
    assert np.isfinite(distance) and same == (step == 4)
    page = RunFolder("s").page.read_text()
    assert f"Best step: {step}, Fréchet distance {distance:.1f}" in page
    expected, found = arrays(script.folder, 4), arrays(script.folder, 4, "s")
    assert set(expected) == set(found)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
