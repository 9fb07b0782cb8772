"""What a source of images is: named entries, each read as the bytes of one file."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LABELS = "labels.csv"  # the name of a table of labels (labels.py)
MAX_FILE_BYTES = 256 * 2**20
LARGE_FILE_BYTES = 8 * 2**20

# Name, size in bytes and stamp of one file. Equal stamps mean equal contents, and 0 means nothing.
# A plain tuple, since every start may list 100,000 of them.
Entry = tuple[str, int, int]

# Several large files or images at once would take gigabytes.
one_large = threading.RLock()


class Unreadable(Exception):
    """The reason why one file is left out."""


class Source(Protocol):
    """A folder, an archive or a table of images, whose contents are not trusted.

    Attributes:
        name: what the user called it.
        entries: sorted by name, the same order on every machine.
        has_checksums: whether the stamps are CRC-32 of the contents; otherwise they are times.
    """

    name: str
    entries: list[Entry]
    has_checksums: bool

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable, or anything on malformed data."""

    def close(self) -> None:
        """Close what is open."""


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Within it, no other thread holds a large file if `size` bytes are a large one."""
    if size <= LARGE_FILE_BYTES:
        yield
        return
    with one_large:
        yield


def check_size(size: int) -> None:
    """Raise Unreadable for an empty file and for a huge one."""
    if size == 0:
        raise Unreadable("empty file")
    if size > MAX_FILE_BYTES:
        raise Unreadable(f"file over the limit of {MAX_FILE_BYTES >> 20} MB")


def is_table(path: str) -> bool:
    """Return whether a file is the table of a set's labels: in its root or in a folder there."""
    return path.count("/") <= 1 and path.rpartition("/")[2] == LABELS


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is ignored."""
    return (name.startswith(".") and name not in (".", "..")) or name == "__MACOSX"


def is_hidden_path(path: str) -> bool:
    """Return whether a path in an archive has a hidden part."""
    return any(map(is_hidden, path.replace("\\", "/").split("/")))


def time_stamp(status) -> int:
    """Return the stamp of a file by its os.stat_result, 0 if it was changed just now.

    Both times count: the one of the contents may be set by hand, the one of the entry is missing on
    some disks. A file of the last seconds may change again without a change of its times.
    """
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < 2 * 10**9:
        return 0
    return status.st_mtime_ns + status.st_ctime_ns
