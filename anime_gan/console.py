"""What a script says: lines on the terminal and in a run's log, and what it is waiting for."""

from __future__ import annotations

import math
import os
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

FIRST_SECONDS, LINE_SECONDS = 5, 30  # until the first line of progress in a file, and between two

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
        try:
            tqdm.write(stamp + line, stream)
            stream.flush()
        except (
            OSError
        ):  # a closed pipe or terminal, or a full disk; the run goes on, and so its log
            hush(stream)
        note(line)


def hush(stream: TextIO) -> None:
    """Send to nowhere what is written to a stream that nobody reads any more."""
    with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
        stream.flush()  # what is left of the line that failed


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


def bar(items: Iterable | None, what: str, total: int, **options) -> tqdm | Lines:
    """Return a progress bar within the terminal's width; off a terminal, lines in its place.

    options: tqdm's.
    """
    from tqdm import tqdm

    if not sys.stderr.isatty():
        return Lines(items, what, total, options.get("initial", 0), options.get("unit", ""))
    return tqdm(items, what, total, dynamic_ncols=True, **options)


class Lines:
    """Stands for a progress bar where there is no terminal: a line now and then.

    Many items are announced at once. Of others there is a line only if they take seconds.
    """

    def __init__(self, items: Iterable | None, what: str, total: int, initial: int, unit: str):
        self.n, self.total = initial, total
        self._items, self._what, self._initial, self._unit = items, what, initial, unit
        self._begun = time.monotonic()
        self._next = self._begun + FIRST_SECONDS
        if unit != "B" and total - initial > MANY:
            warn(f"{what}: {total - initial:,} ...")

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *exception) -> None:
        pass

    def __iter__(self) -> Iterator:
        for item in self._items:
            yield item
            self.update()

    def update(self, count: int = 1) -> None:
        """Count more items, and say how far it is if the last line was long ago."""
        self.n += count
        now = time.monotonic()
        if now >= self._next:
            self._next = now + LINE_SECONDS
            self._say(now - self._begun)

    def _say(self, gone: float) -> None:
        from tqdm import tqdm

        left = gone / max(self.n - self._initial, 1) * (self.total - self.n)
        gone, left = map(tqdm.format_interval, (gone, left))
        done = "" if self._unit == "B" else f"{self.n:,} of {self.total:,}, "
        share = self.n / max(self.total, 1)
        warn(f"{self._what}: {done}{share:.0%}, {gone} gone, {left} left")


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
