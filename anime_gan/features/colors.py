"""Hair and eye color of anime faces, read from their pixels without a neural network.

A linear regression on a thumbnail finds where the face is and how large, and the image is cropped
so that the eyes lie where those of the training images lie. Histograms of the Lab colors in fixed
boxes of that crop go through a softmax regression for each attribute.

benchmarks/color_reader.py makes the weights, colors.npz, from 64x64 faces whose labels are the
colors that a generator was asked for when it made them. The set is not part of this project.
docs/faces.md has the reader's errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from anime_gan.errors import UserError

WEIGHTS = Path(__file__).with_name("colors.npz")
ATTRIBUTES = ("hair", "eyes")
SIDE = 64  # pixels of the images in which the boxes below are
# For each attribute groups of boxes (top, bottom, left, right); a group has one histogram. Left and
# right boxes are in one group, so that a mirrored face has the same.
BOXES = {
    "hair": (
        ((2, 20, 12, 52),),
        ((0, 10, 16, 48),),
        ((10, 40, 2, 14), (10, 40, 50, 62)),
        ((16, 26, 22, 42),),
    ),
    "eyes": (
        ((20, 34, 10, 28), (20, 34, 36, 54)),
        ((24, 31, 13, 25), (24, 31, 39, 51)),
    ),
}
# Bins of L, a and b. L goes from 0 to 100; a and b beyond _CHROMA are in the last bin.
_BINS, _CHROMA = (5, 8, 8), 60.0
THUMBNAIL = 16
_ROUNDS = 2  # of finding the face: the second corrects the first
_SHIFT, _SCALE = 20.0, (0.5, 1.6)  # limits of each round; scale is the crop's side by the image's
_GRAY = 4  # of 255: the largest difference between the channels of a gray pixel, as JPEG adds some


def read(images: np.ndarray, least: Mapping[str, float] | None = None) -> dict[str, list[str]]:
    """Return the words for hair and eyes of each image.

    Args:
        images: uint8 (N, H, W, 3) of faces, cropped as those of a training set; sides of 32 to 512
            pixels were tested.
        least: the least probability of an attribute's word; below it, the word is "".

    Returns:
        {"hair": N words, "eyes": N words}. The words of a gray image are "".

    Raises:
        UserError: the images have one channel.
    """
    return choose(probabilities(images), least)


def probabilities(images: np.ndarray) -> dict[str, np.ndarray]:
    """Return the probability of each of an attribute's `words()`, float32 (N, words).

    All are 0 in the rows of gray images. Arguments and errors are those of `read`.
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"images must be (N, H, W, 3), not {images.shape}")
    if images.shape[3] == 1:
        raise UserError("hair and eye colors can't be read from gray images; give color images.")
    weights, gray = _weights(), is_gray(images)
    crops = aligned(images, weights["place"])
    found = {}
    for name in ATTRIBUTES:
        scores = linear(histograms(crops, name), weights[name])
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        odds[gray] = 0
        found[name] = odds
    return found


def words() -> dict[str, tuple[str, ...]]:
    """Return the words for each attribute, in the order of `probabilities`."""
    return {name: tuple(map(str, _weights()[f"{name}_words"])) for name in ATTRIBUTES}


def least() -> dict[str, float]:
    """Return the least probabilities at which, of words read, 5% (hair) or 10% (eyes) are wrong."""
    return {name: float(_weights()[f"{name}_least"]) for name in ATTRIBUTES}


def choose(
    found: Mapping[str, np.ndarray], least: Mapping[str, float] | None = None
) -> dict[str, list[str]]:
    """Return the most probable word of each row of `probabilities`; "" below `least`."""
    chosen = {}
    for name, odds in found.items():
        known, limit = words()[name], max((least or {}).get(name, 0.0), 1e-6)
        best = odds.argmax(axis=1)
        is_sure = odds.max(axis=1) >= limit
        chosen[name] = [known[i] if sure else "" for i, sure in zip(best, is_sure, strict=True)]
    return chosen


def is_gray(images: np.ndarray) -> np.ndarray:
    """Return which of the images, uint8 (N, H, W, 3), have no colors, bool (N,)."""
    spread = images.max(axis=3).astype("int16") - images.min(axis=3)
    return (spread > _GRAY).mean(axis=(1, 2)) < 0.01


def aligned(images: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the part of each image with the face in its usual place, uint8 (N, SIDE, SIDE, 3).

    place: the weights of the regression from a thumbnail to (right, down, scale), float32
        (3 THUMBNAIL² + 1, 3): the shift of the face in pixels of SIDE, and the side of the crop
        that has the face in its usual size.
    """
    opened = [_sized(Image.fromarray(image)) for image in images]
    boxes = np.tile(np.float32([0, 0, 1]), (len(opened), 1))
    crops = [crop(image, *box) for image, box in zip(opened, boxes, strict=True)]
    for _ in range(_ROUNDS):
        moves = linear(thumbnails(np.stack(crops)), place)
        moves[:, :2] = moves[:, :2].clip(-_SHIFT, _SHIFT) * boxes[:, 2:]
        boxes[:, :2] += moves[:, :2]
        boxes[:, 2] *= moves[:, 2].clip(*_SCALE)
        crops = [crop(image, *box) for image, box in zip(opened, boxes, strict=True)]
    return np.stack(crops)


def _sized(image: Image.Image) -> Image.Image:
    """Return a square image of SIDE, with a border that repeats its edge."""
    if image.size != (SIDE, SIDE):
        image = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    border = ((SIDE // 2, SIDE // 2), (SIDE // 2, SIDE // 2), (0, 0))
    return Image.fromarray(np.pad(np.asarray(image), border, mode="edge"))


def crop(bordered: Image.Image, right: float, down: float, scale: float) -> np.ndarray:
    """Return a square of a bordered image, uint8 (SIDE, SIDE, 3).

    Its center is shifted from the middle by `right` and `down`; its side is `scale` times SIDE.
    """
    half, middle = SIDE / 2 * scale, bordered.width / 2
    x, y = middle + right, middle + down
    corners = np.clip([x - half, y - half, x + half, y + half], 0, bordered.width)
    corners[2:] = np.maximum(corners[2:], corners[:2] + 1)
    size = (SIDE, SIDE)
    return np.asarray(bordered.resize(size, Image.Resampling.BILINEAR, box=tuple(corners)))


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Return the mean colors of squares of images (N, SIDE, SIDE, 3), 0 to 1, float32 (N, F)."""
    part = SIDE // THUMBNAIL
    squares = images.reshape(len(images), THUMBNAIL, part, THUMBNAIL, part, 3)
    return squares.mean(axis=(2, 4), dtype="float32").reshape(len(images), -1) / 255


def histograms(crops: np.ndarray, attribute: str) -> np.ndarray:
    """Return the square roots of an attribute's histograms, float32 (N, groups x bins).

    The root makes a linear classifier compare distributions (Hellinger's distance).

    crops: uint8 (N, SIDE, SIDE, 3), as `aligned` returns them.
    """
    count, bins = len(crops), int(np.prod(_BINS))
    found = []
    for group in BOXES[attribute]:
        parts = [crops[:, top:bottom, left:right] for top, bottom, left, right in group]
        pixels = np.concatenate([part.reshape(count, -1, 3) for part in parts], axis=1)
        lab = rgb2lab(pixels.astype("float32") / 255)
        shares = [lab[..., 0] / 100, *((lab[..., i] / _CHROMA + 1) / 2 for i in (1, 2))]
        index = np.zeros(pixels.shape[:2], int)
        for share, number in zip(shares, _BINS, strict=True):
            index = index * number + (share * number).astype(int).clip(0, number - 1)
        index += bins * np.arange(count)[:, None]
        counted = np.bincount(index.ravel(), minlength=count * bins).reshape(count, bins)
        found.append(np.sqrt(counted / pixels.shape[1]))
    return np.concatenate(found, axis=1).astype("float32")


def linear(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return features (N, F) times weights (F + 1, K), whose last row is the constant."""
    return features @ weights[:-1] + weights[-1]


@cache
def _weights() -> dict[str, np.ndarray]:
    with np.load(WEIGHTS) as file:
        arrays = {name: file[name] for name in file}
    return {k: v.astype("float32") if v.dtype == np.float16 else v for k, v in arrays.items()}
