"""Zip and tar files as sources of images: read in place, nothing is extracted under its name."""

import bz2
import gzip
import json
import lzma
import os
import stat
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from anime_gan import console
from anime_gan.data.decode import begins_as_image
from anime_gan.data.entries import (
    Entry,
    Unreadable,
    check_size,
    is_hidden_path,
    is_table,
    time_stamp,
)
from anime_gan.data.identity import digest
from anime_gan.data.kinds import HEAD_BYTES, PACKED, is_tar, kind_of
from anime_gan.errors import UserError
from anime_gan.files import whole_file

# Methods that zipfile cannot unpack, by their number in the zip file.
_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 97: "WavPack", 98: "PPMd", 99: "AES"}
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ROW = [str, int, int, str]  # of the listing of a tar file
_BLOCK = 512  # bytes, of which a tar file is made
_SYMBOLIC = "symbolic link"
_ENCRYPTED = "encrypted: zip the images again without a password"


class ZipSource:
    """The files of a zip file. Their names are only names: they may point anywhere."""

    has_checksums = True

    def __init__(self, name: str, path: Path):
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path} is not a readable zip file, its end is missing or damaged: download or "
                "copy it again, or zip the images again."
            ) from error
        self.name, self._lock = name, threading.Lock()
        listed = [
            info
            for info in self._zip.infolist()
            if not (info.is_dir() or is_hidden_path(info.filename))
        ]
        self._tables = {info.filename: info for info in listed if is_table(info.filename)}
        self._infos = sorted(
            (info for info in listed if info.filename not in self._tables),
            key=lambda info: info.filename,
        )
        self.entries: list[Entry] = [(i.filename, i.file_size, i.CRC) for i in self._infos]

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or what zipfile raises."""
        return self._read(self._infos[index])

    def beside(self, name: str) -> bytes | None:
        """Return the bytes of a table that is no entry, None if there is none."""
        return self._read(self._tables[name]) if name in self._tables else None

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Unreadable(_SYMBOLIC)
        if info.flag_bits & 1:
            raise Unreadable(_ENCRYPTED)
        if info.compress_type not in _READ:
            method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
            raise Unreadable(
                f"packed with {method}, which cannot be unpacked here: zip again with Deflate"
            )
        check_size(info.file_size)  # zipfile never inflates more than this declared size
        try:
            with self._lock:
                return self._zip.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Unreadable(
                "damaged within the zip (its CRC does not fit): download or copy it again"
            ) from error

    def close(self) -> None:
        """Close the zip file."""
        self._zip.close()


class TarSource:
    """The files of a tar file. A compressed one is unpacked into an unnamed temporary file.

    memory: a folder in which the listing of a compressed file is kept, so that it is only unpacked
    to read from it; None keeps nothing.
    """

    has_checksums = False

    def __init__(self, name: str, path: Path, memory: Path | None = None):
        self.name, self._path, self._lock = name, path, threading.Lock()
        self._file: BinaryIO | None = None
        stamp = time_stamp(path.stat())
        place = digest(os.path.abspath(path), path.stat().st_size, stamp)
        kept = memory / f"{place}.files" if memory and stamp and _opener(path) else None
        listed = _read_listing(kept) if kept else None
        if listed is None:
            listed = self._list()
            if kept:
                with suppress(OSError, UserError):  # it is only unpacked again
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    with whole_file(kept) as temporary:
                        temporary.write_text(json.dumps(listed))
        self._tables = {name: place for name, *place in listed if is_table(name)}
        listed = [row for row in listed if row[0] not in self._tables]
        self._places = [(size, offset, why) for _, size, offset, why in listed]
        self.entries: list[Entry] = [(name, size, stamp) for name, size, _, _ in listed]

    def _list(self) -> list[list]:
        """Return name, size, offset, and why it can't be read, or "", of each file, by name."""
        found: dict[str, list] = {}
        plain = self._plain()
        try:
            with tarfile.open(fileobj=plain, mode="r:") as tar:
                for member in tar:
                    if not member.isdir():
                        found[member.name] = [member.name, *_place(member, found)]
                # It stops at whatever is no header; a whole file ends with a block of zeros.
                is_whole = os.pread(plain.fileno(), _BLOCK, tar.offset) == bytes(_BLOCK)
        except (OSError, tarfile.TarError) as error:
            self.close()
            raise UserError(self._no_tar()) from error
        if not is_whole:
            self.close()
            raise UserError(self._no_tar())
        return [found[name] for name in sorted(found) if not is_hidden_path(name)]

    def _no_tar(self) -> str:
        """Return the sentence for a file that is no tar file or not a whole one."""
        return (
            f"{self._path} is not a readable tar file, or its end is missing: download or copy it "
            "again."
        )

    def _plain(self) -> BinaryIO:
        with self._lock:
            self._file = self._file or _plain_tar(self._path)
        return self._file

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or OSError."""
        return self._read(*self._places[index])

    def beside(self, name: str) -> bytes | None:
        """Return the bytes of a table that is no entry, None if there is none."""
        return self._read(*self._tables[name]) if name in self._tables else None

    def _read(self, size: int, offset: int, why: str) -> bytes:
        if why:
            raise Unreadable(why)
        check_size(size)
        data = os.pread(self._plain().fileno(), size, offset)
        if len(data) < size:
            raise Unreadable("cut off in the tar file: download or copy it again")
        return data

    def close(self) -> None:
        """Close the tar file."""
        if self._file:
            self._file.close()
            self._file = None


def _place(member: tarfile.TarInfo, found: dict[str, list]) -> tuple[int, int, str]:
    """Return size and offset of a member's bytes, and why they can't be read, or "".

    found: the members before it, as in `TarSource._list`. A hard link is the file that it names.
    """
    if member.issym():
        return 0, 0, _SYMBOLIC
    if member.islnk():
        target = found.get(member.linkname)
        return tuple(target[1:]) if target else (0, 0, "hard link to a file that is not in the tar")
    if not member.isreg():
        return 0, 0, "not a regular file"
    why = "sparse file: tar the images again without --sparse" if member.issparse() else ""
    return member.size, member.offset_data, why


def _read_listing(path: Path) -> list[list] | None:
    try:
        listed = json.loads(path.read_bytes())
        return listed if all([type(value) for value in row] == _ROW for row in listed) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _opener(path: Path) -> Callable | None:
    """Return what opens a compressed file, None for one that is not."""
    kind = _packed_kind(path)
    return {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}[kind] if kind else None


def _packed_kind(path: Path) -> str | None:
    """Return how a file is compressed, None if it is not."""
    with open(path, "rb") as file:
        head = file.read(6)
    return next((kind for start, kind in PACKED.items() if head.startswith(start)), None)


def _plain_tar(path: Path) -> BinaryIO:
    """Return a tar file, opened and uncompressed."""
    kind, unpack = _packed_kind(path), _opener(path)
    if unpack is None:
        return open(path, "rb")
    plain = tempfile.TemporaryFile()  # noqa: SIM115, the source keeps it open
    try:
        size = path.stat().st_size
        with (
            open(path, "rb") as file,
            unpack(file) as packed,
            console.bar(
                None, f"Unpacking {path.name}", size, unit="B", unit_scale=True, delay=1
            ) as bar,
        ):
            # One piece at a time: of several, those before an error would be lost.
            while part := packed.read1(2**20):
                plain.write(part)
                bar.update(file.tell() - bar.n)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        # What follows a whole gzip file is ignored, as gzip, bz2 and lzma do.
        if not (plain.tell() and str(error).startswith("Not a gzipped file")):
            plain.close()
            raise _cannot_unpack(path, kind, error) from error
    plain.seek(0)  # which also writes what is buffered
    if wrong := _other_content(path, kind, os.pread(plain.fileno(), HEAD_BYTES, 0)):
        plain.close()
        raise wrong
    return plain


def _other_content(path: Path, kind: str | None, head: bytes) -> UserError | None:
    """Return the error for a compressed file that holds one image or another file, no tar."""
    if is_tar(head) or not head.strip(b"\0"):
        return None
    content = "one image" if begins_as_image(head) else kind_of(head, path.stem)
    what = (content or "unknown").partition(":")[0]
    return UserError(
        f"{path} is packed with {kind}, and its content is {what}, no tar file: unpack it and give "
        "the result."
    )


def _cannot_unpack(path: Path, kind: str | None, error: Exception) -> UserError:
    """Return the error for a compressed file; a failing disk has a number, damage has none."""
    if isinstance(error, OSError) and error.errno is not None:
        return UserError(
            f"{path} could not be unpacked into {tempfile.gettempdir()} ({error.strerror}): make "
            "room if the disk is full, or unpack it and give the folder."
        )
    return UserError(
        f"{path} is packed with {kind}, and damaged or cut off: download or copy it again."
    )
