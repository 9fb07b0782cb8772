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
from anime_gan.data.entries import Entry, Unreadable, check_size, is_hidden_path, time_stamp
from anime_gan.data.identity import digest
from anime_gan.errors import UserError
from anime_gan.files import whole_file

# Methods that zipfile cannot unpack, by their number in the zip file.
_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 97: "WavPack", 98: "PPMd", 99: "AES"}
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ROW = [str, int, int, bool]  # of the listing of a tar file
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
        self._infos = sorted(listed, key=lambda info: info.filename)
        self.entries: list[Entry] = [(i.filename, i.file_size, i.CRC) for i in self._infos]

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or what zipfile raises."""
        info = self._infos[index]
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Unreadable("symbolic link")
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
        self._places = [(size, offset, is_sparse) for _, size, offset, is_sparse in listed]
        self.entries: list[Entry] = [(name, size, stamp) for name, size, _, _ in listed]

    def _list(self) -> list[list]:
        """Return name, size, offset, and whether it is sparse of each file, by name."""
        try:
            with tarfile.open(fileobj=self._plain(), mode="r:") as tar:
                found = {
                    member.name: [member.name, member.size, member.offset_data, member.issparse()]
                    for member in tar
                    if member.isreg() and not is_hidden_path(member.name)
                }
        except (OSError, tarfile.TarError) as error:
            self.close()
            raise UserError(
                f"{self._path} is not a readable tar file, or its end is missing: download or copy "
                "it again."
            ) from error
        return [found[name] for name in sorted(found)]

    def _plain(self) -> BinaryIO:
        with self._lock:
            self._file = self._file or _plain_tar(self._path)
        return self._file

    def read(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises Unreadable or OSError."""
        size, offset, is_sparse = self._places[index]
        check_size(size)
        data = b"" if is_sparse else os.pread(self._plain().fileno(), size, offset)
        if len(data) < size:
            raise Unreadable("cut off in the tar file: download or copy it again")
        return data

    def close(self) -> None:
        """Close the tar file."""
        if self._file:
            self._file.close()
            self._file = None


def _read_listing(path: Path) -> list[list] | None:
    try:
        listed = json.loads(path.read_bytes())
        return listed if all([type(value) for value in row] == _ROW for row in listed) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _opener(path: Path) -> Callable | None:
    """Return what opens a compressed file, None for one that is not."""
    with open(path, "rb") as file:
        head = file.read(6)
    openers = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
    return next((openers[start] for start in openers if head.startswith(start)), None)


def _plain_tar(path: Path) -> BinaryIO:
    """Return a tar file, opened and uncompressed."""
    unpack = _opener(path)
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
            while part := packed.read(2**20):
                plain.write(part)
                bar.update(file.tell() - bar.n)
        plain.seek(0)
        return plain
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        plain.close()
        raise UserError(
            f"{path} could not be unpacked into {tempfile.gettempdir()} ({error}): download it "
            "again if it is damaged, make room if the disk is full, or unpack it and give the "
            "folder."
        ) from error
