"""How the file below a memory map of pictures is read: what is asked for, and nothing around it."""

import mmap

import numpy as np


class Mapped:
    """The file below `pictures`, (N, H, W, C), told which of them are wanted.

    Left alone, the system reads far around each byte that is touched, a hundred pictures for one
    and in another order than theirs; and pages once read count as this process's memory until it
    holds the whole file. Let go of, they stay in the system's file cache.
    """

    def __init__(self, pictures: np.ndarray, mapping: mmap.mmap):
        self._mapping = mapping
        whole = np.frombuffer(mapping, np.uint8)
        self._first = pictures.ctypes.data - whole.ctypes.data
        self._stride, self._size = pictures.strides[0], pictures[:1].nbytes

    @classmethod
    def below(cls, pictures) -> "Mapped | None":
        """Return it for a read-only memory map of whole pictures, None for all other arrays."""
        if not hasattr(mmap, "MADV_DONTNEED") or getattr(pictures, "mode", None) != "r":
            return None
        base = pictures
        while isinstance(base, np.ndarray):
            base = base.base
        known = isinstance(base, mmap.mmap) and pictures.flags.c_contiguous
        return cls(pictures, base) if known else None

    def expect(self, indices: np.ndarray) -> None:
        """Have pictures read from the disk, all at once and without waiting for them."""
        for index in indices.tolist():
            start = self._first + index * self._stride
            page = start - start % mmap.PAGESIZE
            self._mapping.madvise(mmap.MADV_WILLNEED, page, start + self._size - page)

    def let_go(self) -> None:
        """Give back the pages that were read."""
        self._mapping.madvise(mmap.MADV_DONTNEED)
