"""Decoded images: one uint8 array in a file, of which only what is needed is read."""

import mmap
from pathlib import Path

import numpy as np

from anime_gan.data.pixels import to_batch


class Mapped:
    """Images of a memory-mapped file of bare pixels, read-only, indexed like a uint8 array.

    By default the operating system reads megabytes around each byte that is touched, and the pages
    that were read count as this process's memory. So each `take` asks for the pages of its images
    and releases them afterwards; they stay in the system's file cache.

    Args:
        path: the file, of as many bytes as `shape` has values.
        shape: (N, H, W, C).
    """

    def __init__(self, path: Path, shape: tuple[int, int, int, int]):
        with path.open("rb") as file:
            self._mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._images, self.shape = np.frombuffer(self._mapping, np.uint8).reshape(shape), shape

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index) -> np.ndarray:
        return self._images[index]

    def take(self, indices: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """Return images as a network takes them.

        Args:
            indices: which images, int (B,).
            mirrored: which of these are mirrored left to right, bool (B,).

        Returns:
            float32 (B, H, W, C), in [-1, 1].
        """
        size = self._images[0].nbytes
        for start in (indices * size).tolist():
            page = start - start % mmap.PAGESIZE
            self._mapping.madvise(mmap.MADV_WILLNEED, page, start + size - page)
        images = to_batch(self._images[indices], mirrored)
        self._mapping.madvise(mmap.MADV_DONTNEED)
        return images
