"""What is kept of pictures on disk: their pixels if there is room, and which can be read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
import uuid
import warnings
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from anime_gan.errors import UserError
from anime_gan.data.decode import read_chunk, reason
from anime_gan.data.encoded import Encoded
from anime_gan.data.sources import Source

CHUNK_PICTURES = 64
CHUNK_BYTES = 4 * 2**20
INDEX_BYTES = 200  # that a picture takes in the index, about
CACHE_FORMAT = 1  # raise it whenever the same files would give other pixels
STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, eq=False)
class ImageSet:
    """The pictures of one source.

    images: uint8 (N, H, W, C), values 0 to 255: a read-only memory map, or Encoded, which reads
        the source whenever it is indexed; both give the same.
    names: the N kept files, in the order of `images`, relative to the folder or zip.
    skipped: (name, reason) of every file that was left out.
    skipped_file: text file listing the skipped files, or None if there are none.
    source: the `images` that was asked for.
    key: hex digest of the files' listing, resolution, channels and filter; equal data, equal key.
    note: a sentence on why they are Encoded, or None if they are not.
    """

    images: np.memmap | Encoded
    names: list[str]
    skipped: list[tuple[str, str]]
    skipped_file: Path | None
    source: str
    key: str
    note: str | None = None


class Cache:
    """What is kept on disk of one source's pictures at one size.

    <key>.u8 holds the bare pixels, where there is room for them; <key>.json the names, the skips
    and the kept ones' places in the source; <key>.skipped.txt the skips to read. The .json is
    written last and each file is renamed into place whole, so that a cache cut off half-way is
    never taken for a complete one.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        shape: tuple[int, int, int],
        images: str,
        resize: str = "lanczos",
    ):
        self._folder, self._source, self._shape, self._images = folder, source, shape, images
        self._resize = resize
        # Without a word of the usual filter, so that caches from before there were two still count.
        other = [] if resize == "lanczos" else [resize]
        listing = json.dumps([CACHE_FORMAT, shape, source.entries, *other])
        self._key = hashlib.sha256(listing.encode()).hexdigest()[:32]
        self._data = folder / f"{self._key}.u8"
        self._index = folder / f"{self._key}.json"
        self._report = folder / f"{self._key}.skipped.txt"

    def open(self, share: float, workers: int) -> ImageSet:
        """The pictures: pixels that are or can be kept on disk, else the files as they are.

        The pixels may take `share`, 0 to 1, of what is free there. What an earlier start found out
        is used; without it, `workers` threads read every picture. Raises UserError.
        """
        index, note = self._read_index(), None
        if index and self._has_pixels(index):
            return self._set(index)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            note = self._too_large(share)
            if not (note and index):
                index = self._build(note, workers)
            return self._set(index, note, workers)
        except OSError as error:
            size = INDEX_BYTES * len(self._source.entries) if note else self._pixel_bytes()
            raise UserError(
                f"the picture cache cannot be written to {self._folder} ({reason(error)}): "
                f"it needs a writable folder with {-(-size // 10**6):,} MB free."
            ) from error

    def _read_index(self) -> dict[str, list] | None:
        """What is in the index, None if there is none that is whole and fits the source."""
        try:
            index = json.loads(self._index.read_bytes())
            return self._fitting(index["names"], index["skipped"], index.get("kept"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None  # missing or damaged: built again

    def _fitting(self, names, skipped, kept) -> dict[str, list] | None:
        """An index with these parts, None if not each file of the source stands in one of the two
        lists, in the source's order. `kept` is None in those of before there were places.
        """
        every = [name for name, _, _ in self._source.entries]
        skipped = [(name, str(reason)) for name, reason in skipped]
        left_out = {name for name, _ in skipped}
        if kept is None:
            kept = [place for place, name in enumerate(every) if name not in left_out]
        if any(type(place) is not int for place in kept) or kept != sorted(set(kept)):
            return None
        left = dict(enumerate(every))
        found = [left.pop(place, None) for place in kept]
        if found != names or [name for name, _ in skipped] != [*left.values()]:
            return None
        return {"names": names, "skipped": skipped, "kept": kept}

    def _has_pixels(self, index: dict[str, list]) -> bool:
        try:
            return self._data.stat().st_size == len(index["names"]) * math.prod(self._shape)
        except OSError:
            return False

    def _pixel_bytes(self) -> int:
        """What the pixels would take if every picture could be read."""
        return len(self._source.entries) * math.prod(self._shape)

    def _too_large(self, share: float) -> str | None:
        """Why the pixels are not kept on disk, as a sentence; None if they may be."""
        size, free = self._pixel_bytes(), shutil.disk_usage(self._folder).free
        if size <= share * free:
            return None
        if share == 0:
            return "They are decoded as needed, since data.cache_share is 0."
        height, width, _ = self._shape
        return (
            f"They are decoded as needed: at {width}x{height} they would take {size / 1e9:,.1f} "
            f"GB, over {100 * share:g}% of the {free / 1e9:,.1f} GB free (data.cache_share)."
        )

    def _set(self, index: dict[str, list], note: str | None = None, workers: int = 1) -> ImageSet:
        """The pictures of an index: their pixels on disk, or Encoded with a note."""
        names, skipped = index["names"], index["skipped"]
        pictures: np.memmap | Encoded
        if note:
            pictures = Encoded(
                self._source, index["kept"], self._shape, self._images, self._resize, workers
            )
        else:
            shape = (len(names), *self._shape)
            pictures = np.memmap(self._data, dtype=np.uint8, mode="r", shape=shape)
        report = self._report if skipped else None
        return ImageSet(pictures, names, skipped, report, self._images, self._key, note)

    def _build(self, note: str | None, workers: int) -> dict[str, list]:
        """Read all pictures and write the index; their pixels too, unless a note says why not.

        Returns the index. Raises UserError or OSError.
        """
        # Two starts at once each write a file of their own, and the first to end provides both.
        unfinished = self._folder / f"{self._key}.{uuid.uuid4().hex}.tmp"
        try:
            self._remove_stale()
            with open(unfinished, "xb") as file:
                kept, skipped = self._read_pictures(None if note else file, workers)
                os.fsync(file.fileno())
            names = [self._source.entries[entry][0] for entry in kept]
            index = {"names": names, "skipped": skipped, "kept": kept}
            found = self._read_index()
            if found and self._has_pixels(found):
                return found
            if skipped:
                lines = [f"{name}\t{reason}".replace("\n", " ") + "\n" for name, reason in skipped]
                self._report.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
            if not names:
                raise UserError(
                    f"none of the {len(skipped)} pictures in {self._images} could be read: "
                    f"{self._report} gives the reason for each."
                )
            if not note:
                os.replace(unfinished, self._data)
            unfinished.write_text(json.dumps(index))
            os.replace(unfinished, self._index)
            return index
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _read_pictures(
        self, file: BinaryIO | None, workers: int
    ) -> tuple[list[int], list[tuple[str, str]]]:
        """Decode all, append them to `file` if there is one; returns kept entries and the skips."""
        total = len(self._source.entries)
        step = max(1, min(CHUNK_PICTURES, CHUNK_BYTES // math.prod(self._shape)))
        every_kept, skipped = [], []
        title = "Reading pictures" if file else "Checking pictures"
        progress = tqdm(total=total, desc=title, unit="pic")
        pool = ThreadPoolExecutor(workers)
        waiting: deque[Future] = deque()  # bounded, so that memory stays small

        def take_oldest() -> None:
            pictures, kept, left_out = waiting.popleft().result()
            if file:
                for picture in pictures:
                    file.write(picture)
            every_kept.extend(kept)
            skipped.extend(left_out)
            progress.update(len(kept) + len(left_out))

        try:
            with warnings.catch_warnings(), progress:
                warnings.simplefilter("ignore")  # Pillow's, on odd but readable files
                for start in range(0, total, step):
                    indices = range(start, min(start + step, total))
                    waiting.append(
                        pool.submit(read_chunk, self._source, indices, self._shape, self._resize)
                    )
                    if len(waiting) > 2 * workers:
                        take_oldest()
                while waiting:
                    take_oldest()
                if file:
                    file.flush()
        finally:
            pool.shutdown(cancel_futures=True)
        return every_kept, skipped

    def _remove_stale(self) -> None:
        """Remove what killed starts left behind; a running one has written within a day."""
        for path in self._folder.glob(f"{'[0-9a-f]' * 32}.{'[0-9a-f]' * 32}.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()
