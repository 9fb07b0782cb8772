"""What is kept on disk of a source: its decoded images if there is room, and which can be read."""

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
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tqdm import tqdm

from anime_gan.data.decode import Shape, read_chunk, reason
from anime_gan.data.mapped import Mapped
from anime_gan.data.sources import Source
from anime_gan.errors import UserError

CHUNK_IMAGES = 64
CHUNK_BYTES = 4 * 2**20
INDEX_BYTES = 200  # that a skipped file takes in the index, about
CACHE_FORMAT = 1  # raise it whenever the same files would give other pixels
STALE_SECONDS = 24 * 3600


class Index(NamedTuple):
    """Which files of a source are used."""

    kept: list[int]  # places in the source's entries of the readable files, ascending
    skipped: list[tuple[str, str]]  # (name, reason) of every other file, in the source's order


class Cache:
    """The files in which one source's images of one shape (H, W, C) are kept.

    <key>.u8 holds the bare pixels, if there is room; <key>.json the index; <key>.skipped.txt the
    skipped files, for people to read. The .json is written last, and each file is renamed into
    place when it is complete, so that an interrupted start leaves no cache that looks complete.

    The key is a hex digest of the source's entries, shape and filter. The folder is created when
    needed; the other arguments are as for `Encoded`.
    """

    def __init__(self, folder: Path, source: Source, shape: Shape, resize: str):
        self._folder, self._source, self._shape, self._resize = folder, source, shape, resize
        listing = json.dumps([CACHE_FORMAT, shape, resize, source.entries])
        self.key = hashlib.sha256(listing.encode()).hexdigest()[:32]
        self.report = folder / f"{self.key}.skipped.txt"
        self._pixels = folder / f"{self.key}.u8"
        self._index = folder / f"{self.key}.json"
        self._most_bytes = len(source.entries) * math.prod(shape)  # if every file can be read

    def open(self, share: float, workers: int) -> tuple[Index, str | None]:
        """Return the index, and a sentence saying why the pixels are not kept, or None if they are.

        All files are decoded unless an earlier start has done it. Arguments and errors are those of
        `open_images`.
        """
        index, note = self._read_index(), None
        if index and self._has_pixels(index):
            return index, None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            note = self._too_large(share)
            if not (note and index):
                index = self._build(note, workers)
            return index, note
        except OSError as error:
            size = INDEX_BYTES * len(self._source.entries) if note else self._most_bytes
            raise UserError(
                f"the image cache cannot be written to {self._folder} ({reason(error)}): "
                f"it needs a writable folder with {-(-size // 10**6):,} MB free."
            ) from error

    def mapped(self, index: Index) -> Mapped:
        """Return the kept pixels of an index."""
        return Mapped(self._pixels, (len(index.kept), *self._shape))

    def _read_index(self) -> Index | None:
        """Return the index, None if it is missing or damaged."""
        entries = self._source.entries
        try:
            found = json.loads(self._index.read_bytes())
            index = self._index_without(sorted(found["skipped"]))
            named = all(entries[place][0] == name for place, name, _ in found["skipped"])
            whole = found["images"] == len(index.kept) == len(entries) - len(index.skipped)
            return index if named and whole else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def _index_without(self, skipped: list[tuple[int, str, str]]) -> Index:
        """Return the index of all files but the (place, name, reason) that are skipped."""
        places = {place for place, _, _ in skipped}
        kept = [place for place in range(len(self._source.entries)) if place not in places]
        return Index(kept, [(name, str(why)) for _, name, why in skipped])

    def _has_pixels(self, index: Index) -> bool:
        try:
            return self._pixels.stat().st_size == len(index.kept) * math.prod(self._shape)
        except OSError:
            return False

    def _too_large(self, share: float) -> str | None:
        """Return why the pixels are not kept on disk, as a sentence; None if they may be."""
        size, free = self._most_bytes, shutil.disk_usage(self._folder).free
        if size <= share * free:
            return None
        if share == 0:
            return "They are decoded when needed, since data.cache_share is 0."
        height, width, _ = self._shape
        return (
            f"They are decoded when needed: at {width}x{height} they would take {size / 1e9:,.1f} "
            f"GB, over {100 * share:g}% of the {free / 1e9:,.1f} GB free (data.cache_share)."
        )

    def _build(self, note: str | None, workers: int) -> Index:
        """Decode all files and write the index; also the pixels, unless a note says why not."""
        # Two starts at the same time each write their own file; the first to end serves both.
        unfinished = self._folder / f"{self.key}.{uuid.uuid4().hex}.tmp"
        try:
            self._remove_stale()
            with open(unfinished, "xb") as file:
                skipped = self._decode_all(None if note else file, workers)
                file.flush()
                os.fsync(file.fileno())
            other = self._read_index()
            if other and self._has_pixels(other):
                return other
            if skipped:
                lines = [f"{name}\t{why}".replace("\n", " ") + "\n" for _, name, why in skipped]
                self.report.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
            index = self._index_without(skipped)
            if not index.kept:
                raise UserError(
                    f"none of the {len(skipped)} images in {self._source.name} could be read: "
                    f"{self.report} gives the reason for each."
                )
            if not note:
                os.replace(unfinished, self._pixels)
            unfinished.write_text(json.dumps({"images": len(index.kept), "skipped": skipped}))
            os.replace(unfinished, self._index)
            return index
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _decode_all(self, file: BinaryIO | None, workers: int) -> list[tuple[int, str, str]]:
        """Decode all files, append their pixels to `file`, and return those that are skipped."""
        total = len(self._source.entries)
        step = max(1, min(CHUNK_IMAGES, CHUNK_BYTES // math.prod(self._shape)))
        all_skipped = []
        progress = tqdm(total=total, desc="Reading images" if file else "Checking images")
        pool = ThreadPoolExecutor(workers)
        waiting: deque[Future] = deque()  # bounded, so that memory stays small

        def write_oldest() -> None:
            images, skipped = waiting.popleft().result()
            if file:
                file.writelines(images)
            all_skipped.extend(skipped)
            progress.update(len(images) + len(skipped))

        try:
            with warnings.catch_warnings(), progress:
                warnings.simplefilter("ignore")  # Pillow's, on odd but readable files
                for start in range(0, total, step):
                    chunk = self._source, range(total)[start : start + step]
                    waiting.append(pool.submit(read_chunk, *chunk, self._shape, self._resize))
                    if len(waiting) > 2 * workers:
                        write_oldest()
                while waiting:
                    write_oldest()
        finally:
            pool.shutdown(cancel_futures=True)
        return all_skipped

    def _remove_stale(self) -> None:
        """Remove what killed starts left behind; a running one has written within a day."""
        for path in self._folder.glob(f"{'[0-9a-f]' * 32}.{'[0-9a-f]' * 32}.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()
