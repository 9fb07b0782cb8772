"""Reasons why a run stops, and the handling of Ctrl-C and SIGTERM."""

from __future__ import annotations

import enum
import os
import signal
import socket
import threading

from anime_gan import console

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]  # Windows has two


def heard() -> list[signal.Signals]:
    """Return the signals that ask for a stop, without those that are to be ignored.

    nohup has SIGHUP ignored, and a shell has its background commands ignore Ctrl-C.
    """
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


class StopReason(enum.Enum):
    """Why the training loop ended."""

    FINISHED = "all steps or minutes are done"
    SIGNAL = "Ctrl-C, SIGTERM or SIGHUP"
    GROW = "the networks grow to the next size"
    ROLL_BACK = "the run returns to its last healthy checkpoint"
    UNHEALTHY = "the health monitor stops the run"
    NOT_FINITE = "a loss is not finite"


class StopRequest:
    """Within it, Ctrl-C, SIGTERM and SIGHUP ask for a stop after the step.

    A second Ctrl-C ends the process at once. Other signals may come twice: a terminal that closes
    and its shell both send SIGHUP. A signal that the process was started to ignore stays ignored.

    signal: the number of the first signal that came, None while there was none.
    step_seconds: how long a step takes, for the answer; None while it is not known.

    Python runs a signal handler only after a compiled step has ended, which may take a minute. So
    a thread reads the signals, and answers at once.

    Args:
        at_once: what a second Ctrl-C prints.
    """

    signal: int | None = None
    step_seconds: float | None = None

    def __init__(self, at_once: str = "Stopped at once; the last checkpoint is whole."):
        self._at_once = at_once

    def __enter__(self) -> StopRequest:
        self._before = {}
        if threading.current_thread() is threading.main_thread():  # others get no signals
            self._before = {s: signal.signal(s, self._ask) for s in heard()}
            self._numbers, self._inlet = socket.socketpair()
            self._inlet.setblocking(False)
            self._former = signal.set_wakeup_fd(self._inlet.fileno(), warn_on_full_buffer=False)
            self._thread = threading.Thread(target=self._answer, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._before:
            signal.set_wakeup_fd(self._former)
            self._inlet.close()  # which ends the thread, once all is answered
            self._thread.join(1.0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        self.signal = self.signal or number

    def _answer(self) -> None:
        """Read the numbers of signals as they come, and answer each."""
        asked = False
        with self._numbers:
            while number := self._numbers.recv(1):
                if number[0] not in self._before:
                    continue
                if asked and number[0] == signal.SIGINT:
                    console.warn(self._at_once)
                    os._exit(128 + number[0])
                if asked:
                    continue
                asked, self.signal = True, self.signal or number[0]
                seconds = self.step_seconds or 0
                long = f", which takes about {seconds:.0f} s" if seconds > 2 else ""
                again = " Ctrl-C again to quit at once." if number[0] == signal.SIGINT else ""
                console.warn(f"Stopping after this step{long}, then saving.{again}")
