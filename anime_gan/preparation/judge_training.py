"""How the judge of faces learns: python -m preparation.judge_training faces.zip more_faces.zip

Faces are those of the sets given, turned and shifted a little, larger and smaller, some in grey, in
other light or as line drawings. What is no face is made of them too, so that colours and strokes
say nothing: parts of faces, faces upside down or on their side, half out of the picture, in pieces;
and crops of the photographs that scikit-image brings along.
"""

from __future__ import annotations

import argparse
import io
from contextlib import closing

import numpy as np
import skimage.data
from PIL import Image, ImageFilter, ImageOps

from anime_gan.data.decode import whole_image
from anime_gan.data.sources import open_source
from anime_gan.errors import clean_exit
from anime_gan.preparation.judge import SIDE, WEIGHTS, cores, open_features

_FACES, _OTHERS, _HELD_OUT = 6_000, 9_000, 2_000
_STRENGTH = 3_000.0  # of ridge regression; ten times more or less changes the accuracy by 0.5%
_PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "camera", "text", "page", "coins", "brick", "grass")


def main() -> None:
    """Read sets of faces, learn, say how well, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="+", help="folders or zips of faces")
    parser.add_argument("--out", default=str(WEIGHTS))
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    faces = [face for images in arguments.images for face in _some(images, rng)]
    photographs = [Image.fromarray(getattr(skimage.data, name)()) for name in _PHOTOGRAPHS]
    photographs = [photograph.convert("RGB") for photograph in photographs]
    crops = [_face(faces[i % len(faces)], rng) for i in range(_FACES)]
    crops += [_other(faces[rng.integers(len(faces))], photographs, rng) for _ in range(_OTHERS)]
    features = open_features(cores())(crops)
    wanted = np.repeat([1.0, -1.0], [_FACES, _OTHERS])
    order = rng.permutation(len(crops))
    held_out, rest = order[:_HELD_OUT], order[_HELD_OUT:]
    weights = _ridge(features[rest], wanted[rest])
    said = features[held_out] @ weights[:-1] + weights[-1]
    right = np.mean((said > 0) == (wanted[held_out] > 0))
    np.save(arguments.out, weights)
    print(
        f"{arguments.out}: right on {right:.1%} of {_HELD_OUT:,} crops that it did not learn from."
    )


def _ridge(features: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the weights of the features as they come, and the constant last, float32 (1281,)."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 0.05
    x = np.column_stack([(features - mean) / spread, np.ones(len(features))])
    x = x.astype(np.float64)
    found = np.linalg.solve(x.T @ x + _STRENGTH * np.eye(x.shape[1]), x.T @ wanted)
    slopes = found[:-1] / spread
    return np.append(slopes, found[-1] - slopes @ mean).astype(np.float32)


def _some(images: str, rng: np.random.Generator, count: int = 3_000) -> list[Image.Image]:
    with closing(open_source(images)) as source:
        chosen = rng.permutation(len(source.entries))[:count]
        return [whole_image(source.read(index)) for index in sorted(chosen)]


def _face(face: Image.Image, rng: np.random.Generator) -> Image.Image:
    if rng.random() < 0.5:
        face = ImageOps.mirror(face)
    shift = rng.uniform(-0.08, 0.08, 2)
    return _styled(_window(face, rng.uniform(0.7, 1.2), shift, rng.uniform(-15, 15), rng), rng)


def _other(
    face: Image.Image, photographs: list[Image.Image], rng: np.random.Generator
) -> Image.Image:
    kind = rng.choice(
        ["part", "turned", "shifted", "pieces", "photograph"], p=[0.4, 0.15, 0.15, 0.15, 0.15]
    )
    if kind == "part":
        shift, turn = rng.uniform(-0.35, 0.35, 2), rng.uniform(-180, 180)
        return _styled(_window(face, rng.uniform(0.2, 0.42), shift, turn, rng), rng)
    if kind == "turned":
        return _styled(face.rotate(int(rng.choice([90, 180, 270]))), rng)
    if kind == "shifted":
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.42, 0.6)
        shift = far * np.array([np.cos(angle), np.sin(angle)])
        return _styled(_window(face, rng.uniform(0.7, 1.0), shift, 0, rng), rng)
    if kind == "pieces":
        pieces = np.asarray(face.resize((96, 96))).reshape(3, 32, 3, 32, 3).transpose(0, 2, 1, 3, 4)
        mixed = pieces.reshape(9, 32, 32, 3)[rng.permutation(9)].reshape(3, 3, 32, 32, 3)
        return _styled(Image.fromarray(mixed.transpose(0, 2, 1, 3, 4).reshape(96, 96, 3)), rng)
    photograph = photographs[rng.integers(len(photographs))]
    side = int(min(photograph.size) * rng.uniform(0.15, 0.9))
    x, y = rng.integers(photograph.width - side + 1), rng.integers(photograph.height - side + 1)
    crop = photograph.crop((x, y, x + side, y + side))
    return _styled(crop.rotate(int(rng.choice([0, 90, 180, 270]))), rng)


def _window(
    face: Image.Image, zoom: float, shift: np.ndarray, turn: float, rng: np.random.Generator
) -> Image.Image:
    """Return a part of a square picture: `zoom` of its side, its middle moved by shares of it."""
    side = face.width
    around = ((side // 2, side // 2), (side // 2, side // 2), (0, 0))
    mode = rng.choice(["edge", "reflect", "constant"])
    wide = Image.fromarray(np.pad(np.asarray(face), around, mode=mode))
    wide = wide.rotate(turn, Image.Resampling.BICUBIC)
    x, y = wide.width / 2 + shift[0] * side, wide.height / 2 + shift[1] * side
    half = side * zoom / 2
    return wide.crop([round(v) for v in (x - half, y - half, x + half, y + half)])


def _styled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return a picture as another hand, light or file might show it."""
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
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=int(rng.integers(30, 80)))
        image = Image.open(packed).convert("RGB")
    return image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


if __name__ == "__main__":
    clean_exit(main)()
