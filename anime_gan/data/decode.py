"""From a file's bytes to pixels: any mode and size, upright, over white, at one resolution."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from anime_gan.data.sources import Source, Unreadable

DECODERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
# Those that start other programs, know no more than the format's name, or had holes of late.
UNSAFE_DECODERS = ("BUFR", "EPS", "FITS", "GRIB", "HDF5", "MPEG", "PSD", "WMF")
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 8_000_000
LARGE_FILE_BYTES = 8 * 2**20

# Large pictures are decoded one at a time, or a few of them at once would take gigabytes.
_large_picture = threading.RLock()


def decode(data: bytes, shape: tuple[int, int, int], resize: str = "lanczos") -> np.ndarray:
    """The picture in the file `data` as uint8 of `shape`; raises whatever its decoder raises.

    resize: "lanczos", or "bilinear" for the filter that torchvision takes.
    """
    height, width, channels = shape
    # A JPEG is decoded at a half, quarter or eighth of its size if that is still 3 times what is
    # needed: LANCZOS then gives the same picture, sooner.
    with _opened(data, DECODERS, (3 * width, 3 * height)) as image:
        image = _resize(image, width, height, resize)
    return np.asarray(_opaque(image, "L" if channels == 1 else "RGB")).reshape(shape)


def whole_picture(data: bytes) -> Image.Image:
    """The first picture in the file `data` in RGB at its own size, upright and over white.

    Takes all that Pillow reads by itself; raises whatever a decoder raises.
    """
    Image.init()
    with _opened(data, [name for name in Image.OPEN if name not in UNSAFE_DECODERS]) as image:
        return _opaque(_resize(image, *image.size, "lanczos"), "RGB")


@contextmanager
def _opened(
    data: bytes, decoders: Sequence[str], draft: tuple[int, int] | None = None
) -> Iterator[Image.Image]:
    """The picture in `data`, upright; draft: a JPEG may be decoded smaller, but at least so large.

    While a large one is open, no other thread opens a large one.
    """
    with Image.open(io.BytesIO(data), formats=decoders) as image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            size, limit = f"{image.width}x{image.height}", MAX_PIXELS // 10**6
            raise Unreadable(f"{size} is over the limit of {limit} megapixels")
        if draft:
            image.draft(None, draft)
        with _large_picture if pixels > LARGE_PIXELS else nullcontext():
            image.load()
            with suppress(Exception):  # with a broken EXIF block, the picture is taken as it is
                ImageOps.exif_transpose(image, in_place=True)
            yield image


def _opaque(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)


def _resize(image: Image.Image, width: int, height: int, resize: str) -> Image.Image:
    """The picture stretched to width x height, in mode L, RGB or (where transparent) RGBA."""
    deep = image.mode.startswith("I")  # 16 bit grey, in I;16, I;16B or I
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode == "L" else "RGB"
    if not deep and image.mode != mode:
        image = image.convert(mode)
    if image.size != (width, height):
        shrinks = image.width > width or image.height > height
        # Enlarging with LANCZOS would draw rings beside the lines.
        method = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
        if resize == "bilinear":
            method = Image.Resampling.BILINEAR
        image = image.resize((width, height), method)
    if deep:
        values = np.clip(np.asarray(image, dtype=np.int32), 0, 65535)
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    return image


def read_picture(
    source: Source, index: int, shape: tuple[int, int, int], resize: str = "lanczos"
) -> np.ndarray:
    """The picture of one entry as uint8 of `shape`; raises whatever reading and decoding raise."""
    large = source.entries[index][1] > LARGE_FILE_BYTES
    with _large_picture if large else nullcontext():
        return decode(source.read(index), shape, resize)


def read_chunk(
    source: Source, indices: range, shape: tuple[int, int, int], resize: str = "lanczos"
) -> tuple[list[np.ndarray], list[int], list[tuple[str, str]]]:
    """The pictures of some entries, the indices of these, and (name, reason) of those skipped."""
    pictures, kept, skipped = [], [], []
    for index in indices:
        try:
            pictures.append(read_picture(source, index, shape, resize))
            kept.append(index)
        except Exception as error:  # on malformed data, decoders raise all there is
            skipped.append((source.entries[index][0], reason(error)))
    return pictures, kept, skipped


def reason(error: Exception) -> str:
    """Why a file could not be read or written, in a few words."""
    if isinstance(error, UnidentifiedImageError):
        return "not a picture, or a damaged one"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
