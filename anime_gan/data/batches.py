"""Shuffled training batches, prepared in the background while the training step computes."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from anime_gan.data.kinds import plural
from anime_gan.errors import UserError

if TYPE_CHECKING:  # OnDevice needs Keras
    from anime_gan.data.encoded import Encoded
    from anime_gan.data.mapped import Mapped
    from anime_gan.data.on_device import OnDevice

PREFETCHED_BATCHES = 2


def require_batch(count: int, batch_size: int, key: str = "training.batch_size") -> None:
    """Raise UserError if `count` images do not fill one batch, whose size is the config's `key`."""
    if count < batch_size:
        there = "there is only" if count == 1 else "there are only"
        raise UserError(
            f"{there} {plural(count, 'image')} for batches of {batch_size}: add images or set a "
            f"smaller {key}."
        )


class Batch(NamedTuple):
    """What one training step takes.

    images: float32 (B, H, W, C), in [-1, 1].
    labels: int32 (B, A), 0 where the value is unknown; or None without labels.
    """

    images: np.ndarray
    labels: np.ndarray | None = None


class Batches:
    """Endless iterator over shuffled training batches.

    Yields `Batch`. Each epoch takes the images in a new order; those that do not fill a whole batch
    are left out of that epoch. Batch s depends only on (seed, s): training resumes bit-exactly.

    Use it as a context manager, or call `close()`, to end the background threads.

    Args:
        images: `ImageSet.images`, or these in `OnDevice`.
        batch_size: B.
        seed: integer, at least 0.
        x_flip: whether each image is mirrored left to right with probability 1/2 in each epoch.
        start_step: number of batches already trained on.
        rows: which rows of each batch this process takes; None for all.
        labels: int32 (N, A), of the images; None for none.
        weights: how often each image is taken, (N,), of sum 1; None for once in an epoch. An epoch
            then takes an image its weight times N times on average, rounded up or down.

    Raises:
        UserError: if there are fewer than B images. `next()` raises what its preparation raised.
    """

    def __init__(
        self,
        images: Mapped | Encoded | OnDevice,
        batch_size: int,
        seed: int,
        x_flip: bool = False,
        start_step: int = 0,
        rows: np.ndarray | slice | None = None,
        labels: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ):
        if batch_size < 1:
            raise UserError(f"training.batch_size is {batch_size} but must be at least 1.")
        require_batch(len(images), batch_size)
        self.batches_per_epoch = len(images) // batch_size
        self._images, self._batch_size, self._seed, self._x_flip = images, batch_size, seed, x_flip
        self._rows = slice(None) if rows is None else rows
        self._labels, self._weights = labels, weights
        self._step = start_step
        self._ready: queue.Queue[Future[Batch]] = queue.Queue(PREFETCHED_BATCHES)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._prepare, args=(start_step,), daemon=True)
        self._thread.start()

    @property
    def epochs(self) -> int:
        """Number of complete epochs in the batches returned so far."""
        return self._step // self.batches_per_epoch

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Batch:
        if self._closed.is_set():
            raise StopIteration
        self._step += 1
        return self._ready.get().result()

    def close(self) -> None:
        """End the background threads; no more batches can be taken."""
        self._closed.set()
        while self._thread.is_alive():
            with suppress(queue.Empty):
                self._ready.get_nowait()  # the thread may be waiting to put one more
            self._thread.join(0.01)

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _prepare(self, step: int) -> None:
        """Prepare batch `step` and all after it: the background thread."""
        # The batches that may wait are prepared side by side: one batch can be too few images to
        # keep all cores decoding, and its last images always are.
        with ThreadPoolExecutor(PREFETCHED_BATCHES + 1) as pool:
            current = None
            while not self._closed.is_set():
                epoch, position = divmod(step, self.batches_per_epoch)
                if epoch != current:
                    shuffled, current = pool.submit(self._shuffle, epoch), epoch
                self._ready.put(pool.submit(self._take, shuffled, position))
                step += 1

    def _shuffle(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the order of the images in an epoch, and which places in it are mirrored."""
        generator = np.random.default_rng([self._seed, epoch])
        order = generator.permutation(len(self._images))
        if self._weights is not None:
            order = generator.permutation(_resampled(order, self._weights, generator.random()))
        return order, (generator.random(len(order)) < 0.5) & self._x_flip

    def _take(self, shuffled: Future, position: int) -> Batch:
        """Return batch `position`, from 0, of the epoch that was shuffled."""
        batch = slice(position * self._batch_size, (position + 1) * self._batch_size)
        indices, mirrored = (part[batch][self._rows] for part in shuffled.result())
        labels = None if self._labels is None else self._labels[indices]
        return Batch(self._images.take(indices, mirrored), labels)


def _resampled(order: np.ndarray, weights: np.ndarray, start: float) -> np.ndarray:
    """Return N of N images, each its weight times N times, rounded up or down.

    Systematic sampling: N equidistant points on a line where each image is as long as its weight.

    Args:
        order: in which the images lie on the line.
        weights: (N,), of sum 1.
        start: of the points, from 0 to below 1.
    """
    ends = np.cumsum(weights[order])
    points = (np.arange(len(order)) + start) / len(order) * ends[-1]
    return order[np.minimum(np.searchsorted(ends, points, side="right"), len(order) - 1)]
