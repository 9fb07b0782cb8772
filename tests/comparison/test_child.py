"""A signal that reaches only compare.py reaches the training too."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# As train_gan.py within a step that takes a minute, and ends only then.
CHILD = """
import os, sys, time
sys.path.insert(0, {root!r})
from anime_gan.runs.stopping import StopRequest
with StopRequest() as stop:
    print("started", os.getpid(), flush=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (stop.signal and {ends}):
        time.sleep(0.05)
raise SystemExit(128 + stop.signal)
"""
PARENT = """
import sys
sys.path.insert(0, {root!r})
from anime_gan.comparison.child import run_child
print(*run_child([sys.executable, "-c", sys.argv[1]]), flush=True)
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a parent with its child; `ends`: whether that ends after the step.

    hangup: how SIGHUP is handled at its start, whatever the tests were started with.
    """
    opened = []

    def run(ends, hangup=signal.SIG_DFL):
        child = CHILD.format(root=str(ROOT), ends=ends)
        command = [sys.executable, "-c", PARENT.format(root=str(ROOT)), child]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup),
        )
        opened.append(process)
        word, number = process.stdout.readline().split()
        assert word == "started"
        return process, int(number)

    yield run
    for process in opened:
        process.kill()


def is_running(number: int) -> bool:
    """Whether a process is there and is not only left to be waited for."""
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_one_ctrl_c_lets_the_child_save(start):
    """It is asked once, ends by itself, and its status and the signal are returned."""
    process, _ = start(ends=True)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert "Stopping after this step" in output
    assert output.split()[-2:] == [str(128 + signal.SIGTERM), str(int(signal.SIGINT))]


def test_a_second_ctrl_c_ends_the_child_at_once(start):
    """Also one that only the parent gets; no process stays behind."""
    process, number = start(ends=False)
    process.send_signal(signal.SIGINT)
    assert "Stopping after this step" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert "Stopped at once" in output and not is_running(number)


def test_a_closed_terminal_may_signal_twice(start):
    """SIGHUP comes from the terminal and from its shell: the child still saves."""
    process, number = start(ends=False)
    for _ in range(2):
        process.send_signal(signal.SIGHUP)
    assert "Stopping after this step" in process.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    assert is_running(number)
    process.send_signal(signal.SIGINT)
    process.wait(20)
    assert not is_running(number)


def test_nohup_keeps_a_comparison_alive(start):
    """It has SIGHUP ignored, in the training too, so a closed terminal stops neither."""
    process, _ = start(ends=True, hangup=signal.SIG_IGN)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[0]
    assert said.endswith(f"{128 + signal.SIGTERM} {int(signal.SIGTERM)}\n")
