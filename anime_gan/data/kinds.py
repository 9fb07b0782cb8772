"""What a file is that is no image Pillow reads, by its first bytes, and what to do with it."""

import re
import tarfile
from collections import Counter
from collections.abc import Iterable

HEAD_BYTES = 1024  # of a file that `kind_of` looks at
_GIVE = "give it by itself or unpack it"
_FRAMES = "save its frames as images, with ffmpeg for example"
_AS_PNG = "export it as PNG"
_UNPACK = "unpack it and give the folder"
_AGAIN = "download it again"
_SAVE_IMAGES = "save its images as files or as .npy"
HEIC = "HEIC photo: pip install pillow-heif, then it is read"

# (offset, bytes there, kind)
_SIGNATURES = (
    (0, b"PK\x03\x04", f"zip file: {_GIVE}"),
    (0, b"PK\x05\x06", "empty zip file"),
    (0, b"\x1f\x8b", f"gzip file: {_GIVE}"),
    (0, b"BZh", f"bzip2 file: {_GIVE}"),
    (0, b"\xfd7zXZ\0", f"xz file: {_GIVE}"),
    (0, b"\x93NUMPY", "NumPy array: give it by itself"),
    (0, b"PAR1", "Parquet table: give it by itself"),
    (0, b"ARROW1", "Arrow table: give it by itself"),
    (0, b"7z\xbc\xaf\x27\x1c", f"7z file: {_UNPACK}"),
    (0, b"Rar!\x1a\x07", f"RAR file: {_UNPACK}"),
    (0, b"\x28\xb5\x2f\xfd", f"Zstandard file: {_UNPACK}"),
    (0, b"\x89HDF\r\n\x1a\n", f"HDF5 file: {_SAVE_IMAGES}"),
    (16, b"\xde\xc0\xef\xbe", f"LMDB database: {_SAVE_IMAGES}"),
    (0, b"SQLite format 3\0", f"SQLite database: {_SAVE_IMAGES}"),
    (0, b"\x80\x02", f"pickle: {_SAVE_IMAGES}"),
    (0, b"\x80\x03", f"pickle: {_SAVE_IMAGES}"),
    (0, b"\x80\x04", f"pickle: {_SAVE_IMAGES}"),
    (0, b"\x80\x05", f"pickle: {_SAVE_IMAGES}"),
    (0, b"8BPS", f"Photoshop file: {_AS_PNG}"),
    (0, b"gimp xcf", f"GIMP file: {_AS_PNG}"),
    (0, b"CSFCHUNK", f"Clip Studio file: {_AS_PNG}"),
    (0, b"%PDF", f"PDF: {_AS_PNG}"),
    (0, b"%!PS", f"PostScript file: {_AS_PNG}"),
    (0, b"\xff\x0a", "JPEG XL image: convert it to PNG"),
    (4, b"JXL \r\n\x87\n", "JPEG XL image: convert it to PNG"),
    (0, b"\x1aE\xdf\xa3", f"video: {_FRAMES}"),
    (8, b"AVI ", f"video: {_FRAMES}"),
    (0, b"FLV\x01", f"video: {_FRAMES}"),
    (0, b"\0\0\x01\xba", f"video: {_FRAMES}"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", f"video: {_FRAMES}"),
    (4, b"moov", f"video: {_FRAMES}"),
    (4, b"mdat", f"video: {_FRAMES}"),
    (0, b"L\0\0\0\x01\x14\x02\0", "Windows shortcut: give the file that it names"),
    (8, b"WAVE", "sound file"),
    (0, b"ID3", "sound file"),
    (0, b"OggS", "sound or video file"),
    (0, b"MZ", "Windows program"),
    (0, b"\x7fELF", "program"),
    (0, b"version https://git-lfs", "Git LFS pointer: git lfs pull fetches the file"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}  # beginnings of files
_TAR_NAME = re.compile(r"\.(tar\.|t(gz|bz2?|xz)$)")
# By ending, of files whose bytes say nothing: formats without a signature, and texts.
_ENDINGS = {
    ".mdb": f"LMDB database: {_SAVE_IMAGES}",
    ".mat": f"MATLAB file: {_SAVE_IMAGES}",
    ".db": "database, such as Windows' thumbnails",
    ".arrow": "Arrow table: give it by itself",
    ".crdownload": f"unfinished download: {_AGAIN}",
    ".part": f"unfinished download: {_AGAIN}",
}
_TEXTS = {
    ".txt": "text file",
    ".md": "Markdown file",
    ".csv": "table of text",
    ".tsv": "table of text",
    ".json": "JSON file",
    ".jsonl": "JSON file",
    ".yaml": "YAML file",
    ".yml": "YAML file",
    ".xml": "XML file",
}


def is_tar(head: bytes) -> bool:
    """Return whether a file begins as a tar file of any format, by the checksum of its header."""
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return head.startswith(b"ustar", 257)
    return True


def kind_of(head: bytes, name: str) -> str | None:
    """Return what a file is and what to do with it, None for what may be an image.

    Args:
        head: its first bytes, HEAD_BYTES or all.
        name: its name, used where the bytes say nothing.
    """
    if is_tar(head):
        return f"tar file: {_GIVE}"
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            if kind.endswith(_GIVE) and signature in PACKED and not _TAR_NAME.search(name.lower()):
                return kind.replace(_GIVE, "unpack it")  # one image, most likely
            return kind
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIC_BRANDS:
            return HEIC
        return None if brand in _AVIF_BRANDS else f"video: {_FRAMES}"
    if ".tfrecord" in name.lower():
        return f"TFRecord file: {_SAVE_IMAGES}"
    ending = "." + name.lower().rsplit(".", 1)[-1]
    if text := _text(head):
        start = text.lstrip("\ufeff \r\n\t").lower()
        if start.startswith(("<!doctype html", "<html")):
            return f"web page (HTML), not the file itself: {_AGAIN}"
        if "<svg" in start:
            return f"SVG drawing: {_AS_PNG}"
        return _TEXTS.get(ending, _ENDINGS.get(ending, "text file"))
    if ending in _TEXTS and b"\0" not in head:  # in an older encoding
        return _TEXTS[ending]
    return _ENDINGS.get(ending)


def _text(head: bytes) -> str:
    """Return the text that a file begins with, "" if it is none."""
    encoding = "utf-8"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, head = "utf-16", head[: len(head) & ~1]
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # otherwise the last letter may only be cut off
            return ""
        text = head[: error.start].decode(encoding)
    return text if all(c.isprintable() or c in "\r\n\t\f\ufeff" for c in text) else ""


def counted(reasons: Iterable[str], limit: int = 10) -> str:
    """Return how often each reason occurs, the most frequent first: "3 x text file, 1 x ..."."""
    counts = Counter(reasons).most_common()
    words = [f"{count:,} x {reason}" for reason, count in counts[:limit]]
    rest = sum(count for _, count in counts[limit:])
    return ", ".join(words + ([f"{rest:,} x other reasons"] if rest else []))


def plural(count: int, noun: str) -> str:
    """Return "1 image" or "1,000 images"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size_text(size: float) -> str:
    """Return a number of bytes in kB, MB or GB."""
    unit, divisor = ("GB", 1e9) if size >= 1e9 else ("MB", 1e6) if size >= 1e5 else ("kB", 1e3)
    return f"{size / divisor:,.1f} {unit}"
