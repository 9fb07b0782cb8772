"""What can be wrong with a face as a picture to train on, in numbers, and from where it is.

The limits were chosen by eye on 24,000 faces of 96x96, sorted by each number: docs/faces.md shows
how many of them each takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

GREY = 0.02  # the `colour` below which a picture is grey, give or take what JPEG adds


@dataclass(frozen=True)
class Quality:
    """Numbers of one face.

    spread: the largest standard deviation of red, green and blue, 0 to 0.5; of one colour: 0.
    light: the brightness that a tenth of the pixels exceed, 0 to 1.
    contrast: between the brightest and darkest pixels, 2% of each aside, 0 to 1.
    sharpness: what the picture's strongest edges lose at half its size, as a share of contrast.
    blocks: how much steeper the borders of JPEG's 8x8 blocks are than the rest; 1 without blocks.
    colour: the mean difference of the largest and smallest of red, green and blue, 0 to 1.
    """

    spread: float
    light: float
    contrast: float
    sharpness: float
    blocks: float
    colour: float


@dataclass(frozen=True)
class Limits:
    """From where on a face is left out, and the words for it."""

    single_colour: float = 0.03
    dark: float = 0.30
    washed_out: float = 0.25
    blurred: float = 0.06
    compressed: float = 1.8
    greyscale: float = 0.0  # so none is; see GREY


def measure(face: Image.Image, original: np.ndarray, offset: tuple[int, int]) -> Quality:
    """Return the numbers of an RGB face, not enlarged.

    original: luminance, uint8 (H, W), of the same face as it was in its file, before any resizing;
    offset: where in the file it begins (x, y), for the place of the blocks' borders.
    """
    rgb = np.asarray(face, np.float32) / 255
    grey = face.convert("L")
    luminance = np.asarray(grey, np.float32) / 255
    low, light, high = np.percentile(luminance, (2, 90, 98))
    half = (max(1, face.width // 2), max(1, face.height // 2))
    again = grey.resize(half, Image.Resampling.BOX).resize(face.size, Image.Resampling.BICUBIC)
    lost = np.abs(luminance - np.asarray(again, np.float32) / 255)
    # Lines grow with the side and the picture with its square: of 64x64 pixels 5% are the strongest
    # edges, of 512x512 fewer.
    edges = np.quantile(lost, 1 - min(0.05, 0.05 * 64 / face.width))
    return Quality(
        spread=float(rgb.std(axis=(0, 1)).max()),
        light=float(light),
        contrast=float(high - low),
        sharpness=float(edges / max(high - low, 0.01)),
        blocks=_blocks(original.astype(np.float32), offset),
        colour=float((rgb.max(axis=2) - rgb.min(axis=2)).mean()),
    )


def fault(quality: Quality, limits: Limits) -> str | None:
    """Return the first thing that is wrong with a face, or None."""
    for wrong, name in (
        (quality.spread < limits.single_colour, "of one colour"),
        (quality.light < limits.dark, "too dark"),
        (quality.contrast < limits.washed_out, "washed out"),
        (quality.sharpness < limits.blurred, "blurred"),
        (quality.blocks > limits.compressed, "too compressed"),
        (quality.colour < limits.greyscale, "greyscale"),
    ):
        if wrong:
            return name
    return None


def _blocks(luminance: np.ndarray, offset: tuple[int, int]) -> float:
    """Return how much the third difference across each 8th border exceeds that of the others."""
    ratios = []
    for pixels, start in ((luminance, offset[0]), (luminance.T, offset[1])):
        if pixels.shape[1] < 16:
            continue
        third = pixels[:, 3:] - 3 * pixels[:, 2:-1] + 3 * pixels[:, 1:-2] - pixels[:, :-3]
        steep = np.minimum(np.abs(third), 40).mean(axis=0)  # a drawn line must not outweigh all
        border = (np.arange(len(steep)) + 2 + start) % 8 == 0
        ratios.append(steep[border].mean() / (steep[~border].mean() + 0.5))
    return float(np.mean(ratios)) if ratios else 1.0
