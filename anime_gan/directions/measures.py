"""Measures of faces that need no network: the color of hair, the pose, the size of the eyes.

A measure reads fixed regions of a face that fills its image, as anime faces that `prepare_faces.py`
crops do; colors are those of CIELAB. It is rough for one face, and good enough to say what changes
when many faces change in the same way. `tests/directions/test_measures.py` changes one attribute of
drawn faces at a time, and checks which measures change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

SIDE = 64  # pixels; images of other sizes are resized
_CHUNK = 256  # images whose Lab colors are in memory together


@dataclass(frozen=True)
class Measure:
    """What a measure is called, and what its small and its large values look like.

    Attributes:
        name: a short word, as for the command line.
        part: the part of the image that it says something of.
        low, high: words for small and for large values.
        kind: "part" of a part of the face; "whole" of the image as a whole, which follows from its
            parts; "word" for whether a reader reads a word.
    """

    name: str
    part: str
    low: str
    high: str
    kind: str = "part"

    def change(self, sign: float = 1) -> str:
        """Return what changes as it rises, or as it falls: "hair: dark to light"."""
        low, high = (self.low, self.high) if sign >= 0 else (self.high, self.low)
        return f"{self.part}: {low} to {high}"


MEASURES = (
    Measure("hair", "hair", "dark", "light"),
    Measure("hair-redder", "hair", "green", "red"),
    Measure("hair-yellower", "hair", "blue", "yellow"),
    Measure("length", "hair", "short", "long"),
    Measure("forehead", "forehead", "covered", "bare"),
    Measure("skin", "skin", "dark", "light"),
    Measure("eyes", "eyes", "small", "large"),
    Measure("eye-redder", "eyes", "green", "red"),
    Measure("eye-yellower", "eyes", "blue", "yellow"),
    Measure("mouth", "mouth", "closed", "open"),
    Measure("pose", "face", "turned left", "turned right"),
    Measure("tilt", "head", "tilted left", "tilted right"),
    Measure("corners", "upper corners", "dark", "light", "whole"),
    Measure("brightness", "image", "dark", "light", "whole"),
    Measure("color", "colors", "gray", "strong", "whole"),
)

# Percent of the image's side: x from the left, y from the top; `_OFF` from the vertical middle.
_Y, _X = (np.mgrid[:SIDE, :SIDE] + 0.5) * 100 / SIDE
_OFF = abs(_X - 50)
_HAIR = (_Y > 8) & (_Y < 24) & (_OFF < 26)
_CORNERS = (_Y < 10) & (_OFF > 40)
_SKIN = ((_Y > 64) & (_Y < 72) & (_OFF > 6) & (_OFF < 20)) | (
    (_Y > 66) & (_Y < 72) & (_OFF < 10)
)  # cheeks, and below the nose
_EYES = (_Y > 46) & (_Y < 68) & (_OFF > 5) & (_OFF < 24)
_MOUTH = (_Y > 71) & (_Y < 84) & (_OFF < 9)
_FOREHEAD = (_Y > 26) & (_Y < 42) & (_OFF < 12)
_BESIDE = (_Y > 74) & (_Y < 94) & (_OFF > 24) & (_OFF < 44)  # where long hair is
_JAW = slice(42, 54)  # rows, from the nose to the chin
_FAR = 10  # pixels that the middle of the face is looked for to either side


def measure(images: np.ndarray) -> np.ndarray:
    """Return what MEASURES are of faces, float32 (N, len(MEASURES)).

    Args:
        images: uint8 (N, H, W, 3) or (N, H, W, 1), H = W.
    """
    parts = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
    return np.concatenate([_measured(_as_rgb(part)) for part in parts])


def _as_rgb(images: np.ndarray) -> np.ndarray:
    """Return images as uint8 (N, SIDE, SIDE, 3)."""
    images = np.repeat(images, 3 // images.shape[-1], axis=-1)
    if images.shape[1] == SIDE:
        return images
    method = Image.Resampling.BOX if images.shape[1] > SIDE else Image.Resampling.BILINEAR
    resized = [Image.fromarray(image).resize((SIDE, SIDE), method) for image in images]
    return np.stack([np.asarray(image) for image in resized])


def _measured(images: np.ndarray) -> np.ndarray:
    lab = rgb2lab(images / np.float32(255))  # in float32, which takes a seventh of the time
    light = lab[..., 0]
    hair, skin, corners = (np.median(lab[:, part], axis=1) for part in (_HAIR, _SKIN, _CORNERS))
    to_hair, to_skin, to_corners = (_distance(lab, color) for color in (hair, skin, corners))
    is_hair = _nearer(to_hair, to_skin)
    # 0 for what is nearly as light as the skin, 1 for what is much darker: irises, open mouths.
    dark = np.clip((0.9 - light / (skin[:, :1, None] + 1)) / 0.33, 0, 1)
    irises = dark * _EYES
    colored = irises * np.clip(to_hair / 15 - 1, 0, 1)  # strands of hair hang over the eyes
    amount = colored.sum(axis=(1, 2)) + 1e-3
    eye_red, eye_yellow = ((colored * lab[..., n]).sum(axis=(1, 2)) / amount for n in (1, 2))
    values = {
        "hair": hair[:, 0],
        "hair-redder": hair[:, 1],
        "hair-yellower": hair[:, 2],
        "length": (is_hair * _nearer(to_hair, to_corners))[:, _BESIDE].mean(axis=1),
        "forehead": 1 - is_hair[:, _FOREHEAD].mean(axis=1),
        "skin": skin[:, 0],
        "eyes": dark[:, _EYES].mean(axis=1),
        "eye-redder": eye_red,
        "eye-yellower": eye_yellow,
        "mouth": dark[:, _MOUTH].mean(axis=1),
        "pose": _middle(light[:, _JAW]),
        "tilt": _height(irises * (_X > 50)) - _height(irises * (_X < 50)),
        "corners": corners[:, 0],
        "brightness": light.mean(axis=(1, 2)),
        "color": np.hypot(lab[..., 1], lab[..., 2]).mean(axis=(1, 2)),
    }
    return np.stack([values[m.name] for m in MEASURES], axis=1).astype("float32")


def _distance(lab: np.ndarray, color: np.ndarray) -> np.ndarray:
    """Return how far each pixel (N, H, W, 3) is from its image's color (N, 3)."""
    return np.linalg.norm(lab - color[:, None, None], axis=-1)


def _nearer(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return 1 where the first distance is smaller, 0 where it is larger, with a soft step."""
    return np.clip((other - one) / 20 + 0.5, 0, 1)


def _height(weights: np.ndarray) -> np.ndarray:
    """Return the mean y of weights (N, H, W), in percent from the top."""
    return (weights * _Y).sum(axis=(1, 2)) / (weights.sum(axis=(1, 2)) + 1e-6)


def _middle(rows: np.ndarray) -> np.ndarray:
    """Return how far right of the middle rows (N, H, W) are most like their mirror image.

    In percent of the width; places that are nearly as good count too, so that it has no steps.
    """
    shifts = np.arange(-_FAR, _FAR + 1)
    errors = []
    for shift in shifts:
        part = rows[:, :, max(0, shift) : SIDE + min(0, shift)]
        difference = np.square(part - part[:, :, ::-1]).mean(axis=(1, 2))
        errors.append(difference / (part.var(axis=(1, 2)) + 1e-3))
    errors = np.stack(errors, axis=1)
    weights = np.exp(-20 * (errors - errors.min(axis=1, keepdims=True)))
    return (weights * shifts).sum(axis=1) / weights.sum(axis=1) * 50 / SIDE
