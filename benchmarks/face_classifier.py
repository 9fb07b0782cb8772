"""Train the classifier of faces, and print its accuracy.

    python -m benchmarks.face_classifier faces.zip more_faces.zip

Positive examples are the given faces, slightly rotated, shifted and scaled, some in gray, in other
light or as line drawings. Negative examples are made of the same faces, so that color and style
are no cue: parts of faces, faces upside down or on their side, partly outside, shuffled in pieces;
and crops of scikit-image's photographs.
"""

from __future__ import annotations

import io
import os
from contextlib import closing, suppress

import numpy as np
import skimage.data
from PIL import Image, ImageFilter, ImageOps

from anime_gan.data.decode import whole_image
from anime_gan.data.entries import Unreadable
from anime_gan.data.pixels import montage, to_image
from anime_gan.data.sources import open_source
from anime_gan.errors import clean_exit
from anime_gan.preparation.face_classifier import SIDE, WEIGHTS, open_features
from benchmarks import new_parser

_FACES, _OTHERS, _HELD_OUT = 6_000, 9_000, 2_000
_RIDGE = 3_000.0  # ten times more or less changes the accuracy by 0.5%
_PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "camera", "text", "page", "coins", "brick", "grass")


@clean_exit
def main() -> None:
    """Read sets of faces, train, print the accuracy on held-out crops, write the weights."""
    parser = new_parser(__doc__)
    parser.add_argument("images", nargs="+", help="folders or zips of faces")
    parser.add_argument("--out", default=str(WEIGHTS), help="file to write (default %(default)s)")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    faces = [face for images in arguments.images for face in _sample(images, rng)]
    photographs = [getattr(skimage.data, name)() for name in _PHOTOGRAPHS]
    photographs = [Image.fromarray(pixels).convert("RGB") for pixels in photographs]
    crops = [_positive(faces[i % len(faces)], rng) for i in range(_FACES)]
    crops += [_negative(faces[rng.integers(len(faces))], photographs, rng) for _ in range(_OTHERS)]
    features = open_features(os.cpu_count() or 1)(crops)
    labels = np.repeat([1.0, -1.0], [_FACES, _OTHERS])
    order = rng.permutation(len(crops))
    held_out, rest = order[:_HELD_OUT], order[_HELD_OUT:]
    weights = _ridge_regression(features[rest], labels[rest])
    scores = features[held_out] @ weights[:-1] + weights[-1]
    accuracy = np.mean((scores > 0) == (labels[held_out] > 0))
    np.save(arguments.out, weights)
    print(f"{arguments.out}: accuracy {accuracy:.1%} on {_HELD_OUT:,} held-out crops.")


def _ridge_regression(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the weights of the raw features, and the constant last, float32 (1281,)."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 0.05
    x = np.column_stack([(features - mean) / deviation, np.ones(len(features))])
    x = x.astype(np.float64)
    solution = np.linalg.solve(x.T @ x + _RIDGE * np.eye(x.shape[1]), x.T @ labels)
    weights = solution[:-1] / deviation
    return np.append(weights, solution[-1] - weights @ mean).astype(np.float32)


def _sample(images: str, rng: np.random.Generator, count: int = 3_000) -> list[Image.Image]:
    with closing(open_source(images)) as source:
        found = []
        for index in sorted(rng.permutation(len(source.entries))[:count]):
            with suppress(Unreadable):  # a text beside the images, say
                found.append(whole_image(source.read(index)))
        return found


def _positive(face: Image.Image, rng: np.random.Generator) -> Image.Image:
    if rng.random() < 0.5:
        face = ImageOps.mirror(face)
    shift = rng.uniform(-0.08, 0.08, 2)
    window = _window(face, rng.uniform(0.7, 1.2), shift, rng.uniform(-15, 15), rng)
    return _restyled(window, rng)


def _negative(
    face: Image.Image, photographs: list[Image.Image], rng: np.random.Generator
) -> Image.Image:
    kind = rng.choice(
        ["part", "turned", "shifted", "pieces", "photograph"], p=[0.4, 0.15, 0.15, 0.15, 0.15]
    )
    if kind == "part":
        shift, angle = rng.uniform(-0.35, 0.35, 2), rng.uniform(-180, 180)
        return _restyled(_window(face, rng.uniform(0.2, 0.42), shift, angle, rng), rng)
    if kind == "turned":
        return _restyled(face.rotate(int(rng.choice([90, 180, 270]))), rng)
    if kind == "shifted":
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.42, 0.6)
        shift = far * np.array([np.cos(angle), np.sin(angle)])
        return _restyled(_window(face, rng.uniform(0.7, 1.0), shift, 0, rng), rng)
    if kind == "pieces":
        pieces = np.asarray(face.resize((96, 96))).reshape(3, 32, 3, 32, 3).transpose(0, 2, 1, 3, 4)
        mixed = pieces.reshape(9, 32, 32, 3)[rng.permutation(9)]
        return _restyled(to_image(montage(mixed, columns=3, gap=0, smallest=1)), rng)
    photograph = photographs[rng.integers(len(photographs))]
    side = int(min(photograph.size) * rng.uniform(0.15, 0.9))
    x, y = rng.integers(photograph.width - side + 1), rng.integers(photograph.height - side + 1)
    crop = photograph.crop((x, y, x + side, y + side))
    return _restyled(crop.rotate(int(rng.choice([0, 90, 180, 270]))), rng)


def _window(
    face: Image.Image, zoom: float, shift: np.ndarray, angle: float, rng: np.random.Generator
) -> Image.Image:
    """Return a part of a square image: `zoom` of its side, its center shifted by shares of it."""
    side = face.width
    around = ((side // 2, side // 2), (side // 2, side // 2), (0, 0))
    mode = rng.choice(["edge", "reflect", "constant"])
    wide = Image.fromarray(np.pad(np.asarray(face), around, mode=mode))
    wide = wide.rotate(angle, Image.Resampling.BICUBIC)
    x, y = wide.width / 2 + shift[0] * side, wide.height / 2 + shift[1] * side
    half = side * zoom / 2
    return wide.crop([round(v) for v in (x - half, y - half, x + half, y + half)])


def _restyled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return an image as another artist, light or file might show it, 96x96."""
    style = rng.random()
    if style < 0.15:
        image = ImageOps.grayscale(image).convert("RGB")
    elif style < 0.25:
        gamma = rng.uniform(0.5, 1.8)
        image = image.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)
    elif style < 0.32:
        image = ImageOps.equalize(image)
    elif style < 0.40:
        soft = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(1)), np.float32)
        lines = 255 - np.clip(4 * np.hypot(*np.gradient(soft)), 0, 255)
        image = Image.fromarray(lines.astype(np.uint8)).convert("RGB")
    if rng.random() < 0.3:
        side = int(rng.integers(32, 64))
        image = image.resize((side, side), Image.Resampling.BOX)
    if rng.random() < 0.2:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(30, 80)))
        image = Image.open(file).convert("RGB")
    return image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


if __name__ == "__main__":
    main()
