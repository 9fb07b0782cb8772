"""Runs a process that has its own answer to Ctrl-C, such as train_gan.py."""

import signal
import subprocess
import threading
from contextlib import suppress

from anime_gan.runs.stopping import heard

_SECONDS = 5.0  # in which a process must end after a signal that asks it to quit at once


def run_child(command: list[str]) -> tuple[int, int | None]:
    """Run a command; return its exit status, and the first signal that asked it to stop, or None.

    A signal that reaches only this process is passed on: the first asks the child to save and stop,
    a second Ctrl-C to quit at once. A terminal sends Ctrl-C to both. The child does not outlive
    this process.
    """
    process: subprocess.Popen | None = None
    first: int | None = None

    def pass_on(number: int, frame: object) -> None:
        nonlocal first
        again, first = first is not None, first or number
        quits = again and number == signal.SIGINT
        if process:
            # SIGTERM asks to stop as Ctrl-C does, but does not count as a second Ctrl-C.
            process.send_signal(signal.SIGINT if quits else signal.SIGTERM)
        if quits:
            raise SystemExit(128 + number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # others get no signals
        before = {number: signal.signal(number, pass_on) for number in heard()}
    try:
        process = subprocess.Popen(command)
        if first:  # it came while the process was started
            process.send_signal(signal.SIGTERM)
        return process.wait(), first
    finally:
        if process:
            with suppress(subprocess.TimeoutExpired):
                if first:
                    process.wait(_SECONDS)
            process.kill()  # it has ended already, unless an error ends this one
        for number, handler in before.items():
            signal.signal(number, handler)
