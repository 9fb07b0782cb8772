"""Reasons why a run stops, and the handling of Ctrl-C and SIGTERM."""

from __future__ import annotations

import enum
import signal
import sys


class StopReason(enum.Enum):
    """Why the training loop ended."""

    FINISHED = "all steps or minutes are done"
    SIGNAL = "Ctrl-C or SIGTERM"
    GROW = "the networks grow to the next size"
    ROLL_BACK = "the run returns to its last healthy checkpoint"
    UNHEALTHY = "the health monitor stops the run"
    NOT_FINITE = "a loss is not finite"


class StopRequest:
    """Makes Ctrl-C and SIGTERM ask for a stop after the step; a second Ctrl-C ends at once."""

    signal: int | None = None  # the number of the one that came

    def __enter__(self) -> StopRequest:
        self._before = {s: signal.signal(s, self._ask) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number, frame) -> None:
        first, self.signal = self.signal is None, self.signal or number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if first:
            words = "\nStopping after this step, then saving. Ctrl-C again to quit at once."
            print(words, file=sys.stderr, flush=True)
