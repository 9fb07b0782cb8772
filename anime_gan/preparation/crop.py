"""From the box of a face to the square that is cut out of the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

# What is taken around a box at `widen` 1, in shares of its side. The thesis (Bath, 2020, appendix)
# takes a quarter of the width more on the right, a tenth of the way to the left border, and three
# quarters of the way to the upper one, for hair and what is worn on it. A box's surroundings should
# not hang on where in the picture it is, so here these are shares of the box.
SIDES, ABOVE, BELOW = 0.25, 0.45, 0.25


class Square(NamedTuple):
    """A square of a picture: its upper left corner and its side, in pixels."""

    x: int
    y: int
    side: int


def widened(x: float, y: float, side: float, widen: float, size: tuple[int, int]) -> Square:
    """Return the square around a face's box that takes in hair and shoulders.

    x, y, side: the box's middle and side. size: the picture's width and height. The square is moved
    into the picture where it reaches out, and where it is larger than the picture it is centred
    over it along that direction.
    """
    width = side * (1 + 2 * SIDES * widen)
    height = side * (1 + (ABOVE + BELOW) * widen)
    whole = max(1, round(max(width, height)))
    left = x - whole / 2
    top = y - side / 2 - ABOVE * widen * side - (whole - height) / 2
    return Square(_inside(left, whole, size[0]), _inside(top, whole, size[1]), whole)


def centred(size: tuple[int, int]) -> Square:
    """Return the largest square in the middle of a picture of a size."""
    side = min(size)
    return Square((size[0] - side) // 2, (size[1] - side) // 2, side)


def cut(image: Image.Image, square: Square) -> Image.Image:
    """Return a square of an RGB picture; what lies outside repeats the picture's border."""
    x, y, side = square
    left, top = max(0, -x), max(0, -y)
    right, bottom = max(0, x + side - image.width), max(0, y + side - image.height)
    inside = image.crop((x + left, y + top, x + side - right, y + side - bottom))
    if not any((left, top, right, bottom)):
        return inside
    around = ((top, bottom), (left, right), (0, 0))
    return Image.fromarray(np.pad(np.asarray(inside), around, mode="edge"))


def _inside(start: float, length: int, available: int) -> int:
    if length > available:
        return -((length - available) // 2)
    return round(min(max(start, 0), available - length))
