"""The checksums of a source's files, by which a copy of a set is known as the same set."""

import hashlib
import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from anime_gan import console
from anime_gan.data.entries import Entry, Source, room_for
from anime_gan.errors import UserError
from anime_gan.files import whole_file

_CHUNK = 64  # files that a thread reads at a time


def identified(source: Source, folder: Path, workers: int) -> list[Entry]:
    """Return the entries of a source, each with the CRC-32 of its content as stamp.

    A zip file lists them. Elsewhere each file is read once; its checksum is kept in `folder` and
    taken from there as long as its size and times stay the same. A file that cannot be read has 0.
    With its name and size, 32 bits are enough: a file that was changed keeps its checksum by chance
    once in 4 billion times.
    """
    if source.has_checksums:
        return source.entries
    place = hashlib.sha256(os.fsencode(os.path.abspath(source.name))).hexdigest()[:32]
    path = folder / f"{place}.files"
    before = _read(path)
    found, left = {}, []
    for index, (name, size, stamp) in enumerate(source.entries):
        known = before.get(name)
        if stamp and known and known[:2] == [size, stamp]:
            found[index] = known[2]
        else:
            left.append(index)
    if left:
        found |= _checksums(source, left, workers)
        kept = {
            name: [size, stamp, found[index]]
            for index, (name, size, stamp) in enumerate(source.entries)
            if stamp and found[index] is not None
        }
        # Without them the files are only read again; the cache says what is wrong with the folder.
        with suppress(OSError, UserError):
            if kept:
                folder.mkdir(parents=True, exist_ok=True)
                with whole_file(path) as temporary:
                    temporary.write_text(json.dumps(kept))
    return [(name, size, found[index] or 0) for index, (name, size, _) in enumerate(source.entries)]


def digest(*parts: object) -> str:
    """Return 32 hex digits that are equal for equal parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _read(path: Path) -> dict[str, list[int]]:
    try:
        found = json.loads(path.read_bytes())
        return found if all(len(value) == 3 for value in found.values()) else {}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _checksums(source: Source, indices: list[int], workers: int) -> dict[int, int | None]:
    """Return the checksum of each entry, None for those that cannot be read."""

    def checksum(index: int) -> int | None:
        try:
            with room_for(source.entries[index][1]):
                return zlib.crc32(source.read(index))
        except Exception:  # the decoding meets it again, and keeps the reason
            return None

    def several(some: list[int]) -> dict[int, int | None]:
        return {index: checksum(index) for index in some}

    with (
        ThreadPoolExecutor(workers) as pool,
        console.bar(None, "Reading files", len(indices), delay=1, leave=False) as bar,
    ):
        found = {}
        chunks = [indices[i : i + _CHUNK] for i in range(0, len(indices), _CHUNK)]
        for some in pool.map(several, chunks):
            found |= some
            bar.update(len(some))
        return found
