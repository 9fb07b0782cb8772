"""What the folder of decoded images holds: listed for people, and removed at their wish."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.files import explain_os_error

# Every file's name begins with 32 hex digits and a dot; others in the folder are not ours.
_OURS = re.compile(r"([0-9a-f]{32})\..+")


@dataclass
class Cached:
    """The files of one set of images at one size.

    Attributes:
        key: hex digest of the images.
        sources: where they were read from.
        images: how many, None if the index is missing.
        shape: (H, W, C), None likewise.
        files: all that is kept of them, also what was measured on them.
    """

    key: str
    sources: list[str] = field(default_factory=list)
    images: int | None = None
    shape: tuple[int, ...] | None = None
    files: list[Path] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of bytes on the disk."""
        total = 0
        for path in self.files:
            with suppress(OSError):
                total += path.stat().st_size
        return total


def list_caches(folder: Path) -> list[Cached]:
    """Return what a cache folder holds, by source; an empty list if there is no such folder.

    Checksums of files belong to no set: they come last, with the key "".
    """
    ours = sorted(path for path in folder.glob("*.*") if _OURS.fullmatch(path.name))
    found: dict[str, Cached] = {}
    key_of: dict[str, str] = {}  # of a listing of files
    for path in ours:
        if path.suffix == ".json":
            with suppress(OSError, ValueError, LookupError, TypeError):
                index = json.loads(path.read_bytes())
                key = key_of[path.stem] = str(index["key"])
                one = found.setdefault(key, Cached(key))
                one.sources.append(str(index["source"]))
                one.images, one.shape = int(index["images"]), tuple(index["shape"])
    for path in ours:
        start = path.name[:32]
        key = "" if path.suffix == ".files" else key_of.get(start, start)
        found.setdefault(key, Cached(key)).files.append(path)
    return sorted(found.values(), key=lambda one: (not one.key, not one.sources, one.sources))


def remove_caches(folder: Path, keys: Iterable[str] = ()) -> int:
    """Remove some caches by the beginnings of their keys, or all; return the bytes that were freed.

    Nothing else in the folder is removed. A run that uses one keeps it until it ends, and a later
    start decodes the images again.

    Raises:
        UserError: a key is not there, or a file cannot be removed.
    """
    caches, keys = list_caches(folder), list(keys)
    for key in keys:
        if not key.strip():
            raise UserError("a key is empty: give the first letters of a cache's key.")
        if not any(one.key.startswith(key) for one in caches if one.key):
            raise UserError(f"{folder} holds no cache whose key begins with {key}.")
    chosen = [one for one in caches if not keys or (one.key and one.key.startswith(tuple(keys)))]
    freed = 0
    for one in chosen:
        freed += one.size
        for path in one.files:
            with explain_os_error(path):
                path.unlink(missing_ok=True)
    return freed
