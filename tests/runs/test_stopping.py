"""Signals ask for a stop, and are answered at once."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from anime_gan.runs.stopping import SIGNALS, StopRequest
from tests.conftest import ROOT

# The main thread is busy in one call, as in a compiled step, where Python runs no handler.
BUSY = """
import hashlib, signal, sys
from anime_gan.runs.stopping import StopRequest
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)
with StopRequest() as stop:
    stop.step_seconds = 17.0
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 6_000_000)
    print("saved", stop.signal, flush=True)
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_asks_for_a_stop(number, capsys):
    """Ctrl-C, SIGTERM and SIGHUP, which a closed terminal sends."""
    before = signal.signal(number, signal.SIG_DFL)  # nohup has SIGHUP ignored, in tests too
    with StopRequest() as stop:
        assert stop.signal is None
        os.kill(os.getpid(), number)
        for _ in range(1000):
            if stop.signal:
                break
        assert stop.signal == number
    assert signal.signal(number, before) is signal.SIG_DFL


def busy_process(*arguments: str) -> subprocess.Popen:
    """A process in the middle of a long call; with "nohup", one that was started by it."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_answer_comes_while_a_step_is_running():
    """It says how long the step may take; two SIGHUP, of terminal and shell, save once."""
    process = busy_process()
    process.send_signal(signal.SIGHUP)
    answer = process.stderr.readline()
    assert "Stopping after this step, which takes about 17 s" in answer
    assert process.poll() is None
    process.send_signal(signal.SIGHUP)
    assert process.communicate()[0] == f"saved {int(signal.SIGHUP)}\n"
    assert process.returncode == 0


def test_nohup_keeps_a_run_alive():
    """It has SIGHUP ignored, so that a closed terminal ends nothing; SIGTERM still saves."""
    process = busy_process("nohup")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.stderr.readline().endswith("which takes about 17 s, then saving.\n")
    assert process.communicate()[0] == f"saved {int(signal.SIGTERM)}\n"


def test_a_second_ctrl_c_ends_at_once():
    """Nothing more is saved."""
    process = busy_process()
    process.send_signal(signal.SIGINT)
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=5)[0] == ""
    assert process.returncode == 128 + signal.SIGINT


def test_a_thread_has_no_signals():
    """`train_gan.main()` may run in a thread of a notebook."""
    stops = []

    def run():
        with StopRequest() as stop:
            stops.append(stop.signal)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert stops == [None]
