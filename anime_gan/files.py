"""Files that are written whole or not at all, files that grow, locks, checksums, numbered names."""

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anime_gan.errors import UserError

# What a disk answers that does not offer a call.
_NOT_OFFERED = (errno.EINVAL, errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)

try:
    import fcntl
except ImportError:  # on native Windows, where commands.py says what to do
    fcntl = None


@contextmanager
def whole_file(path: Path, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` once it is written to the disk.

    If anything fails before, `path` stays as it was and the temporary file is removed; UserError if
    the system refuses to write. The replacement survives a power cut, unless `durable` is false:
    then nobody waits for the disk, as for one of many files. The temporary name keeps the suffix,
    by which Keras chooses the format.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with explain_os_error(path):
            yield temporary
            if durable:
                sync(temporary)
            os.replace(temporary, path)
            if durable:
                sync_names(path.parent)
    finally:
        with suppress(OSError):  # on a disk that became read-only, even of one that is not there
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield the path of a new folder that replaces `path` once it is written to the disk.

    If anything fails before, `path` stays as it was and the new folder is removed; UserError if the
    system refuses to write.
    """
    temporary, former = (path.with_name(f".{os.getpid()}.{n}.{path.name}") for n in ("new", "old"))
    try:
        with explain_os_error(path):
            temporary.mkdir()
            yield temporary
            for file in temporary.rglob("*"):
                sync(file)
            if is_replaced := path.exists():
                os.rename(path, former)
            try:
                os.rename(temporary, path)
            except OSError:
                if is_replaced:
                    os.rename(former, path)
                raise
            sync_names(path.parent)
            if is_replaced:
                former.unlink() if former.is_symlink() else shutil.rmtree(former)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def explain_os_error(path: Path) -> Iterator[None]:
    """Turn an OSError about writing `path` into a UserError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        remedy = "make room or make the folder writable, and give the same command again"
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            remedy = "its folder is missing; make it, or choose another path"
        if error.errno == errno.EEXIST:
            remedy = "it is a file and not a folder; choose another path"
        if error.errno == errno.ENAMETOOLONG:
            remedy = "choose a shorter name"
        raise UserError(
            f"{path} could not be written ({reason}), but saved files are complete; {remedy}."
        ) from error


def readable(name: str) -> str:
    """Return a file's name as text that can be written: bytes that are no UTF-8 as \\udc82.

    Archives from other systems hold such names.
    """
    return name.encode("utf-8", "backslashreplace").decode()


def require_writable(path: Path) -> None:
    """Make the folder of an output file; UserError if the file can't be written there.

    Nothing is written: the check is for what takes long before it writes. A device is refused, as
    outputs replace what they are written to.
    """
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is not a regular file; choose another output file.")
    require_writable_folder(path.parent)


def require_writable_folder(folder: Path) -> None:
    """Make a folder for outputs; UserError if that is impossible, or nothing can be written there.

    A file without a name shows the latter, also to root and on disks that can only be read.
    """
    make_folder(folder)
    with explain_os_error(folder):
        tempfile.TemporaryFile(dir=folder).close()


def make_folder(path: Path) -> None:
    """Make a folder, which may exist, on the disk itself; UserError if the system refuses."""
    with explain_os_error(path):
        path.mkdir(parents=True, exist_ok=True)
        sync_names(path.parent)


class Appended:
    """A file that grows; UserError when the system refuses to write.

    mode: "a" appends text to what is there, "xb" writes bytes to a file that must be new.
    """

    def __init__(self, path: Path, mode: str):
        explained = explain_os_error(path)  # here a decorator
        file = explained(path.open)(mode)
        self.write = explained(file.write)
        self.flush = explained(file.flush)
        self.close = explained(file.close)


def sync(path: Path) -> None:
    """Wait until what was written to a file is on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:  # as by some network disks
            raise
    finally:
        os.close(descriptor)


def sync_names(folder: Path) -> None:
    """Wait until new names in a folder are on the disk itself."""
    with suppress(OSError):  # some network disks do not support it
        sync(folder)


def remove_unfinished(folder: Path) -> None:
    """Remove what `whole_file` and `whole_folder` left whose process was killed.

    A process that runs keeps its own: it may write images into the folder of a run.
    """
    for path in folder.glob(".*.*"):
        match = re.match(r"\.(\d{1,9})\.(new\.)?", path.name)
        if not match or (int(match[1]) != os.getpid() and _runs(int(match[1]))):
            continue
        if path.is_file():
            path.unlink(missing_ok=True)
        elif match[2]:
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    """Say whether there is a process with this number."""
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
            "are needed; make room and give the same command again to resume."
        )


def lock(path: Path, sentence: str) -> int:
    """Return the descriptor of a lock file that only this process holds until it ends.

    UserError with `sentence` if another process holds it. A disk that has no locks of either kind,
    as some network disks, locks nothing.
    """
    with explain_os_error(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    for take in (fcntl.flock, fcntl.lockf):
        try:
            take(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                os.close(descriptor)
                raise UserError(sentence) from None
            if error.errno not in _NOT_OFFERED:
                os.close(descriptor)
                raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Return whether another process holds a lock; it may be one that may only be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # there is none, or nobody here may know
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    finally:
        os.close(descriptor)
    return False


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def numbered(folder: Path, template: str) -> dict[int, Path]:
    """Return a folder's files by the number in their names, ascending; template: "gan_{}.png"."""
    found = {number_in(path, template): path for path in folder.glob(template.format("*"))}
    return dict(sorted((number, path) for number, path in found.items() if number is not None))


def number_in(path: Path, template: str) -> int | None:
    """Return the number in a file's name, None if the name does not fit the template."""
    before, after = (re.escape(part) for part in template.split("{}"))
    match = re.fullmatch(f"{before}([0-9]{{1,18}}){after}", path.name)
    return int(match[1]) if match else None
