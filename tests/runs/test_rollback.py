"""What the health monitor finds in a run, and how the run stops or goes back."""

import json
import os
import signal
from pathlib import Path

import pytest

from anime_gan.runs import checkpoint
from anime_gan.runs.health import Limits
from anime_gan.training.step import compile_step
from tests.conftest import SLOW_ON_JAX
from tests.test_train_gan import SHORT, facts_on_page, losses


@pytest.fixture
def sick(monkeypatch):
    """A monitor that observes every step and finds a collapse from the third one on."""
    monkeypatch.setattr("anime_gan.runs.health.SHARE", 1e9)
    monkeypatch.setattr("anime_gan.runs.health.LIMITS", Limits(far=99.0, twins=-1.0))
    monkeypatch.setattr(
        "anime_gan.runs.health.diagnose",
        lambda rows: ("generator collapsed", 2) if rows[-1]["step"] >= 3 else None,
    )


def events(folder: Path) -> list[dict]:
    """The events in health.json."""
    return json.loads((folder / "gan_images/r/health.json").read_text())


def test_a_finding_is_reported_and_the_run_continues(script, call, sick):
    """By default: one warning, also in health.json, and all steps."""
    status, errors = call("train_gan.py", *script.tiny, *SHORT)
    assert status == 0 and errors.count("WARNING") == 1
    assert "generator collapsed, since step 2" in errors
    (event,) = events(script.folder)
    assert (event["kind"], event["since"], event["step"]) == ("generator collapsed", 2, 3)
    assert event["until"] is None


def test_health_can_stop_a_run_which_can_be_continued(script, call, sick):
    """It saves first, says why, and has its own exit status."""
    status, errors = call("train_gan.py", *script.tiny, *SHORT, "health.action=stop")
    assert status == 3, errors
    assert [row[0] for row in losses(script.folder)] == [1, 2, 3]
    assert (script.folder / "weights/r/checkpoint_3.npz").exists()
    assert (script.folder / "gan_images/r/gan_3.png").exists()
    # The same command again trains nothing and says so again.
    status, errors = call("train_gan.py", *script.tiny, *SHORT, "health.action=stop")
    assert status == 3 and "generator collapsed, since step 2" in errors
    assert [row[0] for row in losses(script.folder)] == [1, 2, 3]
    status, errors = call("train_gan.py", *script.tiny, *SHORT, "health.action=warn")
    assert status == 0 and [row[0] for row in losses(script.folder)] == [1, 2, 3, 4]


@SLOW_ON_JAX
def test_health_can_roll_a_run_back_a_few_times(script, call, sick, monkeypatch):
    """To the last healthy checkpoint, with half the learning rates each time; then it stops."""
    rates = []

    def noting(state):
        rates.append(float(state.generator_optimizer.learning_rate))
        return compile_step(state)

    monkeypatch.setattr("anime_gan.training.step.compile_step", noting)
    start = [*script.tiny, *SHORT, "health.action=rollback", "health.rollbacks=2", "version=blog"]
    status, errors = call("train_gan.py", *start)
    assert status == 3, errors
    assert errors.count("WARNING") == 3
    assert [(e["step"], e["rolled_back_to"]) for e in events(script.folder)] == [
        (3, 2),
        (3, 2),
        (3, None),
    ]
    assert checkpoint.newest(script.folder / "weights/r")[0]["rollbacks"] == 2
    assert rates == pytest.approx([1.5e-4, 7.5e-5, 3.75e-5])
    assert [row[0] for row in losses(script.folder)] == [1, 2, 3]
    # The last healthy weights and the last ones are kept.
    assert {path.name for path in script.folder.glob("weights/r/generator_*")} == {
        "generator_2.keras",
        "generator_3.keras",
    }
    text = (script.folder / "gan_images/r/index.html").read_text()
    assert {"stopped", "3 of 4"} < facts_on_page(script.folder)
    assert text.count("rolled back to step 2") == 2
    # The next start resumes at the lowered rates.
    assert call("train_gan.py", *start, "health.action=warn")[0] == 0
    assert rates[3:] == pytest.approx([3.75e-5])


def test_a_run_is_not_rolled_back_to_faces_far_from_the_data(script, call, sick, monkeypatch):
    """But to the beginning; a run that has not kept it says so."""
    monkeypatch.setattr("anime_gan.runs.health.LIMITS", Limits(far=-99.0))
    start = [*script.tiny, *SHORT, "health.rollbacks=1"]
    assert call("train_gan.py", *start, "health.action=rollback")[0] == 3
    assert [e["rolled_back_to"] for e in events(script.folder)] == [0, None]
    start.append("run=s")
    assert call("train_gan.py", *start, "health.action=warn")[0] == 0
    files = set(script.folder.rglob("*_*"))
    status, errors = call("train_gan.py", *start, "training.steps=9", "health.action=rollback")
    assert status == 2 and "no healthy checkpoint" in errors, errors
    assert set(script.folder.rglob("*_*")) == files


def test_a_signal_during_a_rollback_ends_the_run(script, call, sick, monkeypatch):
    """The run is rolled back and ends; newer files are removed."""

    def diagnose(rows):
        if rows[-1]["step"] < 3:
            return None
        os.kill(os.getpid(), signal.SIGINT)
        return "generator collapsed", 2

    monkeypatch.setattr("anime_gan.runs.health.diagnose", diagnose)
    status, errors = call("train_gan.py", *script.tiny, *SHORT, "health.action=rollback")
    assert status == 130, errors
    facts = checkpoint.newest(script.folder / "weights/r")[0]
    assert (facts["step"], facts["rollbacks"]) == (2, 1)
    assert [p.name for p in script.folder.glob("weights/r/generator_*")] == ["generator_2.keras"]


def test_a_run_whose_losses_are_not_numbers_is_rolled_back_too(script, call, monkeypatch):
    """And stops once it was rolled back as often as it may be."""

    def overflowing(state):
        scalars = dict.fromkeys(("real_accuracy", "fake_accuracy", "g_loss"), 0.5)
        return lambda *batch: scalars | {"d_loss": float("nan") if state.step >= 2 else 1.0}

    def counted(state):
        run = overflowing(state)

        def step(*batch):
            scalars = run(*batch)
            state.generator_optimizer.iterations.assign_add(1)
            return scalars

        return step

    monkeypatch.setattr("anime_gan.training.step.compile_step", counted)
    monkeypatch.setattr("anime_gan.runs.health.LIMITS", Limits(far=99.0, twins=-1.0))
    start = [*script.tiny, *SHORT, "health.action=rollback"]
    status, errors = call("train_gan.py", *start, "health.rollbacks=2")
    assert status == 2 and errors.count("not a finite number at step 3") == 1, errors
    assert [(e["kind"], e["step"], e["rolled_back_to"]) for e in events(script.folder)] == [
        ("not a number", 3, 2),
        ("not a number", 3, 2),
        ("not a number", 3, None),
    ]
    assert checkpoint.newest(script.folder / "weights/r")[0]["step"] == 2
    # Also if it was rolled back more often than it may be now.
    status, errors = call("train_gan.py", *start, "health.rollbacks=1")
    assert status == 2 and "not a finite number" in errors
