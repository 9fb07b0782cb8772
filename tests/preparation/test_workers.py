"""A process that dies or hangs takes no other picture along, and results keep their order."""

import os
import time

import pytest

from anime_gan.preparation import workers


def start(word):
    global _word
    _word = word


def work(number):
    if number == 3:
        os.abort()
    if number == 5:
        time.sleep(60)
    if number == 7:
        raise ValueError("a bug")
    return f"{_word} {number}"


def test_crashes_and_hangs_are_told_and_passed_over(monkeypatch):
    """Of seven jobs one aborts its process and one would never end."""
    monkeypatch.setattr(workers, "TIME_LIMIT", 2)
    numbers = [(n,) for n in range(7)]
    results = list(workers.in_processes(work, numbers, start, ("did",)))
    assert [item for item, _, _ in results] == numbers
    assert [made for _, made, _ in results] == [
        None if n in (3, 5) else f"did {n}" for n in range(7)
    ]
    assert "crashed" in results[3][2] and "over 2 seconds" in results[5][2]


def test_a_bug_is_raised():
    """It must not look like a bad picture."""
    with pytest.raises(ValueError, match="a bug"):
        list(workers.in_processes(work, [(7,)], start, ("did",)))
