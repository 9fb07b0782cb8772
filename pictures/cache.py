"""The decoded pictures on disk: written whole or not at all, mapped into memory at a start."""

from __future__ import annotations

import hashlib
import json
import math
import os
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

from errors import UserError
from pictures.decode import read_chunk, reason
from pictures.sources import Source

CHUNK_PICTURES = 64
CHUNK_BYTES = 4 * 2**20
CACHE_FORMAT = 1  # raise it whenever the same files would give other pixels
STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, eq=False)
class PictureSet:
    """The pictures of one source.

    pictures: read-only uint8 memory map (N, H, W, C), values 0 to 255.
    names: the N kept files, in the order of `pictures`, relative to the folder or zip.
    skipped: (name, reason) of every file that was left out.
    skipped_file: text file listing the skipped files, or None if there are none.
    source: the `images` that was asked for.
    key: hex digest of the files' listing, resolution, channels and filter; equal data, equal key.
    """

    pictures: np.memmap
    names: list[str]
    skipped: list[tuple[str, str]]
    skipped_file: Path | None
    source: str
    key: str


class Cache:
    """The decoded pictures of one source on disk.

    <key>.u8 holds the bare pixels, <key>.json the names and skips, <key>.skipped.txt the skips to
    read. The .json is written last and each file is renamed into place whole, so that a cache
    cut off half-way is never taken for a complete one.
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

    def load(self) -> PictureSet | None:
        """Map the cached pictures, or return None if there is no complete cache of them."""
        try:
            index = json.loads(self._index.read_bytes())
            names, skipped = index["names"], [(name, reason) for name, reason in index["skipped"]]
            if self._data.stat().st_size == len(names) * math.prod(self._shape):
                return self._map(names, skipped)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # missing or damaged: built again
        return None

    def _map(self, names: list[str], skipped: list[tuple[str, str]]) -> PictureSet:
        shape = (len(names), *self._shape)
        pictures = np.memmap(self._data, dtype=np.uint8, mode="r", shape=shape)
        report = self._report if skipped else None
        return PictureSet(pictures, names, skipped, report, self._images, self._key)

    def build(self, workers: int) -> PictureSet:
        """Decode all pictures into the cache and map it; raises UserError."""
        # Two starts at once each write a file of their own, and the first to end provides both.
        unfinished = self._folder / f"{self._key}.{uuid.uuid4().hex}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_stale()
            with open(unfinished, "xb") as file:
                names, skipped = self._write_pictures(file, workers)
                os.fsync(file.fileno())
            if finished := self.load():
                return finished
            if skipped:
                lines = [f"{name}\t{reason}".replace("\n", " ") + "\n" for name, reason in skipped]
                self._report.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
            if not names:
                raise UserError(
                    f"none of the {len(skipped)} pictures in {self._images} could be read: "
                    f"{self._report} gives the reason for each."
                )
            os.replace(unfinished, self._data)
            unfinished.write_text(json.dumps({"names": names, "skipped": skipped}))
            os.replace(unfinished, self._index)
            return self._map(names, skipped)
        except OSError as error:
            megabytes = -(-len(self._source.entries) * math.prod(self._shape) // 10**6)
            raise UserError(
                f"the picture cache cannot be written to {self._folder} ({reason(error)}): "
                f"it needs a writable folder with {megabytes:,} MB free."
            ) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _write_pictures(self, file: BinaryIO, workers: int) -> tuple[list, list]:
        """Append the pictures to `file` in order; returns the names kept and the skips."""
        total = len(self._source.entries)
        step = max(1, min(CHUNK_PICTURES, CHUNK_BYTES // math.prod(self._shape)))
        names, skipped = [], []
        progress = tqdm(total=total, desc="Reading pictures", unit="pic")
        pool = ThreadPoolExecutor(workers)
        waiting: deque[Future] = deque()  # bounded, so that memory stays small

        def write_oldest() -> None:
            pictures, kept, left_out = waiting.popleft().result()
            for picture in pictures:
                file.write(picture)
            names.extend(self._source.entries[index][0] for index in kept)
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
                        write_oldest()
                while waiting:
                    write_oldest()
                file.flush()
        finally:
            pool.shutdown(cancel_futures=True)
        return names, skipped

    def _remove_stale(self) -> None:
        """Remove what killed starts left behind; a running one has written within a day."""
        for path in self._folder.glob(f"{'[0-9a-f]' * 32}.{'[0-9a-f]' * 32}.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()
