"""The line of a run in training fits a narrow terminal, and is a plain line in a file."""

import re
from types import SimpleNamespace

import pytest

from anime_gan.config import load_config
from anime_gan.runs import progress

ROW = {
    "d_loss": 0.12345,
    "g_loss": 12.345,
    "real_accuracy": 0.5,
    "fake_accuracy": 1.0,
    "images_per_second": 1234.5,
}


def run_of(seconds: float = 4000.0):
    """A run with one row."""
    history = SimpleNamespace(last=ROW)
    return SimpleNamespace(history=history, seconds=seconds, finding=None)


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = SimpleNamespace(time=0.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now.time)
    return now


def lines_of(capsys) -> list[str]:
    """What was printed, without the time of day."""
    return [re.sub(r"^\S+ ", "", line) for line in capsys.readouterr().out.splitlines()]


def test_step_times_speed_and_losses_are_in_80_columns(clock, capsys):
    """A long run on a fast machine: all numbers have many digits."""
    config = load_config(None, ["training.steps=100000"])
    with progress.ProgressBar(config, 12_344) as bar:
        bar.show(run_of(), 12_345, 0)
        clock.time += 40
        bar.show(run_of(), 12_385, 0)
    (line,) = lines_of(capsys)
    assert line[:80].startswith(
        "12,385/100,000  1:06:40 gone 1 day 0 h left  1,234 images/s  D 0.123 G 12.345"
    )


def test_a_run_with_a_time_budget_shows_the_time(clock, capsys):
    """The number of its steps is not known; its end is."""
    config = load_config(None, ["training.minutes=100"])
    with progress.ProgressBar(config, 0) as bar:
        bar.show(run_of(60), 1, 0)
        clock.time += 6
        bar.show(run_of(66), 3, 0)
    (line,) = lines_of(capsys)
    assert line.startswith("step 3  1:06 gone 1:38:54 left")


def test_a_file_gets_a_line_every_half_minute(clock, capsys):
    """None for each step: a log is read by people."""
    config = load_config(None, [])
    with progress.ProgressBar(config, 0) as bar:
        for step in range(1, 102):
            bar.show(run_of(), step, 0)
            clock.time += 1
    assert len(lines_of(capsys)) == 4
    with progress.ProgressBar(config, 0, shown=False) as bar:
        bar.show(run_of(), 1, 0)
        clock.time += 60
        bar.show(run_of(), 2, 0)
    assert lines_of(capsys) == []
