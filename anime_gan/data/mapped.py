"""Decoded images: one uint8 array in a file, of which only what is needed is read."""

import mmap
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from anime_gan.data.pixels import to_batch


class Mapped:
    """Images of a memory-mapped file of bare pixels, read-only, indexed like a uint8 array.

    By default the operating system reads megabytes around each byte that is touched, and the pages
    that were read count as this process's memory. So each `take` asks for the pages of its images
    and releases them afterwards; they stay in the system's file cache.

    Some network disks cannot map files. There the images are read from the file when needed, and
    indexing returns a new array.

    Args:
        path: the file, of as many bytes as `shape` has values.
        shape: (N, H, W, C).
    """

    def __init__(self, path: Path, shape: tuple[int, int, int, int]):
        self._path, self.shape, self._images = path, shape, None
        with path.open("rb") as file, suppress(OSError):
            self._mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._images = np.frombuffer(self._mapping, np.uint8).reshape(shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index) -> np.ndarray:
        return self._read(index) if self._images is None else self._images[index]

    def take(self, indices: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """Return images as a network takes them.

        Args:
            indices: which images, int (B,).
            mirrored: which of these are mirrored left to right, bool (B,).

        Returns:
            float32 (B, H, W, C), in [-1, 1].
        """
        if self._images is None:
            return to_batch(self._read(indices), mirrored)
        size = self._images[0].nbytes
        with suppress(OSError, AttributeError):  # advice that not every system takes
            for start in (indices * size).tolist():
                page = start - start % mmap.PAGESIZE
                self._mapping.madvise(mmap.MADV_WILLNEED, page, start + size - page)
        images = to_batch(self._images[indices], mirrored)
        with suppress(OSError, AttributeError):
            self._mapping.madvise(mmap.MADV_DONTNEED)
        return images

    def _read(self, index) -> np.ndarray:
        """Return what indexing an array would, read from the file."""
        chosen = np.arange(len(self))[index]
        size = int(np.prod(self.shape[1:]))
        images = np.empty((chosen.size, size), np.uint8)
        with self._path.open("rb", buffering=0) as file:
            for image, place in zip(images, chosen.ravel().tolist(), strict=True):
                image[:] = np.frombuffer(os.pread(file.fileno(), size, place * size), np.uint8)
        return images.reshape(*chosen.shape, *self.shape[1:])
