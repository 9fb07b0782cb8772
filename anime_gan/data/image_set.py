"""Training pictures: read from a folder, glob or zip, kept decoded where there is room, batched.

``open_images`` decodes every picture to the training resolution on the first start and keeps the
result as one uint8 file that later starts map in a moment; where that would take too much of the
disk, pictures are decoded anew whenever they are needed. ``Batches`` serves shuffled float
batches from it, prepared in the background so that a training step does not wait for data.
"""

from __future__ import annotations

import io
import os
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from anime_gan.data import demo
from anime_gan.config.schema import Config
from anime_gan.errors import UserError
from anime_gan.data.cache import Cache, ImageSet
from anime_gan.data.decode import DECODERS, read_chunk
from anime_gan.data.encoded import Encoded
from anime_gan.data.mapped import Mapped
from anime_gan.data.sources import EXTENSIONS, Source, open_source

if TYPE_CHECKING:  # it needs Keras, which the loader does not
    from anime_gan.data.on_device import OnDevice

PREFETCHED_BATCHES = 2


def open_images(
    images: str | Path,
    resolution: int,
    channels: int = 3,
    cache: Path = Path("data/cache"),
    workers: int | None = None,
    resize: str = "lanczos",
    cache_share: float = 0.5,
) -> ImageSet:
    """Open a glob, a folder (searched recursively) or a .zip of pictures for training.

    Each picture is turned upright, laid over white where transparent and stretched to
    (resolution, resolution, channels) by the filter `resize`, lanczos or bilinear; `channels` is 3
    for RGB or 1 for grey. The first call
    decodes with `workers` threads (default: one per core, at most 8) into the folder `cache`;
    later calls reuse that until a file is added, removed or changed. If the pixels would take more
    than `cache_share`, 0 to 1, of what is free there, the first call only looks which pictures can
    be read, and the result decodes them with so many threads whenever they are asked for. Files
    that cannot be read are skipped and listed in the result. Hidden files are ignored.

    Raises UserError if the source is missing, empty, broken or wholly unreadable, or if the cache
    cannot be written.
    """
    with ExitStack() as until_read:
        source = until_read.enter_context(closing(_source_of(images, resolution, channels)))
        store = Cache(Path(cache), source, (resolution, resolution, channels), str(images), resize)
        found = store.open(cache_share, workers or min(8, os.cpu_count() or 1))
        if isinstance(found.images, Encoded):
            until_read.pop_all()  # they go on reading from it, until nobody has them any more
        return found


def open_data(config: Config) -> ImageSet:
    """Return the pictures that data.images names; "demo" are the drawn ones, made when missing."""
    images = config.data.images
    if images == "demo":
        size = max(demo.SMALLEST, config.model.resolution)  # growing begins below that
        images = str(demo.ensure_faces(demo.builtin_folder(size), size=size))
    found = open_images(
        images,
        config.model.resolution,
        config.model.channels,
        Path(config.data.cache),
        resize=config.data.resize,
        cache_share=config.data.cache_share,
    )
    print(" ".join([f"{len(found.names):,} pictures from {images}.", *filter(None, [found.note])]))
    if found.skipped:
        print(f"{len(found.skipped):,} more can't be used; {found.skipped_file} says why.")
    return found


def image_sizes(images: str | Path) -> set[tuple[int, int]]:
    """Return every (width, height) that the readable pictures of a glob, folder or zip have.

    UserError if there is none.
    """
    sizes = set()
    with closing(_source_of(images, 1, 3)) as source:
        for index in range(len(source.entries)):
            # What can't be read is told of where the pictures are opened.
            with (
                suppress(Exception),
                Image.open(io.BytesIO(source.read(index)), formats=DECODERS) as image,
            ):
                sizes.add(image.size)
    if not sizes:
        raise UserError(f"none of the pictures in {images} can be read.")
    return sizes


def read_images(
    images: str | Path, count: int, resolution: int, channels: int = 3, resize: str = "lanczos"
) -> np.ndarray:
    """Return the first `count` readable pictures, uint8 (count, H, W, C), past the cache.

    Arguments and errors as for `open_images`; UserError too if there are fewer pictures.
    """
    pictures: list[np.ndarray] = []
    with closing(_source_of(images, resolution, channels)) as source:
        for index in range(len(source.entries)):
            pictures += read_chunk(
                source, range(index, index + 1), (resolution, resolution, channels), resize
            )[0]
            if len(pictures) == count:
                break
    require_batch(len(pictures), count)
    return np.stack(pictures)


def _source_of(images: str | Path, resolution: int, channels: int) -> Source:
    """The source of `images`, open, with at least one entry."""
    if resolution < 1:
        raise UserError(f"the resolution is {resolution} but must be at least 1.")
    if channels not in (1, 3):
        raise UserError(f"the number of channels is {channels} but must be 3 (RGB) or 1 (grey).")
    source = open_source(images)
    if not source.entries:
        source.close()
        raise UserError(
            f"{images} holds no pictures: it needs files ending in {', '.join(EXTENSIONS)}."
        )
    return source


def require_batch(count: int, batch_size: int, key: str = "training.batch_size") -> None:
    """Raise UserError if `count` pictures don't fill one batch, whose size `key` says."""
    if count < batch_size:
        raise UserError(
            f"there are only {count} pictures for batches of {batch_size}: add pictures or set a "
            f"smaller {key}."
        )


class Batches:
    """Endless iterator over shuffled training batches, prepared in background threads.

    Yields float32 arrays (batch_size, H, W, C) with values x / 127.5 - 1, in [-1, 1]. Each pass
    goes through the pictures in a fresh order; what does not fill a whole batch is left out of
    that pass. Batch s depends on (seed, s) alone, so training resumes exactly by `start_step`, the
    number of batches already trained on. With x_flip each picture is mirrored left to right with
    probability 1/2, drawn anew each pass.

    rows: which places of each batch are wanted, the others being another process's; None for all.
    pictures: uint8 array, memory map or Encoded (N, H, W, C); or OnDevice, which gives the same
        batches as tensors on the device.
    seed: whole number, at least 0.
    batches_per_pass: N // batch_size.

    Raises UserError if there are fewer pictures than `batch_size`, and what preparing a batch
    raised where that batch is taken. Use it as a context manager, or call close(), to end the
    threads.
    """

    def __init__(
        self,
        pictures: np.ndarray | Encoded | OnDevice,
        batch_size: int,
        seed: int,
        x_flip: bool = False,
        start_step: int = 0,
        rows: np.ndarray | slice | None = None,
    ):
        if batch_size < 1:
            raise UserError(f"training.batch_size is {batch_size} but must be at least 1.")
        require_batch(len(pictures), batch_size)
        self.batches_per_pass = len(pictures) // batch_size
        self._pictures = pictures
        self._mapped = Mapped.below(pictures)
        self._right_to_left = np.arange(pictures.shape[2])[::-1]
        self._batch_size, self._seed, self._x_flip = batch_size, seed, x_flip
        self._rows = slice(None) if rows is None else rows
        self._step = start_step
        self._ready: queue.Queue[Future[np.ndarray]] = queue.Queue(PREFETCHED_BATCHES)
        self._closed = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._prepare, args=(start_step,), daemon=True)
        self._thread.start()

    @property
    def passes(self) -> int:
        """Number of whole passes done over the pictures, in the batches handed out so far."""
        return self._step // self.batches_per_pass

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> np.ndarray:
        if self._closed.is_set():
            raise StopIteration
        if self._error is None:
            try:
                batch = self._ready.get().result()
            except Exception as error:
                self._error = error
            else:
                self._step += 1
                return batch
        raise self._error

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
        """The background thread: has batch `step` and those after it prepared."""
        # All that may wait are begun at once: one batch can be too few pictures to decode for all
        # cores, and its last ones always are.
        with ThreadPoolExecutor(PREFETCHED_BATCHES + 1) as pool:
            drawn_pass = None
            while not self._closed.is_set():
                number, position = divmod(step, self.batches_per_pass)
                if number != drawn_pass:
                    drawn, drawn_pass = pool.submit(self._draw_pass, number), number
                self._ready.put(pool.submit(self._gather, drawn, position))
                step += 1

    def _draw_pass(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The order of the pictures in pass `number`, and which places in it are mirrored."""
        generator = np.random.default_rng([self._seed, number])
        order = generator.permutation(len(self._pictures))
        if not self._x_flip:
            return order, np.zeros(len(order), dtype=bool)
        return order, generator.random(len(order)) < 0.5

    def _gather(self, drawn: Future, position: int) -> np.ndarray:
        """Batch `position`, counted from 0, of the pass that `drawn` draws."""
        rows = slice(position * self._batch_size, (position + 1) * self._batch_size)
        indices, mirrored = (part[rows][self._rows] for part in drawn.result())
        if not isinstance(self._pictures, np.ndarray | Encoded):
            return self._pictures.batch(indices, mirrored)
        if self._mapped:
            self._mapped.expect(indices)
        chosen = np.asarray(self._pictures[indices])
        if self._mapped:
            self._mapped.let_go()
        for row in np.flatnonzero(mirrored):
            chosen[row] = chosen[row].take(self._right_to_left, axis=1)
        batch = np.divide(chosen, np.float32(127.5), dtype=np.float32)
        batch -= 1
        return batch
