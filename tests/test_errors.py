"""How a script ends on Ctrl-C, wherever it comes, and on a bug."""

import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT

START = "from anime_gan import backend, errors\nbackend.start()\n"
STOP = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
NATIVE = f"""
from anime_gan.backend import startup
with startup.ended_by_ctrl_c():
    try:
        {STOP}
    except KeyboardInterrupt:
        raise ImportError("as a native library does")
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (STOP, "stopped.\n"),
        (f"errors.clean_exit(lambda: exec({STOP!r}))()", "stopped.\n"),
        (NATIVE, ""),
    ],
)
def test_ctrl_c_is_no_traceback(code, said):
    """During the imports, in a native library's start, and in the middle of the work."""
    done = subprocess.run(
        [sys.executable, "-c", f"{START}{code}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    after_import = done.stderr.partition("...\n")[2]
    assert done.returncode == -signal.SIGINT and after_import == said


def test_a_bug_keeps_its_traceback():
    """It must not be hidden."""
    code = "from anime_gan import errors; errors.clean_exit(lambda: {}[1])()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" in done.stderr and "KeyError" in done.stderr


def test_a_notebooks_matplotlib_backend_is_not_used():
    """Jupyter and Colab set one that may not be installed, which is an error in matplotlib."""
    environment = os.environ | {"MPLBACKEND": "module://not_installed.backend_inline"}
    done = subprocess.run(
        [sys.executable, "-c", f"{START}import matplotlib"],
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0


def test_a_reader_that_has_gone_is_no_error():
    """`models.py | head` ends as other commands do there; a pipe inside the program is a bug."""
    reading, writing = os.pipe()
    os.close(reading)
    code = "from anime_gan import errors; raise SystemExit(errors.clean_exit(lambda: print(1))())"
    options = {"cwd": ROOT, "stderr": subprocess.PIPE, "text": True}
    done = subprocess.run([sys.executable, "-c", code], stdout=writing, **options)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")
    own = code.replace("print(1)", "(_ for _ in ()).throw(BrokenPipeError(32, 'broken'))")
    done = subprocess.run([sys.executable, "-c", own], stdout=subprocess.PIPE, **options)
    assert done.returncode == 2 and "broken; saved files are complete" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(closed):
    """Python has none then: what is printed, flushed or asked of them goes nowhere."""
    code = (
        "import sys; from anime_gan import console, errors\n"
        "def main():\n"
        "    print(1); print(2, file=sys.stderr); sys.stdout.isatty()\n"
        "    console.say('a'); console.warn('b'); [*console.bar([1], 'c', 1)]\n"
        "    if len(sys.argv) > 1: raise errors.UserError('d')\n"
        "errors.clean_exit(main)()"
    )
    for arguments, status in ([], 0), (["x"], 2):
        command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == status and "Traceback" not in done.stderr, done.stderr
