"""A folder or a glob as a source of images."""

import fnmatch
import math
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from anime_gan.data.entries import (
    Entry,
    Unreadable,
    check_size,
    is_hidden,
    is_table,
    time_stamp,
)


class FolderSource:
    """The files below a folder whose relative path matches a glob.

    pattern: the parts of the glob between slashes; ("**",) for every file.
    """

    has_checksums = False

    def __init__(self, name: str, root: Path, pattern: Sequence[str]):
        self.name, self._root, self._pattern = name, root, pattern
        self._max_depth = math.inf if "**" in pattern else len(pattern) - 1
        self.entries: list[Entry] = sorted(self._walk())

    def _walk(self) -> Iterator[Entry]:
        seen = set()  # folders by identity: a link to a parent folder must not be followed forever
        folders: list[tuple[str, ...]] = [()]
        while folders:
            parts = folders.pop()
            prefix = "".join(part + "/" for part in parts)
            try:
                status = os.stat(self._root / prefix)
                with os.scandir(self._root / prefix) as scan:
                    found = [item for item in scan if not is_hidden(item.name)]
            except OSError:
                yield prefix, 0, 0  # read() will give the reason
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            inside = []
            for item in found:
                path = (*parts, item.name)
                if _is_folder(item):
                    inside.append(path)
                elif _matches(path, self._pattern) and not is_table("/".join(path)):
                    yield _file_entry(item, prefix)
            if len(parts) < self._max_depth:
                folders += sorted(inside)  # the order does not depend on which link leads there

    def path(self, index: int) -> Path:
        """Return the path of entry `index`."""
        return self._root / self.entries[index][0]

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or OSError."""
        path = self.path(index)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("folder that may not be listed")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait forever
            raise Unreadable("not a regular file")
        check_size(status.st_size)
        return path.read_bytes()

    def beside(self, name: str) -> bytes | None:
        """Return the bytes of a file that is no entry, None if there is none; raises as `read`."""
        path = self._root / name
        if not path.is_file():
            return None
        check_size(path.stat().st_size)
        return path.read_bytes()

    def close(self) -> None:
        """Do nothing: no file is open between reads."""


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    first, *rest = pattern
    if first == "**":
        return any(_matches(parts[i:], rest) for i in range(len(parts), -1, -1))
    return bool(parts) and fnmatch.fnmatch(parts[0], first) and _matches(parts[1:], rest)


def _is_folder(item: os.DirEntry) -> bool:
    try:
        return item.is_dir()
    except OSError:  # a link to itself, say
        return False


def _file_entry(item: os.DirEntry, prefix: str) -> Entry:
    try:
        status = item.stat()
    except OSError:  # a dangling link, say; read() will give the reason
        return prefix + item.name, 0, 0
    return prefix + item.name, status.st_size, time_stamp(status)
