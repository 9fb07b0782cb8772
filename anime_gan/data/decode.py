"""From the bytes of a file to uint8 pixels: upright, over white, at one resolution.

Files are not trusted. Only DECODERS are used for training images, sizes are limited, and large
images are decoded one at a time.
"""

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from anime_gan.data.sources import Source, Unreadable

DECODERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
# They start other programs, only identify the format, or had security holes in recent years.
UNSAFE_DECODERS = ("BUFR", "EPS", "FITS", "GRIB", "HDF5", "MPEG", "PSD", "WMF")
Shape = tuple[int, int, int]  # (H, W, C), C being 3 for RGB or 1 for grayscale
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 8_000_000
LARGE_FILE_BYTES = 8 * 2**20

# Several large images decoded at once would take gigabytes.
_large_image = threading.RLock()


def decode(data: bytes, shape: Shape, resize: str = "lanczos") -> np.ndarray:
    """Decode an image and stretch it to a shape; return it as uint8.

    Args:
        data: the bytes of a file in a format of DECODERS.
        shape: of the result.
        resize: "lanczos" (bicubic when enlarging), or "bilinear" as torchvision's default.

    Raises:
        Unreadable: if the image is too large.
        Exception: of any type, from the decoder.
    """
    height, width, channels = shape
    # A JPEG is decoded at a half, quarter or eighth of its size if that is at least 3 times the
    # size asked for: LANCZOS then gives the same image, sooner.
    with _opened(data, DECODERS, (3 * width, 3 * height)) as image:
        image = _resize(image, width, height, resize)
    return np.asarray(_opaque(image, "L" if channels == 1 else "RGB")).reshape(shape)


def whole_image(data: bytes) -> Image.Image:
    """Decode the first image in a file in RGB at its own size.

    Accepts every format that Pillow reads by itself, except UNSAFE_DECODERS; raises as `decode`.
    """
    Image.init()
    with _opened(data, [name for name in Image.OPEN if name not in UNSAFE_DECODERS]) as image:
        return _opaque(_resize(image, *image.size, "lanczos"), "RGB")


@contextmanager
def _opened(
    data: bytes, decoders: Sequence[str], draft: tuple[int, int] | None = None
) -> Iterator[Image.Image]:
    """Open an image and turn it upright; other threads open no large image meanwhile if it is one.

    draft: the smallest (width, height) at which a JPEG may be decoded, None for its own size.
    """
    with Image.open(io.BytesIO(data), formats=decoders) as image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            size, limit = f"{image.width}x{image.height}", MAX_PIXELS // 10**6
            raise Unreadable(f"{size} is over the limit of {limit} megapixels")
        if draft:
            image.draft(None, draft)
        with _large_image if pixels > LARGE_PIXELS else nullcontext():
            image.load()
            with suppress(Exception):  # a broken EXIF block is ignored
                ImageOps.exif_transpose(image, in_place=True)
            yield image


def _opaque(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)


def _resize(image: Image.Image, width: int, height: int, resize: str) -> Image.Image:
    """Return the image stretched to a size, in mode L, RGB or (if it has transparency) RGBA."""
    deep = image.mode.startswith("I")  # 16 bit grayscale, in I;16, I;16B or I
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode == "L" else "RGB"
    if not deep and image.mode != mode:
        image = image.convert(mode)
    if image.size != (width, height):
        shrinks = image.width > width or image.height > height
        # Enlarging with LANCZOS would draw rings beside lines.
        method = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
        if resize == "bilinear":
            method = Image.Resampling.BILINEAR
        image = image.resize((width, height), method)
    if deep:
        values = np.clip(np.asarray(image, dtype=np.int32), 0, 65535)
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    return image


def read_image(source: Source, index: int, shape: Shape, resize: str = "lanczos") -> np.ndarray:
    """Read and decode one entry of a source; arguments, result and errors as for `decode`."""
    large = source.entries[index][1] > LARGE_FILE_BYTES
    with _large_image if large else nullcontext():
        return decode(source.read(index), shape, resize)


def read_chunk(
    source: Source, indices: range, shape: Shape, resize: str = "lanczos"
) -> tuple[list[np.ndarray], list[tuple[int, str, str]]]:
    """Read and decode some entries of a source.

    Returns:
        the images as `decode` gives them; (index, name, reason) of each file that cannot be read.
    """
    images, skipped = [], []
    for index in indices:
        try:
            images.append(read_image(source, index, shape, resize))
        except Exception as error:  # decoders raise exceptions of any type on malformed data
            skipped.append((index, source.entries[index][0], reason(error)))
    return images, skipped


def reason(error: Exception) -> str:
    """Return why a file could not be read or written, in a few words."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image, or a damaged one"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
