"""What a script says: lines on the terminal and in a run's log, and what it is waiting for."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

PATIENCE = 2.0  # seconds without a word, after which `waiting` says what is going on

MANY = 1_000  # items, which may take seconds

_log: TextIO | None = None


def say(*lines: str) -> None:
    """Print lines to standard output: bare on a terminal, else with the time of day."""
    _print(sys.stdout, lines)


def warn(*lines: str) -> None:
    """Print lines to standard error."""
    _print(sys.stderr, lines)


def _print(stream: TextIO, lines: tuple[str, ...]) -> None:
    from tqdm import tqdm  # moves progress bars out of the way; its import takes 50 ms

    for line in lines:
        stamp = "" if stream.isatty() else time.strftime("%H:%M:%S ")
        tqdm.write(stamp + line, stream)
        stream.flush()
        note(line)


def note(line: str) -> None:
    """Write a line to the log only; a disk that refuses it does not stop the run."""
    if _log:
        with suppress(OSError):
            _log.write(time.strftime("%Y-%m-%d %H:%M:%S ") + line + "\n")
            _log.flush()


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Within it, lines are also appended to a file with date and time, and so is what ends it."""
    global _log
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _log = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        warn(f"{path} can't be written ({error.strerror}); the run goes on without a log.")
    try:
        yield
    except BaseException as error:
        note(f"{type(error).__name__}: {error}")
        raise
    finally:
        if _log:
            with suppress(OSError):
                _log.close()
        _log = None


def announced(step: Callable, what: str) -> Callable:
    """Return a function whose first call, which compiles it, says so if it takes long."""
    is_first = True

    def run(*arguments):
        nonlocal is_first
        with waiting(what) if is_first else nullcontext():
            result = step(*arguments)
        is_first = False
        return result

    return run


def bar(items: Iterable | None, what: str, total: int, **options) -> tqdm:
    """Return a progress bar; off a terminal, a line in its place where many items are to come."""
    from tqdm import tqdm

    if not sys.stderr.isatty() and total > MANY:
        warn(f"{what}: {total:,} ...")
    return tqdm(items, what, total, disable=None, **options)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say what is being waited for, once it takes more than two seconds."""
    timer = threading.Timer(PATIENCE, say, [f"{what} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def clock(seconds: float) -> str:
    """Return seconds as 2:05, 1:02:05 or 1 day 4 h; infinity as a question mark."""
    if math.isinf(seconds):
        return "?"
    if seconds >= 86_400:
        days, rest = divmod(seconds, 86_400)
        return f"{days:.0f} day{'s' if days > 1 else ''} {rest // 3600:.0f} h"
    text = str(timedelta(seconds=round(max(seconds, 0)))).removeprefix("0:")
    return text.removeprefix("0") if len(text) == 5 else text
