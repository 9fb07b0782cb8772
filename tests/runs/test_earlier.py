"""A run continues from an earlier checkpoint, or a new run begins there; nothing is lost unsaid."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

import train_gan
from anime_gan.errors import UserError
from anime_gan.files import numbered
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import CHECKPOINT, RunFolder
from anime_gan.runs.listing import best_distance

START = ["training.steps=6", "schedule.sample_every=2", "schedule.checkpoint_every=2", "run=r"]


def arrays(run: str, step: int) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint of a run in the current folder."""
    return checkpoint.at(RunFolder(run).weights, step)[1]


def steps(run: str) -> list[int]:
    """The steps in the log of losses."""
    lines = Path(f"gan_images/{run}/losses.jsonl").read_text().splitlines()
    return [json.loads(line)["step"] for line in lines]


def files(run: str) -> dict[Path, int]:
    """Every file of a run and when it was written, but for its lock and its log."""
    every = [path for part in ("weights", "gan_images") for path in Path(part, run).rglob("*")]
    own = [path for path in every if path.name not in (".lock", "train.log")]
    return {path: path.stat().st_mtime_ns for path in own}


@pytest.mark.backends
def test_a_run_goes_back_or_another_begins_there(script, call):
    """Both end as the run did, bit-exactly; what a run would lose is said and needs consent."""
    assert call("train_gan.py", *script.tiny, *START)[0] == 0
    expected, before = arrays("r", 6), files("r")
    folder = RunFolder("r")

    # Without consent nothing is changed; neither where the step or the networks are wrong.
    status, errors = call("train_gan.py", "r", "--from", 2)
    assert status == 2 and "2 checkpoints up to step 6, the weights of 2 later steps" in errors
    assert "the log lines after step 2" in errors and "--discard" in errors and "run=NAME" in errors
    status, errors = call("train_gan.py", "r", "--from", 3, "run=s")
    assert status == 2 and "no checkpoint of step 3; choose from 2, 4, 6" in errors
    status, errors = call("train_gan.py", "r", "--from", 2, "--discard", "model.width=0.03")
    assert status == 2 and "model.width: 0.02 -> 0.03" in errors
    assert files("r") == before and not Path("weights/s").exists()

    # A new run: the first one stays as it is.
    assert call("train_gan.py", "weights/r", "--from", 2, "run=s")[0] == 0
    assert files("r") == before
    assert steps("s") == [1, 2, 3, 4, 5, 6] and RunFolder("s").config.run == "s"
    for name, value in arrays("s", 6).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)
    status, errors = call("train_gan.py", "r", "--from", 2, "run=s")
    assert status == 2 and "run s has checkpoints already" in errors

    # The run itself, with another length.
    by = {"network": "lite0", "count": 9}
    rows = [by | {"step": step, "whole": {"frechet": d}} for step, d in ((2, 9.0), (4, 5.0))]
    rows.insert(0, rows[1] | {"step": 1, "network": "nsfwjs", "whole": {"frechet": 1.0}})
    (folder.images / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder.best_generator.touch()
    assert best_distance(folder, 3) == (9.0, 2) and best_distance(folder) == (5.0, 4)
    assert "the best networks (step 4)" in call("train_gan.py", "r", "--from", 2)[1]
    assert call("train_gan.py", "r", "--from", 2, "--discard", "training.steps=4")[0] == 0
    assert "loses 2 checkpoints up to step 6" in folder.log.read_text()
    assert steps("r") == [1, 2, 3, 4] and folder.steps == [2, 4]
    assert [*numbered(folder.weights, CHECKPOINT)] == [2, 4]
    assert not folder.best_generator.exists() and not [*folder.weights.glob("*.damaged")]


def test_a_wrong_step_or_option_is_one_sentence(script, call, monkeypatch):
    """It is said before Keras is imported, and nothing is written."""
    monkeypatch.chdir(script.folder)
    folder = RunFolder("r")
    folder.weights.mkdir(parents=True)
    for arguments, words in (
        (["run=r", "--from", "7"], "run r has no checkpoint of step 7; it has none"),
        (["run=r", "--from", "x"], "'x' is not a number"),
        (["run=r", "--from", "7", "--dry-run"], "leave out --from"),
        (["run=r", "--discard"], "--discard needs --from STEP"),
    ):
        status, errors = call("train_gan.py", *arguments)
        assert status == 2 and words in errors and errors.count("\n") == 1, errors
    (folder.weights / "checkpoint_7.npz").write_bytes(b"no")
    status, errors = call("train_gan.py", "run=r", "--from", "7")
    assert status == 2 and "the checkpoint of step 7 of run r is damaged" in errors
    assert [path.name for path in folder.weights.glob("*.npz")] == ["checkpoint_7.npz"]


def test_a_run_in_another_folder_is_named_with_its_folder(script, call, monkeypatch):
    """Training writes into the current folder, so it does not begin in another one."""
    (script.folder / "weights/Mine").mkdir(parents=True)
    (script.folder / "weights/Mine/config.yaml").write_text("version: v4\nrun: Mine\n")
    below = script.folder / "notes/today"
    below.mkdir(parents=True)
    go = f"(cd {shlex.quote(str(script.folder))})."
    monkeypatch.chdir(below)
    for word in ("Mine", "mine", "../../weights/Mine"):
        with pytest.raises(UserError) as caught:
            train_gan.parse([word])
        there = script.folder / "weights"
        assert str(caught.value) == f"run Mine is in {there}; go there first {go}"
    monkeypatch.chdir(script.folder)
    for word in ("Mine", "mine", "weights/Mine/", "gan_images/Mine"):
        config, arguments = train_gan.parse([word])
        assert (config.run, config.version, arguments.run) == ("Mine", "v4", "Mine")
    with pytest.raises(UserError, match="'nobody' is not key=value, a version"):
        train_gan.parse(["nobody"])
