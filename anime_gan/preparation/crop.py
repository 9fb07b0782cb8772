"""From the box of a face to the square that is cut out of the image."""

from typing import NamedTuple

import numpy as np
from PIL import Image

# The margins around a box at `widen` 1, as shares of its side. The Bath thesis, October 2020,
# adds a quarter of the width on the right, a tenth of the distance to the image's left border and
# three quarters of that to the upper one, for hair and headwear. Here the margins depend on the box
# alone, not on where it lies in the image.
SIDES, ABOVE, BELOW = 0.25, 0.45, 0.25


class Square(NamedTuple):
    """A square of an image: its upper left corner and its side, in pixels."""

    x: int
    y: int
    side: int


def widened(x: float, y: float, side: float, widen: float, size: tuple[int, int]) -> Square:
    """Return the square around a face that includes hair and shoulders.

    A square that crosses the image's border is moved inside. One that is larger than the image is
    centered along that axis.

    Args:
        x, y, side: center and side of the face's box.
        widen, size: factor of the margins, and width and height of the image.
    """
    width = side * (1 + 2 * SIDES * widen)
    height = side * (1 + (ABOVE + BELOW) * widen)
    whole = max(1, round(max(width, height)))
    left = x - whole / 2
    top = y - side / 2 - ABOVE * widen * side - (whole - height) / 2
    return Square(_inside(left, whole, size[0]), _inside(top, whole, size[1]), whole)


def central_square(size: tuple[int, int]) -> Square:
    """Return the largest square in the center of an image of a size."""
    side = min(size)
    return Square((size[0] - side) // 2, (size[1] - side) // 2, side)


def cut(image: Image.Image, square: Square) -> Image.Image:
    """Return a square of an RGB image; outside the image, its border pixels are repeated."""
    x, y, side = square
    left, top = max(0, x), max(0, y)
    inside = image.crop((left, top, min(x + side, image.width), min(y + side, image.height)))
    columns = np.clip(np.arange(x, x + side) - left, 0, inside.width - 1)
    rows = np.clip(np.arange(y, y + side) - top, 0, inside.height - 1)
    return Image.fromarray(np.asarray(inside)[rows[:, None], columns])


def fit(image: Image.Image, side: int, smallest: int = 1) -> tuple[Image.Image, float]:
    """Return an image with a longer side of `side`, none below `smallest`, and the scale."""
    scale = side / max(image.size)
    size = max(smallest, round(image.width * scale)), max(smallest, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS), scale


def _inside(start: float, length: int, available: int) -> int:
    if length > available:
        return -((length - available) // 2)
    return round(min(max(start, 0), available - length))
