"""What is kept on disk of a source: its decoded images if there is room, and which can be read."""

import errno
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

from anime_gan import console
from anime_gan.data.decode import Shape, read_chunk, reason
from anime_gan.data.entries import Source
from anime_gan.data.identity import digest, identified
from anime_gan.data.kinds import counted, size_text
from anime_gan.data.mapped import Mapped
from anime_gan.errors import UserError
from anime_gan.files import sync

CHUNK_IMAGES = 64
CHUNK_BYTES = 4 * 2**20
INDEX_BYTES = 200  # that a skipped file takes in the index, about
CACHE_FORMAT = 3  # raise it whenever the same files would give other pixels
STALE_SECONDS = 24 * 3600


class Index(NamedTuple):
    """Which files of a source are used."""

    kept: list[int]  # places in the source's entries of the readable files, ascending
    skipped: list[tuple[str, str]]  # (name, reason) of every other file, in the source's order
    again: list[int]  # places of those that may be read at another start
    stretched: int  # how many of the images are far from square
    key: str  # equal for equal images: names, contents, shape and filter


class Cache:
    """The files in which one source's images of one shape (H, W, C) are kept.

    <key>.u8 holds the bare pixels, if there is room; the key is that of the index, a digest of the
    images used. <listing>.json holds the index and <listing>.skipped.txt the files left out, for
    people to read; the listing is a digest of all files. The .json is written last, and each file
    is renamed into place when it is complete, so that an interrupted start leaves no cache that
    looks complete. The folder is created when needed; the other arguments are as for `Encoded`.
    """

    def __init__(self, folder: Path, source: Source, shape: Shape, resize: str, workers: int):
        self._folder, self._source, self._shape, self._resize = folder, source, shape, resize
        self._workers, self._entries = workers, identified(source, folder, workers)
        self._listing = digest(CACHE_FORMAT, shape, resize, self._entries)
        self.report = folder / f"{self._listing}.skipped.txt"
        self._index = folder / f"{self._listing}.json"
        self._most_bytes = len(self._entries) * math.prod(shape)  # if every file can be read

    def open(self, share: float) -> tuple[Index, str | None]:
        """Return the index, and a sentence saying why the pixels are not kept, or None if they are.

        All files are decoded unless an earlier start has done it. Arguments and errors are those of
        `open_images`.
        """
        index, note = self._read_index(), None
        if index and any(map(self._can_be_read, index.again)):
            index = None
        if index and self._has_pixels(index):
            return index, None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            note = self._too_large(share)
            if not (note and index):
                index = self._build(note)
            return index, note
        except OSError as error:
            size = INDEX_BYTES * len(self._entries) if note else self._most_bytes
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                needed = f"make {-(-size // 10**6):,} MB free, or name another disk with data.cache"
            else:
                needed = "name a folder that can be written with data.cache=FOLDER"
            raise UserError(
                f"the image cache cannot be written to {self._folder} ({reason(error)}): {needed}."
            ) from error

    def mapped(self, index: Index) -> Mapped:
        """Return the kept pixels of an index."""
        return Mapped(self._pixels(index), (len(index.kept), *self._shape))

    def _pixels(self, index: Index) -> Path:
        return self._folder / f"{index.key}.u8"

    def _can_be_read(self, place: int) -> bool:
        try:
            self._source.read(place)
            return True
        except Exception:
            return False

    def _read_index(self) -> Index | None:
        """Return the index, None if it is missing or damaged."""
        entries = self._entries
        try:
            found = json.loads(self._index.read_bytes())
            again = [place for place in found["again"] if entries[place]]
            index = self._index_of(sorted(found["skipped"]), again, int(found["stretched"]))
            named = all(entries[place][0] == name for place, name, _ in found["skipped"])
            whole = found["images"] == len(index.kept) == len(entries) - len(index.skipped)
            return index if named and whole else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def _index_of(
        self, skipped: list[tuple[int, str, str]], again: list[int], stretched: int
    ) -> Index:
        """Return the index of all files but the (place, name, reason) that are skipped."""
        places = {place for place, _, _ in skipped}
        kept = [place for place in range(len(self._entries)) if place not in places]
        used = [self._entries[place] for place in kept]
        key = digest(CACHE_FORMAT, self._shape, self._resize, used)
        return Index(kept, [(name, str(why)) for _, name, why in skipped], again, stretched, key)

    def _has_pixels(self, index: Index) -> bool:
        try:
            size = self._pixels(index).stat().st_size
            return size == len(index.kept) * math.prod(self._shape)
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
            f"They are decoded when needed: at {width}x{height} they would take "
            f"{size_text(size)}, over {100 * share:g}% of the {size_text(free)} free "
            "(data.cache_share)."
        )

    def _build(self, note: str | None) -> Index:
        """Decode all files and write the index; also the pixels, unless a note says why not."""
        # Two starts at the same time each write their own file; the first to end serves both.
        unfinished = self._folder / f"{self._listing}.{uuid.uuid4().hex}.tmp"
        try:
            self._remove_stale()
            with open(unfinished, "xb") as file:
                skipped, again, stretched = self._decode_all(None if note else file)
            sync(unfinished)
            other = self._read_index()
            if other and not other.again and self._has_pixels(other):
                return other
            if skipped:
                lines = [f"{name}\t{why}".replace("\n", " ") + "\n" for _, name, why in skipped]
                self.report.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
            index = self._index_of(skipped, again, stretched)
            if not index.kept:
                raise none_readable(self._source.name, [why for _, why in index.skipped])
            if not note:
                os.replace(unfinished, self._pixels(index))
            saved = {
                "images": len(index.kept),
                "skipped": skipped,
                "again": again,
                "stretched": stretched,
                "source": os.path.abspath(self._source.name),
                "shape": self._shape,
                "key": index.key,
            }
            unfinished.write_text(json.dumps(saved))
            os.replace(unfinished, self._index)
            return index
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _decode_all(
        self, file: BinaryIO | None
    ) -> tuple[list[tuple[int, str, str]], list[int], int]:
        """Decode all files, append their pixels to `file`, and return what `Chunk` has beside."""
        total = len(self._entries)
        step = max(1, min(CHUNK_IMAGES, CHUNK_BYTES // math.prod(self._shape)))
        all_skipped, again, stretched = [], [], 0
        progress = console.bar(None, "Reading images" if file else "Checking images", total)
        pool = ThreadPoolExecutor(self._workers)
        waiting: deque[Future] = deque()  # bounded, so that memory stays small

        def write_oldest() -> None:
            nonlocal stretched
            chunk = waiting.popleft().result()
            if file:
                file.writelines(chunk.images)
            all_skipped.extend(chunk.skipped)
            again.extend(chunk.again)
            stretched += chunk.stretched
            progress.update(len(chunk.images) + len(chunk.skipped))

        try:
            with warnings.catch_warnings(), progress:
                warnings.simplefilter("ignore")  # Pillow's, on odd but readable files
                for start in range(0, total, step):
                    chunk = self._source, range(total)[start : start + step]
                    waiting.append(pool.submit(read_chunk, *chunk, self._shape, self._resize))
                    if len(waiting) > 2 * self._workers:
                        write_oldest()
                while waiting:
                    write_oldest()
        finally:
            pool.shutdown(cancel_futures=True)
        return all_skipped, again, stretched

    def _remove_stale(self) -> None:
        """Remove what killed starts left behind; a running one has written within a day."""
        for path in self._folder.glob(f"{'[0-9a-f]' * 32}.{'[0-9a-f]' * 32}.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()


def none_readable(name: str, reasons: list[str]) -> UserError:
    """Return the error for a source whose files all are left out."""
    return UserError(f"{name} holds no images that can be read, but {counted(reasons)}.")
