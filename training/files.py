"""Files that are written whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import UserError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once it is written to the disk.

    Whatever goes wrong before that, a full disk included, `path` stays as it was and the temporary
    file is removed. Its name keeps the suffix, which Keras chooses the format by. Raises UserError
    when the system refuses.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise UserError(
            f"{path} could not be written ({reason}); what was saved before is whole: make room or "
            "make the folder writable, and give the same command again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


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
