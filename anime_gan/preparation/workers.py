"""Work on untrusted files in processes of their own: one that crashes or hangs takes none along."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, TimeoutError

from pebble import ProcessExpired, ProcessPool

TIME_LIMIT = 300  # seconds for one picture; a large one with many faces takes about 30


def in_processes(
    function: Callable, items: Iterable, start: Callable, settings: tuple
) -> Iterator[tuple[object, object, str | None]]:
    """Yield (item, what `function` made of it, None) in the items' order, from all cores.

    items: tuples of arguments. start: called with `settings` in each process before anything else.
    Where the process died or ran out of time, (item, None, reason). An exception of the function is
    raised here: it is a bug.
    """
    workers = os.cpu_count() or 1
    waiting: deque[tuple[object, Future]] = deque()  # bounded, so that memory stays small
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(workers, initializer=start, initargs=settings, context=context)
    try:
        for item in items:
            waiting.append((item, pool.schedule(function, args=item, timeout=TIME_LIMIT)))
            if len(waiting) > 4 * workers:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
    finally:
        pool.stop()
        pool.join()


def _result(item: object, future: Future) -> tuple[object, object, str | None]:
    try:
        return item, future.result(), None
    except TimeoutError:
        return item, None, f"its decoding or search took over {TIME_LIMIT} seconds"
    except ProcessExpired:
        return item, None, "its decoding or search crashed"
