"""The parts of PNG files that hold no pixels: left out, or what an image says about itself."""

from collections.abc import Mapping
from typing import Any

from PIL.PngImagePlugin import PngInfo

from anime_gan import __version__
from anime_gan.files import readable

SOFTWARE = f"anime-gan {__version__}"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")  # texts and the color profile


def without_texts(data: bytes) -> bytes:
    """Return a PNG file without its texts and its color profile, and other data as it is.

    Painting programs and image generators store megabytes there.
    """
    if not data.startswith(_SIGNATURE):
        return data
    kept, place = [_SIGNATURE], len(_SIGNATURE)
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in _TEXTS:
            kept.append(data[place:end])
        place = end
    return b"".join(kept)


def texts(details: Mapping[str, Any]) -> PngInfo:
    """Return text chunks: the project, and details by name; those that are None are left out.

    There is no time in them, so the same image is the same file.
    """
    chunks = PngInfo()
    for key, value in {"Software": SOFTWARE, **details}.items():
        if value is not None:
            chunks.add_text(key, readable(str(value)))
    return chunks
