"""Measures of how well a face serves as a training image, and what is wrong with it."""

import numpy as np
from PIL import Image

from anime_gan.preparation.settings import Limits


def measure(face: Image.Image, original: np.ndarray, offset: tuple[int, int]) -> dict[str, float]:
    """Measure a face.

    Args:
        face: RGB, not enlarged.
        original: luminance of the same face before any resizing, uint8 (H, W).
        offset: where the face begins in its file (x, y), which tells the block borders.

    Returns:
        spread: the largest standard deviation of red, green and blue, 0 (one color) to 0.5.
        light: the 90th percentile of brightness, 0 to 1.
        contrast: the 98th minus the 2nd percentile of brightness, 0 to 1.
        sharpness: what the strongest edges lose at half the size, as a share of contrast.
        blocks: steepness at the borders of JPEG's 8x8 blocks relative to elsewhere; 1 without any.
        colour: the mean difference of the largest and smallest of red, green and blue, 0 to 1.
    """
    rgb = np.asarray(face, np.float32) / 255
    gray = face.convert("L")
    luminance = np.asarray(gray, np.float32) / 255
    low, light, high = np.percentile(luminance, (2, 90, 98))
    half = (max(1, face.width // 2), max(1, face.height // 2))
    again = gray.resize(half, Image.Resampling.BOX).resize(face.size, Image.Resampling.BICUBIC)
    lost = np.abs(luminance - np.asarray(again, np.float32) / 255)
    # Lines grow with the side and the area with its square: at 64x64 pixels the strongest edges
    # are 5% of all pixels, at 512x512 fewer.
    edges = np.quantile(lost, 1 - min(0.05, 0.05 * 64 / face.width))
    return {
        "spread": float(rgb.std(axis=(0, 1)).max()),
        "light": float(light),
        "contrast": float(high - low),
        "sharpness": float(edges / max(high - low, 0.01)),
        "blocks": _blockiness(original.astype(np.float32), offset),
        "colour": float((rgb.max(axis=2) - rgb.min(axis=2)).mean()),
    }


def fault(measures: dict, limits: Limits) -> str | None:
    """Return the first thing that is wrong with a face, by what `measure` returned, or None."""
    faults = {
        "of one colour": measures["spread"] < limits.single_colour,
        "too dark": measures["light"] < limits.dark,
        "washed out": measures["contrast"] < limits.washed_out,
        "blurred": measures["sharpness"] < limits.blurred,
        "too compressed": measures["blocks"] > limits.compressed,
        "greyscale": measures["colour"] < limits.greyscale,
    }
    return next((name for name, found in faults.items() if found), None)


def _blockiness(luminance: np.ndarray, offset: tuple[int, int]) -> float:
    """Return the mean third difference across block borders relative to that elsewhere."""
    ratios = []
    for pixels, start in ((luminance, offset[0]), (luminance.T, offset[1])):
        if pixels.shape[1] < 16:
            continue
        third = pixels[:, 3:] - 3 * pixels[:, 2:-1] + 3 * pixels[:, 1:-2] - pixels[:, :-3]
        # Clipped, so that one drawn line does not dominate the mean.
        steep = np.minimum(np.abs(third), 40).mean(axis=0)
        border = (np.arange(len(steep)) + 2 + start) % 8 == 0
        ratios.append(steep[border].mean() / (steep[~border].mean() + 0.5))
    return float(np.mean(ratios)) if ratios else 1.0
