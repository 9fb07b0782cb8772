"""Curves, colours and a canvas on which outlines are filled.

Shapes are given on a square of 100 x 100 units, x to the right and y down. They are drawn at four
times the final size and averaged down.
"""

import re
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from anime_gan.data.demo.face import WHITE, Colour, Face

SUPERSAMPLING = 4


@cache
def shape(path: str, flip: bool = False, grow: float = 0.0) -> np.ndarray:
    """Return points (n, 2) along an SVG path of M, L, Q and C commands with absolute coordinates.

    flip: mirror it left to right. grow: units by which every point is moved outwards.
    """
    points: list[np.ndarray] = []
    for command, numbers in re.findall(r"([MLQC])([^MLQC]*)", path):
        knots = np.array(numbers.split(), float).reshape(-1, 2)
        if command in "ML":
            points.extend(knots)
            continue
        for piece in knots.reshape(-1, 2 if command == "Q" else 3, 2):
            knots = np.vstack([points[-1], piece])
            # Filling takes time for each edge, so a short curve gets few.
            length = np.linalg.norm(np.diff(knots, axis=0), axis=1).sum()
            points.extend(bezier(knots, steps=int(np.clip(length / 2.5, 3, 20))))
    outline = np.array(points)
    if grow:
        outline = outline + grow * outward(outline)
    return outline * (-1, 1) + (100, 0) if flip else outline


def outward(points: np.ndarray) -> np.ndarray:
    """Return the unit normal at each point of a closed outline, pointing outwards."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    x, y = points.T
    winding = np.sign(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    return winding * normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)


def bezier(knots: np.ndarray, steps: int) -> np.ndarray:
    """Return `steps` points of the Bezier curve through `knots` (3 or 4, 2), without the first."""
    layer = np.repeat(knots[:, None, :], steps, axis=1)
    along = np.linspace(0, 1, steps + 1)[1:, None]
    while len(layer) > 1:
        layer = layer[:-1] * (1 - along) + layer[1:] * along
    return layer[0]


@cache
def oval(x: float, y: float, radius_x: float, radius_y: float) -> np.ndarray:
    """Return the outline of an ellipse, (n, 2); larger ones have more points."""
    points = int(np.clip(8 + 2 * max(radius_x, radius_y), 10, 60))
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([x + radius_x * np.cos(angle), y + radius_y * np.sin(angle)], axis=1)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that lies `share` of the way from the first to the second."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def shaded(colours: tuple[Colour, ...], amount: float) -> tuple[Colour, ...]:
    """Return the colours a little lighter (amount up to 1) or darker (down to -1)."""
    goal = WHITE if amount > 0 else (0, 0, 0)
    return tuple(mix(colour, goal, 0.07 * abs(amount)) for colour in colours)


class Canvas:
    """Fills outlines given in units, which stay, move with the body, or tilt with the head."""

    def __init__(self, face: Face, size: int):
        side = size * SUPERSAMPLING
        self.image = Image.new("RGB", (side, side))
        self.pen = ImageDraw.Draw(self.image)
        self.unit = side / 100
        # Points as complex numbers are rotated in half the time that a matrix takes.
        turn = np.exp(1j * np.deg2rad(face.tilt))
        neck = 50 + 76j
        self.shift = complex(face.shift_x, face.shift_y) * side
        self.head_turn = turn * self.unit
        self.head_shift = neck * (1 - turn) * self.unit + self.shift

    def still(self, points: np.ndarray, colour: Colour) -> None:
        """Fill an outline that does not move."""
        self.pen.polygon(_placed(points, self.unit, 0), fill=colour)

    def body(self, points: np.ndarray, colour: Colour) -> None:
        """Fill an outline that moves with the body."""
        self.pen.polygon(_placed(points, self.unit, self.shift), fill=colour)

    def head(self, points: np.ndarray, colour: Colour) -> None:
        """Fill an outline that moves and tilts with the head."""
        self.pen.polygon(_placed(points, self.head_turn, self.head_shift), fill=colour)

    def head_line(self, points: np.ndarray, colour: Colour) -> None:
        """Draw a closed line on the head, about one unit wide."""
        ends = _placed(np.concatenate([points, points[:1]]), self.head_turn, self.head_shift)
        self.pen.line(ends, fill=colour, width=round(1.2 * self.unit), joint="curve")

    def lined(
        self, path: str, colour: Colour, line: Colour, flip=False, width=0.8, fill=None
    ) -> None:
        """Fill a path, with a line around it, on the head or where another `fill` draws."""
        fill = fill or self.head
        fill(shape(path, flip, width), line)
        fill(shape(path, flip), colour)


def _placed(points: np.ndarray, turn: complex, shift: complex) -> list[float]:
    """Rotate, scale and shift points (n, 2); return x0, y0, x1, y1, ... for Pillow."""
    return (points.view(complex) * turn + shift).view(float).ravel().tolist()
