"""What scripts say reaches the terminal, a log file, and a user who waits."""

import io
import math
import os
import re
import subprocess
import sys
import time

import pytest

from anime_gan import console
from tests.conftest import ROOT


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Yes."""
        return True


def test_lines_have_the_time_of_day_only_where_there_is_no_terminal(monkeypatch, capsys):
    """A terminal shows them as they come; a log file is read later."""
    console.say("one", "two")
    assert re.fullmatch(r"(\d\d:\d\d:\d\d (one|two)\n){2}", capsys.readouterr().out)
    monkeypatch.setattr(sys, "stdout", Terminal())
    console.say("one")
    assert sys.stdout.getvalue().strip() == "one"


def test_the_log_has_every_line_and_what_ended_the_run(tmp_path, capsys):
    """Also warnings, and lines that only the log gets."""
    path = tmp_path / "run" / "train.log"
    with pytest.raises(ValueError, match="broken"), console.logged(path):
        console.say("said")
        console.warn("warned")
        console.note("noted")
        raise ValueError("broken")
    console.say("later")
    texts = [line.split(" ", 2)[2] for line in path.read_text().splitlines()]
    assert texts == ["said", "warned", "noted", "ValueError: broken"]
    assert "noted" not in capsys.readouterr().out


def test_a_log_that_cannot_be_written_is_one_warning(tmp_path, capsys):
    """The run itself goes on."""
    (tmp_path / "run").write_text("a file")
    with console.logged(tmp_path / "run" / "train.log"):
        console.say("said")
    captured = capsys.readouterr()
    assert "without a log" in captured.err and "said" in captured.out


def test_only_long_waits_are_announced(monkeypatch, capsys):
    """By the first call of a step alone, which compiles it."""
    monkeypatch.setattr(console, "PATIENCE", 0.1)
    step = console.announced(time.sleep, "Compiling")
    step(0.3)
    step(0.3)
    with console.waiting("Reading"):
        pass
    time.sleep(0.2)
    assert capsys.readouterr().out.count("...") == 1


def test_a_long_step_has_a_line_now_and_then(monkeypatch, capsys):
    """Where there is no terminal; what an earlier start did counts as done, but took no time."""
    seconds = iter(range(0, 1_000, 10))
    monkeypatch.setattr(console.time, "monotonic", lambda: next(seconds))
    with console.bar(None, "Searching", 90, initial=80, unit="image") as bar:
        for _ in range(10):
            bar.update()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "Searching: 81 of 90, 90%, 00:10 gone, 01:30 left",
        "Searching: 84 of 90, 93%, 00:40 gone, 01:00 left",
        "Searching: 87 of 90, 97%, 01:10 gone, 00:30 left",
        "Searching: 90 of 90, 100%, 01:40 gone, 00:00 left",
    ]
    with console.bar(None, "Unpacking", 10**6, unit="B") as bar:
        bar.update(250_000)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" Unpacking: 25%, 00:10 gone, 00:30 left")


def test_a_bar_is_a_line_where_there_is_no_terminal(capsys):
    """And nothing for a few items."""
    assert [*console.bar(range(2_000), "Reading", 2_000)] == [*range(2_000)]
    assert [*console.bar(range(3), "Reading", 3)] == [0, 1, 2]
    assert re.fullmatch(r"\S+ Reading: 2,000 ...\n", capsys.readouterr().err)


def test_a_reader_that_has_gone_ends_nothing(tmp_path):
    """`train_gan.py | head`: the lines go to the log only, without a traceback."""
    code = (
        "import pathlib, sys\n"
        "from anime_gan import console\n"
        "with console.logged(pathlib.Path(sys.argv[1])):\n"
        "    for number in range(3):\n"
        "        console.say(f'line {number}')\n"
    )
    log = tmp_path / "train.log"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code, str(log)], stdout=writing, stderr=subprocess.PIPE, cwd=ROOT
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(log.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (65, "1:05"), (3600, "1:00:00"), (100_000, "1 day 3 h"), (math.inf, "?")],
)
def test_durations(seconds, text):
    """Short ones without hours, long ones without minutes."""
    assert console.clock(seconds) == text
