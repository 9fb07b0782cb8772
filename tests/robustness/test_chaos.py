"""Nothing is lost: the faults of chaos.py in their short form, and those without it."""

import shutil

import numpy as np
import pytest

from anime_gan.runs import checkpoint
from anime_gan.runs.health import Health
from tests.robustness.differences import differences
from tests.robustness.faults import make_newer_format
from tests.runs.test_checkpoint import FACTS
from tests.test_train_gan import SHORT, arrays


@pytest.mark.slow
def test_killed_damaged_and_refused_a_run_ends_as_if_nothing_had_happened(script):
    """Real processes: in a step, while writing a checkpoint with a damaged one before it, and on a
    full disk; weights, losses, grids and TensorBoard are compared bit for bit.
    """
    pytest.importorskip(
        "jax", reason="a process with TensorFlow can't be forked, which spares time"
    )
    done = script("tests.robustness.chaos", "--short", env={"KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 faults" in done.stdout and "3 survived" in done.stdout


def test_the_comparison_of_two_runs_finds_what_differs(script, call, tmp_path):
    """Records, grids, TensorBoard, checkpoints, and files that were left; and nothing in a copy."""
    assert call("train_gan.py", *script.tiny, *SHORT)[0] == 0
    other = shutil.copytree(script.folder, tmp_path / "other")
    assert not differences(script.folder, other)
    images, weights = other / "gan_images/r", other / "weights/r"
    lines = (images / "losses.jsonl").read_text().splitlines(keepends=True)
    (images / "losses.jsonl").write_text("".join(lines[:2] + lines[3:]))
    (images / "gan_2.png").write_bytes(b"another one")
    next(images.glob("tensorboard/*")).unlink()
    (weights / ".77.checkpoint_5.npz").touch()
    state = arrays(other, 4)
    name = next(name for name in state if state[name].size > 4)
    state[name].flat[3] += 1e-6
    checkpoint.save(weights, 4, state, checkpoint.newest(weights)[0], keep=3)
    found = " ".join(differences(script.folder, other))
    words = (name, "losses.jsonl", "gan_2.png", "loss/discriminator", "faces")
    for word in (*words, ".77.checkpoint_5.npz"):
        assert f"{word} differs" in found or f"{word} was left" in found, found


def test_a_checkpoint_of_a_newer_format_is_refused(script, call):
    """By an older version of the project, in a sentence; and nothing is changed."""
    assert call("train_gan.py", *script.tiny, *SHORT, "training.steps=2")[0] == 0
    make_newer_format(script.folder)
    files = {path: path.read_bytes() for path in (script.folder / "weights/r").iterdir()}
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 2 and "newer version of the project" in errors, errors
    assert files == {path: path.read_bytes() for path in (script.folder / "weights/r").iterdir()}


def test_a_checkpoint_whose_config_says_what_is_no_key_is_refused(script, call):
    """Of another version of the project: in a sentence, and nothing is changed."""
    folder = script.folder / "weights/r"
    folder.mkdir(parents=True)
    facts = FACTS | {"config": {"training": {"warp": 9}}}
    path = checkpoint.save(folder, 2, {}, facts, keep=3)
    before = path.read_bytes()
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 2 and "another version of the project" in errors and "warp" in errors, errors
    assert path.read_bytes() == before


def test_a_run_of_damaged_checkpoints_only_is_refused_and_keeps_them(script, call):
    """It is for its owner to say that it may begin anew."""
    folder = script.folder / "weights/r"
    folder.mkdir(parents=True)
    (folder / "checkpoint_2.npz").write_bytes(b"PK")
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 2 and "all checkpoints in weights/r are damaged" in errors, errors
    assert {path.name for path in folder.iterdir()} == {"checkpoint_2.npz", ".lock"}


def test_a_kill_right_after_going_back_does_not_lose_what_it_was_for(tmp_path):
    """The checkpoint counts the rollback already, health.json does not yet."""
    real = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), "uint8")
    monitor = Health(tmp_path, 0, real)
    monitor.break_down(7)
    monitor.close()
    monitor = Health(tmp_path, 5, real, 1)
    assert [(f.step, f.rolled_back_to) for f in monitor.findings] == [(7, 5)]
    assert monitor.finding is None
    monitor.close()
    monitor = Health(tmp_path, 5, real, 1)
    monitor.break_down(8)
    monitor.close()
    monitor = Health(tmp_path, 5, real, 1)  # this one was lost with an interruption
    assert [(f.step, f.rolled_back_to) for f in monitor.findings] == [(7, 5)]
    monitor.close()
