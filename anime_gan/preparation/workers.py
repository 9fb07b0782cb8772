"""Worker processes for untrusted files: a crash or a hang affects one file only."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, TimeoutError

from pebble import ProcessExpired, ProcessPool

TIME_LIMIT = 300  # seconds per image; a large one with many faces takes about 30


def in_processes(
    function: Callable, items: Iterable[tuple], start: Callable[[], None]
) -> Iterator[tuple[object, str | None]]:
    """Call a function with the arguments of each item on all cores, in processes of their own.

    An exception of the function is raised here, since it is a bug. start: called once in each
    process before anything else.

    Yields:
        (result, None) in the order of the items, or (None, reason) where the process died or
        exceeded the time limit.
    """
    workers = os.cpu_count() or 1
    waiting: deque[Future] = deque()  # bounded, so that memory stays small
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(workers, initializer=start, context=context)
    try:
        for item in items:
            waiting.append(pool.schedule(function, args=item, timeout=TIME_LIMIT))
            if len(waiting) > 4 * workers:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        pool.stop()
        pool.join()


def _result(future: Future) -> tuple[object, str | None]:
    try:
        return future.result(), None
    except TimeoutError:
        return None, f"its decoding or search took over {TIME_LIMIT} seconds"
    except ProcessExpired:
        return None, "its decoding or search crashed"
