"""From the bytes of a file to uint8 pixels: upright, over white, at one resolution.

Files are not trusted. What a file is, its content decides, not its name. Sizes are limited, and
large images are decoded one at a time. Training and preparation decode alike.
"""

import functools
import io
import re
import struct
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from anime_gan.data.entries import Source, Unreadable, one_large, room_for
from anime_gan.data.kinds import HEAD_BYTES, kind_of
from anime_gan.data.png import without_texts
from anime_gan.data.ranges import ADVICE, NOT_FINITE, black_and_white

# They start other programs, only identify the format, or had security holes in recent years.
UNSAFE_DECODERS = ("BUFR", "EPS", "FITS", "GRIB", "HDF5", "MPEG", "PSD", "WMF")
Shape = tuple[int, int, int]  # (H, W, C), C being 3 for RGB or 1 for grayscale
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 8_000_000
SQUARE = 1.25  # the longer side over the shorter, up to which an image is about square
AGAIN = ": tried again at the next start"
_NO_IMAGE = "not an image, or a damaged one"
_TOO_LARGE = f"image over the limit of {MAX_PIXELS // 10**6} megapixels: make it smaller"
_CUT_OFF = ("truncated", "broken data stream", "not enough image data", "unexpected end")
_DEEP = re.compile("RGB[AX]?;16[BLN]")  # Pillow's names of 16 bits a channel and their order
_FRAMES = 100  # of an animation, in which one that is not blank is searched for
_INVISIBLE = 8  # the alpha, of 255, up to which white hides a pixel
_BLANK = 8  # the difference of brightness up to which a frame is blank


@functools.cache
def decoders() -> tuple[str, ...]:
    """Return the formats that are read: all that the installed Pillow reads safely by itself.

    HEIC is one of them if the package pillow-heif is installed.
    """
    Image.init()
    with suppress(Exception):  # not installed, or not for this Pillow
        import pillow_heif

        pillow_heif.register_heif_opener()
    return tuple(name for name in Image.OPEN if name not in UNSAFE_DECODERS)


def decode(data: bytes, shape: Shape, resize: str = "lanczos", name: str = "") -> np.ndarray:
    """Decode an image and stretch it to a shape; return it as uint8.

    Args:
        data: the bytes of a file.
        shape: of the result.
        resize: "lanczos" (bicubic when enlarging), or "bilinear" as torchvision's default.
        name: of the file, for formats without a signature.

    Raises:
        Unreadable: if it is no image or too large.
        Exception: of any type, from the decoder.
    """
    return _decode(data, shape, resize, name)[0]


def _decode(data: bytes, shape: Shape, resize: str, name: str) -> tuple[np.ndarray, bool]:
    """Return the pixels of `decode`, and whether the image is about square."""
    height, width, channels = shape
    # A JPEG is decoded at a half, quarter or eighth of its size if that is at least 3 times the
    # size asked for: LANCZOS then gives the same image, sooner.
    with _opened(data, name, (3 * width, 3 * height)) as image:
        is_square = max(image.size) <= SQUARE * min(image.size)
        image = _resize(image, width, height, resize)
    pixels = np.asarray(_opaque(image, "L" if channels == 1 else "RGB")).reshape(shape)
    return pixels, is_square


def whole_image(data: bytes, name: str = "") -> Image.Image:
    """Decode an image in RGB at its own size; arguments and errors as for `decode`."""
    with _opened(data, name) as image:
        return _opaque(_resize(image, *image.size, "lanczos"), "RGB")


def image_size(data: bytes, name: str = "") -> tuple[int, int]:
    """Return the width and height of an image, without decoding it; errors as for `decode`."""
    with _identified(data, name) as image:
        return image.size


@contextmanager
def _opened(data: bytes, name: str, draft: tuple[int, int] | None = None) -> Iterator[Image.Image]:
    """Open an image and turn it upright; other threads open no large image meanwhile if it is one.

    draft: the smallest (width, height) at which a JPEG may be decoded, None for its own size.
    """
    with ExitStack() as opened:
        try:
            image = _loaded(data, name, draft, opened)
        except ValueError:  # Pillow refuses long texts, which might unfold to gigabytes
            image = _loaded(without_texts(data), name, draft, opened)
        with suppress(Exception):  # a broken EXIF block is ignored
            ImageOps.exif_transpose(image, in_place=True)
        image = _plain(image)
        if image.mode == "RGBA" and image.getextrema()[3][1] <= _INVISIBLE:
            raise Unreadable("fully transparent image")
        yield image


def _loaded(
    data: bytes, name: str, draft: tuple[int, int] | None, opened: ExitStack
) -> Image.Image:
    """Return a decoded image; what is to be closed after its use is given to `opened`."""
    image = opened.enter_context(_identified(data, name))
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise Unreadable(_TOO_LARGE)
    if draft:
        image.draft(None, draft)
    if pixels > LARGE_PIXELS:
        opened.enter_context(one_large)
    if image.format == "TIFF" and _is_bare_ycbcr(image):
        raise Unreadable("TIFF in YCbCr that cannot be decoded here: convert it to PNG")
    is_deep = any(_DEEP.match(_rawmode(tile)) for tile in image.tile)
    image.load()
    if is_deep and not any(high for _, high in image.getextrema()[:3]):
        # 8 bits a channel that are stored as 16: Pillow keeps the upper half, which is all 0.
        image = opened.enter_context(_identified(data, name))
        image.tile = list(map(_swapped, image.tile))
        image.load()
    _skip_blank_frames(image)
    return image


def _rawmode(tile) -> str:
    """Return how the pixels of one of an image's tiles are stored."""
    args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
    return str(args[0]) if args else ""


def _is_bare_ycbcr(image: Image.Image) -> bool:
    """Return whether a TIFF holds uncompressed YCbCr, which Pillow takes for 4 bytes a pixel."""
    return image.tag_v2.get(262) == 6 and any(tile.codec_name == "raw" for tile in image.tile)


def _swapped(tile):
    """Return a tile of 16 bits a channel with its bytes in the other order."""
    rawmode = _rawmode(tile)
    order = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}[rawmode[-1]]
    rawmode = rawmode[:-1] + order
    rest = () if isinstance(tile.args, str) else tile.args[1:]
    return tile._replace(args=(rawmode, *rest) if rest else rawmode)


def _identified(data: bytes, name: str) -> Image.Image:
    """Return an image that is opened but not decoded."""
    ending = "." + name.lower().rsplit(".", 1)[-1]
    try:
        return Image.open(io.BytesIO(data), formats=_formats(ending))
    except Image.DecompressionBombError as error:
        raise Unreadable(_TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise Unreadable(kind_of(data[:HEAD_BYTES], name) or _NO_IMAGE) from error


@functools.lru_cache(64)
def _formats(ending: str) -> list[str]:
    """Return the formats that a file may have by its name's ending.

    Some have no signature, and are taken by the name only: a text may look like them.
    """
    return [one for one in decoders() if Image.OPEN[one][1] or Image.EXTENSION.get(ending) == one]


def _skip_blank_frames(image: Image.Image) -> None:
    """Go to the first frame of an animation that is not of one color; stay if there is none."""
    try:
        if not (getattr(image, "is_animated", False) and _is_blank(image)):
            return
        for frame in range(1, min(image.n_frames, _FRAMES)):
            image.seek(frame)
            image.load()
            if not _is_blank(image):
                return
    except Exception:  # its later frames may be damaged
        pass
    image.seek(0)
    image.load()


def _is_blank(image: Image.Image) -> bool:
    extrema = _opaque(_resize(image, *image.size, "lanczos"), "RGB").getextrema()
    return all(high - low <= _BLANK for low, high in extrema)


def _opaque(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)


def _resize(image: Image.Image, width: int, height: int, resize: str) -> Image.Image:
    """Return the image stretched to a size, in the mode of `_plain`."""
    image = _plain(image)
    if image.size != (width, height):
        shrinks = image.width > width or image.height > height
        # Enlarging with LANCZOS would draw rings beside lines.
        method = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
        if resize == "bilinear":
            method = Image.Resampling.BILINEAR
        image = image.resize((width, height), method)
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Return the image in mode L, RGB or (if it has transparency) RGBA."""
    if image.mode[0] in "IF":  # 16 bit grayscale in I;16, I;16B or I, and floats
        image = _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode == "L" else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a gray image of more bits in mode L, or LA if one value stands for transparent.

    The extremes tell which values are black and white, as for arrays.
    """
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise Unreadable(NOT_FINITE)
    low, high = values.min(), values.max()
    black_white = black_and_white("f" if image.mode == "F" else "i", low, high)
    if black_white is None:
        raise Unreadable(f"values that do not tell black and white: {ADVICE}")
    black, white = black_white
    gray = Image.fromarray(
        np.clip((values - black) * (255 / (white - black)) + 0.5, 0, 255).astype(np.uint8)
    )
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        gray.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return gray


def read_image(source: Source, index: int, shape: Shape, resize: str = "lanczos") -> np.ndarray:
    """Read and decode one entry of a source; arguments, result and errors as for `decode`."""
    name, size, _ = source.entries[index]
    with room_for(size):
        return _decode(source.read(index), shape, resize, name)[0]


class Chunk(NamedTuple):
    """What some entries of a source gave.

    images: as `decode` gives them. skipped: (index, name, reason) of each file that is left out.
    again: indices of those that could not be read, or for another reason than their content, and
    so may be read another time. stretched: how many images are far from square.
    """

    images: list[np.ndarray]
    skipped: list[tuple[int, str, str]]
    again: list[int]
    stretched: int


def read_chunk(source: Source, indices: range, shape: Shape, resize: str = "lanczos") -> Chunk:
    """Read and decode some entries of a source."""
    images, skipped, again, stretched = [], [], [], 0
    for index in indices:
        name, size, _ = source.entries[index]
        with room_for(size):
            data = None
            try:
                data = source.read(index)
                pixels, is_square = _decode(data, shape, resize, name)
                images.append(pixels)
                stretched += not is_square
            except Exception as error:  # decoders raise exceptions of any type on malformed data
                why = reason(error)
                if data is None or may_pass(error):
                    again.append(index)
                if may_pass(error):
                    why += AGAIN
                skipped.append((index, name, why))
    return Chunk(images, skipped, again, stretched)


def may_pass(error: Exception) -> bool:
    """Return whether an error comes from the system, as of a network disk, not from the file."""
    return isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno is not None
    )


def reason(error: Exception) -> str:
    """Return why a file could not be read or written, in a few words."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split()) or type(error).__name__
    if any(word in text.lower() for word in _CUT_OFF) or isinstance(error, EOFError):
        return "truncated image: download or copy it again"
    return f"damaged image, or of a rare kind ({text[:100]})"


def begins_as_image(head: bytes) -> bool:
    """Return whether a file's first bytes are the signature of an image that is read."""
    for decoder in decoders():
        _, accept = Image.OPEN[decoder]
        with suppress(IndexError, struct.error):  # of a file that is shorter than a signature
            if accept and accept(head[:16]) is True:
                return True
    return False
