"""Train the reader of hair and eye color, and print its errors as tables for docs/faces.md.

    python -m benchmarks.color_reader tagged.zip

The images are a folder or zip of 64x64 faces with a labels.csv: file, hair, eyes. A hash of an
image's pixels says whether it is for training (four of six), for the thresholds, or for the tables,
and of images with equal pixels one is used, so no image of the tables was trained on. Half of the
training images are shifted, scaled, blurred, and have a background of another color.
"""

from __future__ import annotations

import csv
import hashlib
import io
from contextlib import closing

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.optimize import minimize

from anime_gan.data.decode import decode
from anime_gan.data.demo.dataset import draw_faces, face_of
from anime_gan.data.sources import open_source
from anime_gan.errors import clean_exit
from anime_gan.features import colors
from benchmarks import new_parser

SIDE = colors.SIDE
_PLACE_RIDGE, _DECAY, _ROUNDS = 30.0, 1e-4, 120
_ERROR = {"hair": 0.05, "eyes": 0.10}  # of the words that `least` lets pass
_DRAWN = 400
# What the reader may call the colors of the built-in faces; other names are the same.
_DRAWN_WORDS = {
    "silver": ("gray", "white"),
    "amber": ("orange", "yellow"),
    "violet": ("purple",),
    "crimson": ("red",),
}


@clean_exit
def main() -> None:
    """Read the faces, train, print the tables, write the weights."""
    parser = new_parser(__doc__)
    parser.add_argument("images", help="a folder or zip of faces with labels.csv")
    parser.add_argument("--out", default=str(colors.WEIGHTS), help="file (default %(default)s)")
    arguments = parser.parse_args()
    images, labels, part = _read(arguments.images)
    train, chosen, test = part > 1, part == 1, part == 0
    print(
        f"{train.sum():,} faces to train, {chosen.sum():,} for thresholds, {test.sum():,} to test"
    )
    rng = np.random.default_rng(0)
    moved, moves = _moved(images[train], rng)
    more, more_moves = _moved(images[train], rng)
    place = _ridge(np.concatenate([moved, more]), np.concatenate([moves, more_moves]))
    arrays = {"place": place.astype("float16")}
    crops = [colors.aligned(some, place) for some in (images[train], moved)]
    for name in colors.ATTRIBUTES:
        known = np.unique(labels[name])
        codes = np.searchsorted(known, labels[name][train])
        features = np.concatenate([colors.histograms(some, name) for some in crops])
        weights = _softmax_regression(features, np.tile(codes, 2), len(known))
        arrays |= {name: weights.astype("float16"), f"{name}_words": known}
        arrays[f"{name}_least"] = np.float32(0)
    _write(arguments.out, arrays)
    found = colors.probabilities(images[chosen])
    for name in colors.ATTRIBUTES:
        is_right = np.array(colors.choose(found)[name]) == labels[name][chosen]
        arrays[f"{name}_least"] = _least(found[name].max(axis=1), is_right, _ERROR[name])
    _write(arguments.out, arrays)
    _report(images[test], {name: labels[name][test] for name in labels}, rng)


def _write(path: str, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(path, **arrays)
    colors._weights.cache_clear()


def _read(path: str) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Return the different images (N, SIDE, SIDE, 3), labels, and part, 0 to 5."""
    with closing(open_source(path)) as source:
        places = {name: number for number, (name, _, _) in enumerate(source.entries)}
        table = source.read(places["labels.csv"]).decode()
        seen = {}
        for row in csv.DictReader(io.StringIO(table)):
            data = source.read(places[row["file"]])
            pixels = decode(data, (SIDE, SIDE, 3), name=row["file"])
            seen.setdefault(hashlib.sha256(pixels.tobytes()).digest(), (pixels, row))
    images = np.stack([pixels for pixels, _ in seen.values()])
    rows = [row for _, row in seen.values()]
    labels = {name: np.array([row[name] for row in rows]) for name in colors.ATTRIBUTES}
    return images, labels, np.array([key[0] % 6 for key in seen])


def _moved(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return images as others crop them, and what undoes it, as `colors.aligned` finds it."""
    moved, back = [], []
    for image in images:
        if rng.random() < 0.6:
            image = _other_background(image, rng)
        scale, down, right = rng.uniform(0.8, 1.35), rng.uniform(-4, 14), rng.uniform(-4, 4)
        pixels = colors.crop(colors._sized(Image.fromarray(image)), -right, -down, scale)
        if rng.random() < 0.3:
            side = int(rng.integers(28, 60))
            small = Image.fromarray(pixels).resize((side, side), Image.Resampling.BOX)
            pixels = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        moved.append(pixels)
        back.append((right / scale, down / scale, 1 / scale))
    return np.stack(moved), np.array(back, "float32")


def _other_background(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image with a new color in the white regions that reach its top or sides."""
    regions, _ = ndimage.label(image.min(axis=2) > 236)
    outer = set(regions[0]) | set(regions[:, 0]) | set(regions[:, -1])
    background = np.isin(regions, list(outer - {0}))
    if not 0.03 < background.mean() < 0.5:
        return image
    return np.where(background[..., None], rng.integers(0, 256, 3), image).astype("uint8")


def _ridge(images: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Return the weights from thumbnails to moves, as `colors.linear` takes them."""
    x, mean = colors.thumbnails(images).astype("float64"), moves.mean(axis=0)
    center = x.mean(axis=0)
    x -= center
    weights = np.linalg.solve(x.T @ x + _PLACE_RIDGE * np.eye(x.shape[1]), x.T @ (moves - mean))
    return np.vstack([weights, mean - center @ weights]).astype("float32")


def _softmax_regression(features: np.ndarray, codes: np.ndarray, classes: int) -> np.ndarray:
    """Return the weights (F + 1, classes); those of bins that are hardly ever used are 0."""
    used = features.mean(axis=0) > 2e-4
    x, hot = features[:, used], np.eye(classes, dtype="float32")[codes]

    def loss(flat):
        weights = flat.reshape(-1, classes).astype("float32")
        scores = colors.linear(x, weights)
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        error = (np.exp(logs) - hot) / len(x)
        gradient = np.vstack([x.T @ error + _DECAY * weights[:-1], error.sum(axis=0)])
        value = -(logs * hot).sum() / len(x) + _DECAY / 2 * np.square(weights[:-1]).sum()
        return float(value), gradient.ravel().astype("float64")

    start = np.zeros((x.shape[1] + 1) * classes)
    options = {"maxiter": _ROUNDS}
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weights = np.zeros((len(used) + 1, classes), "float32")
    weights[np.append(used, True)] = fitted.reshape(-1, classes)
    return weights


def _least(sure: np.ndarray, is_right: np.ndarray, error: float) -> np.float32:
    """Return the smallest probability above which at most a share `error` of the words is wrong."""
    order = np.argsort(-sure)
    wrong = np.cumsum(~is_right[order]) / np.arange(1, len(order) + 1)
    return np.float32(sure[order][np.flatnonzero(wrong <= error)[-1]])


def _report(images: np.ndarray, labels: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    """Print the errors on held-out images, as they are and changed, and on the built-in faces."""
    found, least = colors.probabilities(images), colors.least()
    for name in colors.ATTRIBUTES:
        known = np.array(colors.words()[name])
        first = known[found[name].argsort(axis=1)[:, ::-1][:, :2]]
        right, second = first[:, 0] == labels[name], (first == labels[name][:, None]).any(axis=1)
        sure = found[name].max(axis=1) >= least[name]
        print(f"{name}: right {right.mean():.1%}, among the first two {second.mean():.1%}; at a")
        print(
            f"probability of {least[name]:.2f} or more ({sure.mean():.1%}) {right[sure].mean():.1%}"
        )
        _confusions(labels[name], first[:, 0], known, sure)
    changed = {f"{side} px": _resized(images, side) for side in (32, 128, 512)}
    changed["moved"] = _moved(images, rng)[0]
    for what, some in changed.items():
        some = colors.read(some)
        parts = [f"{k} {np.mean(np.array(some[k]) == labels[k]):.1%}" for k in colors.ATTRIBUTES]
        print(f"{what}: {', '.join(parts)}")
    faces = [face_of(0, number) for number in range(_DRAWN)]
    drawn = colors.read(draw_faces(_DRAWN))
    for name, field in (("hair", "hair_colour"), ("eyes", "eye_colour")):
        true = np.array([getattr(face, field) for face in faces])
        accepted = [_DRAWN_WORDS.get(word, (word,)) for word in true]
        right = np.mean([word in some for word, some in zip(drawn[name], accepted, strict=True)])
        print(f"built-in faces, {name}: {right:.1%}")
        _confusions(true, np.array(drawn[name]), np.unique(true), accepted=_DRAWN_WORDS)


def _resized(images: np.ndarray, side: int) -> np.ndarray:
    size = (side, side)
    return np.stack(
        [np.asarray(Image.fromarray(x).resize(size, Image.Resampling.LANCZOS)) for x in images]
    )


def _confusions(true, read, known, sure=None, accepted=None) -> None:
    """Print a row for each value: how many, how many were read right, and what else was read.

    sure: which words are written, (N,). accepted: the right words for a value, if not itself.
    """
    print("| value | images | right |", "unknown |" if sure is not None else "", "read as |")
    accepted = accepted or {}
    for value in known:
        rows = true == value
        names, counts = np.unique(read[rows], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        right = np.isin(read[rows], accepted.get(value, (value,))).mean()
        other = [f"{names[i]} {counts[i] / rows.sum():.0%}" for i in order if names[i] != value]
        cells = [value, f"{rows.sum():,}", f"{right:.0%}"]
        cells += [f"{1 - sure[rows].mean():.0%}"] if sure is not None else []
        print("|", " | ".join([*cells, ", ".join(other[:3])]), "|")


if __name__ == "__main__":
    main()
