"""What scripts say reaches the terminal, a log file, and a user who waits."""

import io
import math
import re
import sys
import time

import pytest

from anime_gan import console


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


def test_a_bar_is_a_line_where_there_is_no_terminal(capsys):
    """And nothing for a few items."""
    assert [*console.bar(range(2_000), "Reading", 2_000)] == [*range(2_000)]
    assert [*console.bar(range(3), "Reading", 3)] == [0, 1, 2]
    assert re.fullmatch(r"\S+ Reading: 2,000 ...\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (65, "1:05"), (3600, "1:00:00"), (100_000, "1 day 3 h"), (math.inf, "?")],
)
def test_durations(seconds, text):
    """Short ones without hours, long ones without minutes."""
    assert console.clock(seconds) == text
