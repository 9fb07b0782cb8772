"""A process that dies or hangs affects no other image, and results keep their order."""

import os
import time

import pytest

from anime_gan.preparation import workers


def start():
    global _started
    _started = "started"


def work(number):
    if number == 3:
        os.abort()
    if number == 5:
        time.sleep(60)
    if number == 7:
        raise ValueError("a bug")
    return f"{_started} {number}"


def test_crashes_and_hangs_are_reported_and_passed_over(monkeypatch):
    """Of seven calls one aborts its process and one never ends."""
    monkeypatch.setattr(workers, "TIME_LIMIT", 2)
    numbers = [(n,) for n in range(7)]
    results = list(workers.in_processes(work, numbers, start))
    assert [result for result, _ in results] == [
        None if n in (3, 5) else f"started {n}" for n in range(7)
    ]
    assert "crashed" in results[3][1] and "over 2 seconds" in results[5][1]


def test_a_bug_is_raised():
    """It must not be recorded as an unreadable image."""
    with pytest.raises(ValueError, match="a bug"):
        list(workers.in_processes(work, [(7,)], start))
