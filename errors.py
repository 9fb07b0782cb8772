"""Mistakes that a user can make, told in one sentence, and how a script ends on one."""

import functools
import os
import signal
import sys
import threading
from contextlib import contextmanager


class UserError(Exception):
    """A mistake or a limit outside the program; its text is one sentence with the way out."""


def _without_traceback_if_stopped(kind, error, trace) -> None:
    """Say of Ctrl-C, whenever it comes, that it stopped the program: it is no bug."""
    if issubclass(kind, KeyboardInterrupt):
        print("stopped.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


# Set here since the imports that follow in a script take seconds; a notebook doesn't ask the hook.
sys.excepthook = _without_traceback_if_stopped

# A notebook hands its programs a backend of its own, which matplotlib refuses where the package of
# it is not installed. The scripts write files and show no windows.
os.environ["MPLBACKEND"] = "agg"


@contextmanager
def ended_by_ctrl_c():
    """Let Ctrl-C end the program at once while native libraries start, which make other errors of
    it: there is nothing to save yet.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def quiet_start():
    """Keep native libraries off the terminal while they start, unless their log level is set.

    TensorFlow's notes on its own start-up are written to the descriptor itself, before any of its
    log settings is heard; level 3 is for what its graph optimizer says later. Errors still come as
    exceptions.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
        del os.environ["TF_CPP_MIN_LOG_LEVEL"]  # it was read; a process begun by this sets its own


def clean_exit(main):
    """Wrap a script's `main` so that a UserError or a failing disk ends it with status 2.

    Everything else keeps its traceback: it is a bug.
    """

    @functools.wraps(main)
    def run(*args, **kwargs):
        try:
            return main(*args, **kwargs)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
        except OSError as error:
            if error.errno is None:
                raise
            where = f" {error.filename}" if error.filename else ""
            print(f"error: {error.strerror}{where}; what was saved is whole.", file=sys.stderr)
        raise SystemExit(2)

    return run
