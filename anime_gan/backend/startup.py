"""What a script does to its own process before it imports Keras."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from anime_gan import console
from anime_gan.errors import UserError


def start(import_keras: bool = True, threads: int | None = None) -> None:
    """Prepare this process for a script and, if it needs networks, import Keras.

    The backend is KERAS_BACKEND's, else TensorFlow or JAX, whichever is installed; UserError if
    none is.

    threads: of one operation on a CPU, which TensorFlow reads once, when it starts; None for one
        per core, or as many as its own variable says.
    """
    sys.excepthook = _interrupt_without_traceback
    # Notebooks set a matplotlib backend for programs they start, which is an error where its
    # package is not installed. The scripts write files and show no windows.
    os.environ["MPLBACKEND"] = "agg"
    if not import_keras:
        return
    # A GPU's memory is taken as needed, so that two programs can share it.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if threads is not None:
        os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    os.environ["KERAS_BACKEND"] = _chosen_backend()
    # All threads allocate from one arena of glibc. With one for each thread, free memory is
    # fragmented, and a long run grows by two kilobytes a step.
    if hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(-8, 1)  # M_ARENA_MAX
    if "keras" not in sys.modules:
        library = "TensorFlow" if os.environ["KERAS_BACKEND"] == "tensorflow" else "JAX"
        console.warn(f"Importing {library} and Keras, which takes some seconds ...")
    with quiet_start(), ended_by_ctrl_c():
        _import_keras()


def _interrupt_without_traceback(kind, error, trace) -> None:
    """Report Ctrl-C in one word; it is no bug."""
    if issubclass(kind, KeyboardInterrupt):
        print("stopped.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _chosen_backend() -> str:
    """Return KERAS_BACKEND if it can be used, else the first backend that is installed."""
    names = ("tensorflow", "jax")
    installed = [name for name in names if _is_installed(name)]
    chosen = os.environ.get("KERAS_BACKEND") or None
    if chosen not in (None, *names):
        raise UserError(f"KERAS_BACKEND is {chosen!r}; set it to tensorflow or jax.")
    if chosen not in (None, *installed):
        raise UserError(
            f"KERAS_BACKEND is {chosen}, which is not installed; install it as README.md says, "
            "or unset the variable."
        )
    if not installed:
        raise UserError(
            "neither tensorflow nor jax is installed; run pip install -r requirements.txt."
        )
    return chosen or installed[0]


def _is_installed(name: str) -> bool:
    if name in sys.modules:  # None where imports of it are blocked
        return sys.modules[name] is not None
    return importlib.util.find_spec(name) is not None


def _import_keras() -> None:
    # Keras imports pyplot for figures that are not used here: a tenth of each start's time.
    pyplot = sys.modules.setdefault("matplotlib.pyplot", None)  # None: imports of it fail
    try:
        import keras
    finally:
        if pyplot is None:
            del sys.modules["matplotlib.pyplot"]
    if keras.backend.backend() == "tensorflow":
        from anime_gan.backend import tensorflow

        tensorflow.start()


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Make Ctrl-C end the program at once.

    While native libraries start they turn it into other errors, and there is nothing to save yet.
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
def quiet_start() -> Iterator[None]:
    """Keep native libraries off the terminal, unless their log level is set.

    TensorFlow writes its first notes to the descriptor itself, before it reads any setting; level 3
    is for what its graph optimizer logs later. Errors still arrive as exceptions.
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
        del os.environ["TF_CPP_MIN_LOG_LEVEL"]  # it was read; a child process sets its own
