"""Training takes the faster precision, the same one at every start."""

import pytest

from anime_gan.backend import precision
from anime_gan.backend.precision import fastest_precision


@pytest.mark.backends
def test_the_measurement_returns_a_precision():
    """On any machine."""
    assert fastest_precision() in ("float32", "bfloat16")


@pytest.mark.parametrize(
    "bfloat16, float32, expected",
    [(1, 2, "bfloat16"), (1, 1.2, "float32"), (2, 1, "float32")],
)
def test_other_work_does_not_change_the_choice(monkeypatch, bfloat16, float32, expected):
    """Everything is slow in a process's first seconds, and at times on a busy machine.

    Three starts of eight took the slower precision when one was measured before the other.
    """
    clock, calls = [0.0], []

    def convolution(dtype):
        def run():
            calls.append(dtype)
            slow = len(calls) < 6 or len(calls) % 3 == 0
            clock[0] += {"bfloat16": bfloat16, "float32": float32}[dtype] * (3 if slow else 1)
            return 0.0

        return run

    monkeypatch.setattr(precision, "_convolution", convolution)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: clock[0])
    assert fastest_precision() == expected
