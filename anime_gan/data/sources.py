"""Where images come from: a folder, a glob or a zip file, whose contents are not trusted."""

from __future__ import annotations

import fnmatch
import glob
import math
import os
import stat
import threading
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from anime_gan.errors import UserError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
MAX_FILE_BYTES = 256 * 2**20

# Name, size in bytes and stamp of one file: its modification time in ns, or its CRC in a zip.
# A plain tuple, since every start may list 100,000 of them.
Entry = tuple[str, int, int]


class Unreadable(Exception):
    """The reason why one file is skipped."""


def open_source(images: str | Path, every_file: bool = False) -> FolderSource | ZipSource:
    """List the image files of a folder, a glob, a zip file or a single file.

    Args:
        images: the path or pattern. A folder is searched recursively; hidden files are ignored.
        every_file: list files of all extensions, not only EXTENSIONS.

    Returns:
        a source whose `entries` are sorted by name, the same order on every machine.

    Raises:
        UserError: if it does not exist or is not a readable zip file.
    """
    if not str(images).strip():
        raise UserError("no images are named: give a folder, a glob or a .zip file.")
    path = Path(images).expanduser()
    extensions = ("",) if every_file else EXTENSIONS
    name = str(images)
    if os.path.isdir(path):
        return FolderSource(name, path, ("**",), extensions)
    if os.path.isfile(path):
        named_zip = path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)
        if path.name.lower().endswith(EXTENSIONS) or (every_file and not named_zip):
            return FolderSource(name, path.parent, (glob.escape(path.name),), extensions)
        return ZipSource(name, path, extensions)
    fixed = next((i for i, part in enumerate(path.parts) if glob.has_magic(part)), None)
    root = Path(*path.parts[:fixed])
    if fixed is None or not os.path.isdir(root):
        raise UserError(f"{root} does not exist: give a folder, a glob or a .zip file of images.")
    return FolderSource(name, root, path.parts[fixed:], extensions)


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name not in (".", "..")) or name == "__MACOSX"


class FolderSource:
    """The files below a folder whose relative path matches a glob.

    pattern: the parts of the glob between slashes; ("**",) for every file.
    """

    def __init__(self, name: str, root: Path, pattern: Sequence[str], extensions: tuple[str, ...]):
        self.name = name
        self._root, self._pattern, self._extensions = root, pattern, extensions
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
                    found = [item for item in scan if not _is_hidden(item.name)]
            except OSError:
                yield prefix, 0, 0  # read() will give the reason
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            inside = []
            for item in found:
                path, name = (*parts, item.name), item.name.lower()
                if _is_folder(item):
                    inside.append(path)
                elif name.endswith(self._extensions) and _matches(path, self._pattern):
                    yield _file_entry(item, prefix)
            if len(parts) < self._max_depth:
                folders += sorted(inside)  # the order does not depend on which link leads there

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or OSError."""
        path = self._root / self.entries[index][0]
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("a folder that may not be listed")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait forever
            raise Unreadable("not a regular file")
        _check_size(status.st_size)
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
    return prefix + item.name, status.st_size, status.st_mtime_ns


class ZipSource:
    """The files of a zip file, read in place: nothing is ever extracted to disk."""

    def __init__(self, name: str, path: Path, extensions: tuple[str, ...]):
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path} is not a readable zip file: zip the images again or give their folder."
            ) from error
        self.name, self._lock, self._extensions = name, threading.Lock(), extensions
        listed = filter(self._is_listed, self._zip.infolist())
        self._infos = sorted(listed, key=lambda info: info.filename)
        self.entries = [(i.filename, i.file_size, i.CRC) for i in self._infos]

    def _is_listed(self, info: zipfile.ZipInfo) -> bool:
        parts = info.filename.replace("\\", "/").split("/")
        if info.is_dir() or any(map(_is_hidden, parts)):
            return False
        return parts[-1].lower().endswith(self._extensions)

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or what zipfile raises."""
        info = self._infos[index]
        parts = info.filename.replace("\\", "/").split("/")
        if not parts[0] or parts[0][1:2] == ":" or ".." in parts:
            raise Unreadable("its name points outside the zip")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Unreadable("a symbolic link")
        if info.flag_bits & 1:
            raise Unreadable("encrypted")
        _check_size(info.file_size)  # zipfile never inflates more than this declared size
        with self._lock:
            return self._zip.read(info)

    def close(self) -> None:
        """Close the zip file."""
        self._zip.close()


Source = FolderSource | ZipSource


def _check_size(size: int) -> None:
    if size == 0:
        raise Unreadable("empty file")
    if size > MAX_FILE_BYTES:
        raise Unreadable(f"{size / 2**20:.0f} MB is over the limit of {MAX_FILE_BYTES >> 20} MB")
