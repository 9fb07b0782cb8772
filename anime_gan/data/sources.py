"""Where images come from: a folder, a glob, an archive, an array or a table."""

from __future__ import annotations

import glob
import os
import re
import zipfile
from pathlib import Path

from PIL import Image

from anime_gan.data import tables
from anime_gan.data.archives import TarSource, ZipSource
from anime_gan.data.arrays import ArraySource
from anime_gan.data.decode import begins_as_image, decoders
from anime_gan.data.entries import Source
from anime_gan.data.folders import FolderSource
from anime_gan.data.kinds import HEAD_BYTES, PACKED, is_tar, kind_of
from anime_gan.data.missing import missing, no_file
from anime_gan.errors import UserError

GIVE = "give a folder, a glob, or a .zip, .tar, .npy, .npz or .parquet file of images"
_BINARY = (".zip", ".tar", ".gz", ".tgz", ".npy", ".npz", ".parquet", ".7z", ".rar", ".h5")
_TABLES = (b"PAR1", b"ARROW1")
_PART = re.compile(r"\.(z\d\d|\d{3}|part\d+\.rar|r\d\d)$")  # the name of a part of an archive


def open_source(images: str | Path, memory: Path | None = None) -> Source:
    """List the files of a folder, a glob, an archive, an array, a table or a single file.

    Args:
        images: the path or pattern. A folder is searched recursively; hidden files are ignored.
        memory: a folder in which the listings of compressed tar files are kept; None for none.

    Returns:
        a source of all files, images or not; its entries are sorted by name.

    Raises:
        UserError: if it does not exist, is of no kind that can be read, or is damaged.
    """
    if not str(images).strip():
        raise UserError(f"no images are named: {GIVE}.")
    path, name = Path(images).expanduser(), str(images)
    if os.path.isdir(path):
        return _folder(name, path)
    if os.path.isfile(path):
        return _file(name, path, memory)
    if os.path.exists(path):
        raise no_file(name, path, GIVE)
    root, pattern = _split(path)
    if not pattern or not glob.has_magic(pattern[0]):
        raise missing(name, path, GIVE)
    return FolderSource(name, root, pattern)


def _split(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder in which a glob begins, and the parts of its pattern.

    A folder whose name has signs of a glob, such as "[artist] set", is taken as it is.
    """
    for number in range(len(path.parts) - 1, -1, -1):
        root = Path(*path.parts[:number])
        if os.path.isdir(root):
            return root, path.parts[number:]
    return path, ()


def _folder(name: str, path: Path) -> Source:
    """Return a folder's files, or the rows of its tables if it is a dataset of such."""
    folder = FolderSource(name, path, ("**",))
    files = [entry[0] for entry in folder.entries]
    named = [file for file in files if file.lower().endswith(tables.ENDINGS)]
    if not named:
        return folder
    decoders()  # which fills the table of endings
    if any(os.path.splitext(file)[1].lower() in Image.EXTENSION for file in files):
        return folder
    return tables.TableSource(name, path, named)


def _file(name: str, path: Path, memory: Path | None) -> Source:
    """Return the source that a file is by its content."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): {GIVE}.") from error
    if not head:
        raise UserError(f"{path} is an empty file: download or copy it again.")
    if not _PART.search(path.name.lower()) or head.startswith(_TABLES):
        return _by_content(name, path, head, memory)
    # The content comes first: faces.512 may be a whole zip file.
    begins = begins_as_image(head) or head.startswith((b"PK", b"\x93NUMPY", *PACKED))
    try:
        if begins or is_tar(head):
            return _by_content(name, path, head, memory)
    except UserError:
        pass
    raise UserError(f"{path} is one part of a split archive: join and unpack the parts first.")


def _by_content(name: str, path: Path, head: bytes, memory: Path | None) -> Source:
    """Return the source that a file is; `head` holds its first bytes."""
    if re.match(rb"PK[\x01-\x08]", head):
        return ArraySource(name, path) if _is_npz(path) else ZipSource(name, path)
    if head.startswith(b"\x93NUMPY"):
        return ArraySource(name, path)
    if head.startswith(tuple(PACKED)) or is_tar(head):
        return TarSource(name, path, memory)
    if head.startswith(_TABLES) or path.suffix.lower() in tables.ENDINGS:
        return tables.TableSource(name, path.parent, [path.name])
    single = FolderSource(name, path.parent, (glob.escape(path.name),))
    if begins_as_image(head):
        return single
    kind = kind_of(head, path.name)
    if kind is None and zipfile.is_zipfile(path):  # one that unpacks itself
        return ZipSource(name, path)
    if kind:
        what, _, remedy = kind.partition(": ")
        if not remedy and path.name.lower().endswith(_BINARY):
            what, remedy = f"{what}, such as an error message", "download it again"
        raise UserError(f"{path} holds no images that can be read ({what}): {remedy or GIVE}.")
    return single


def _is_npz(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)
