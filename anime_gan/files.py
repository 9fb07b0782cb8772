"""Files that are written whole or not at all, or grow, and what the system refuses told."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anime_gan.errors import UserError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once it is written to the disk.

    Whatever goes wrong before that, a full disk included, `path` stays as it was and the temporary
    file is removed; that it took the place outlives a power cut too. Its name keeps the suffix,
    which Keras chooses the format by. Raises UserError when the system refuses.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with told(path):
            yield temporary
            sync(temporary)
            os.replace(temporary, path)
            sync_names(path.parent)
    finally:
        with suppress(OSError):  # on a disk that became read-only, even of one that is not there
            temporary.unlink(missing_ok=True)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Within it, the system's refusal to write `path` becomes a UserError with a way out."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise UserError(
            f"{path} could not be written ({reason}); what was saved before is whole: make room or "
            "make the folder writable, and give the same command again."
        ) from error


class Appended:
    """A file that grows; UserError when the system refuses to take more.

    mode: "a" for text that is added to what is there, "xb" for bytes of a file that must be new.
    """

    def __init__(self, path: Path, mode: str):
        self._path = path
        with told(path):
            self._file = path.open(mode)

    def write(self, data: str | bytes) -> None:
        """Add to it."""
        with told(self._path):
            self._file.write(data)

    def flush(self) -> None:
        """Hand what was added to the system."""
        with told(self._path):
            self._file.flush()

    def close(self) -> None:
        """Close it."""
        with told(self._path):
            self._file.close()


def sync(path: Path) -> None:
    """Wait until what was written to a file is on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_names(folder: Path) -> None:
    """Wait until what was made and renamed in a folder is so on the disk itself."""
    with suppress(OSError):  # some network disks can't
        sync(folder)


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files in a folder whose process was killed before they were whole.

    Those of a process that lives are left alone: it may be drawing into the folder of a run.
    """
    for path in folder.glob(".*.*"):
        match = re.match(r"\.(\d{1,9})\.", path.name)
        if match and path.is_file() and (int(match[1]) == os.getpid() or not _lives(int(match[1]))):
            path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    """Say whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return True


def require_space(folder: Path, size: int) -> None:
    """Raise UserError when fewer than `size` bytes are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise UserError(
            f"the disk of {folder} is full: {free / 1e6:.0f} MB are free and {size / 1e6:.0f} MB "
            "are needed; make room and give the same command again, it goes on from the last "
            "checkpoint."
        )


def locked(path: Path, sentence: str) -> int:
    """Return the descriptor of a lock file that this process alone holds until it ends.

    Raises UserError with a sentence if another one holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserError(sentence) from None
    return descriptor
