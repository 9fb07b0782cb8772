"""Images of another size, and many of them as one grid with a caption below each."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError
from anime_gan.generation.output import LONGEST_SIDE
from anime_gan.generation.upscaler import ENDING, open_trained
from anime_gan.preparation.enlarge import open_upscaler

SMALLEST = 128  # height of a face for which no size is given, at least
GAP = 2  # pixels between faces, before they are enlarged
MOST_PIXELS = 2**28

Resize = Callable[[np.ndarray], np.ndarray]


def resizer(size: int, upscaler: str = "lanczos") -> Resize:
    """Return a function that resizes an image, uint8 (H, H, C), to (size, size, C).

    upscaler: "lanczos"; "waifu2x" or "waifu2x-gpu", which enlarge drawings; or a file that
    train_upscaler.py wrote. What they made too large or too small is resized with Lanczos.

    Raises UserError if the upscaler is not installed, or its file is none.
    """
    enlarge = _enlarger(upscaler)

    def resize(pixels: np.ndarray) -> np.ndarray:
        image = to_image(pixels)
        if image.height < size:
            image = enlarge(image.convert("RGB"), size).convert(image.mode)
        resized = image.resize((size, size), Image.Resampling.LANCZOS)
        return np.asarray(resized).reshape(size, size, pixels.shape[2])

    return resize


def _enlarger(upscaler: str) -> Callable[[Image.Image, int], Image.Image]:
    if upscaler == "lanczos":
        return lambda image, side: image
    if upscaler.endswith(ENDING):
        return open_trained(Path(upscaler))
    return open_upscaler(upscaler)


def repeated(factor: int) -> Resize:
    """Return a function that enlarges images by a whole factor without smoothing."""
    return lambda pixels: pixels.repeat(factor, 0).repeat(factor, 1)


def require_canvas(columns: int, rows: int, side: int, suffix: str) -> None:
    """Raise UserError if a grid of faces of `side` pixels is too large for a file of a suffix."""
    width, height = columns * side, rows * side
    longest = LONGEST_SIDE.get(suffix.lower(), 2**31)
    if width * height > MOST_PIXELS or max(width, height) > longest - 8 * max(columns, rows) - 64:
        raise UserError(
            f"a grid of {columns}x{rows} faces of {side} pixels is too large for a {suffix} file; "
            "take fewer faces or a smaller size."
        )


def image_grid(
    images: Sequence[np.ndarray],
    columns: int,
    captions: Sequence[str] = (),
    resize: Resize | None = None,
) -> Image.Image:
    """Return images, uint8 (H, H, C) each, in rows of `columns` on white.

    Args:
        captions: one for each image, below it; none for no captions.
        resize: what makes each image larger or smaller; None to enlarge small ones by a whole
            factor.
    """
    factor = 1
    if resize is None:
        factor = max(1, SMALLEST // images[0].shape[0])
        resize = repeated(factor)
    first = to_image(resize(images[0]))
    side, gap = first.height, GAP * factor
    font = _font(captions, side)
    step = side + gap, side + gap + (round(font.size * 1.4) if captions else 0)
    rows = -(-len(images) // columns)
    size = columns * step[0] + gap, rows * step[1] + gap
    result = Image.new(first.mode, size, "white")
    pen = ImageDraw.Draw(result)
    for place, pixels in enumerate(images):
        x, y = gap + place % columns * step[0], gap + place // columns * step[1]
        result.paste(first if place == 0 else to_image(resize(pixels)), (x, y))
        if captions:
            pen.text((x + side // 2, y + side + 1), captions[place], "black", font, anchor="ma")
    return result


def _font(captions: Sequence[str], side: int) -> ImageFont.FreeTypeFont:
    """Return a font in which every caption is as wide as an image at most, if that is legible."""
    longest = max(captions, key=len, default="")
    size = max(12, side // 10)
    while size > 8 and ImageFont.load_default(size).getlength(longest) > side:
        size -= 1
    return ImageFont.load_default(size)


def parse_grid(text: str) -> tuple[int, int]:
    """Return "5x4" as (5, 4), columns and rows."""
    size = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", text)
    if not size:
        raise argparse.ArgumentTypeError(f"{text!r} is not columns x rows, such as 5x5")
    return int(size[1]), int(size[2])


def columns_for(count: int) -> int:
    """Return the columns of a nearly square grid of `count` images."""
    return math.isqrt(max(count - 1, 0)) + 1
