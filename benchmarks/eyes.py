"""Print how well spoiled faces are distinguished from real ones, by their eyes and by networks.

    python -m benchmarks.eyes faces.zip

For each way to spoil faces: the share that `metrics/eyes.py` finds where it counts 5% of real
faces, and the kernel distance of spoiled faces from other real ones, in standard deviations of the
same distance between sets chosen at random from both.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from anime_gan.config.schema import Data
from anime_gan.data.image_set import open_images
from anime_gan.features.network import NETWORKS, open_network
from anime_gan.metrics.eyes import SIDE, differences, share_by
from anime_gan.metrics.reference import ReferenceSet
from benchmarks import new_parser

SET, SHUFFLES = 240, 200  # faces of a set, random sets


def main() -> None:
    """Spoil faces and print the table."""
    parser = new_parser(__doc__)
    parser.add_argument("images", help="real faces of one size that lie alike")
    parser.add_argument(
        "--network", action="append", choices=NETWORKS, help="default: all but inception"
    )
    options = parser.parse_args()
    found = open_images(options.images, SIDE)
    order = ReferenceSet(found.images, found.key, Path(Data().cache), SET).order
    size = min(SET, len(order) // 6)
    others, faces, strangers = np.split(found.images[order[: 3 * size]], 3)
    find = share_by(found.images[order[3 * size :][:2000]])
    networks = [open_network(n) for n in options.network or ("lite0", "nsfwjs", "opennsfw")]
    judges = {"eyes": differences} | {one.name: one.features for one in networks}
    known = {name: judge(others) for name, judge in judges.items()}
    print(f"| | found | {' | '.join(judges)} |\n|---|---|{'---|' * len(judges)}")
    for name, spoil in {"not spoiled": lambda faces, _: faces, **KINDS}.items():
        images = spoil(faces, strangers)
        cells = [f"{find(images):.0%}"]
        cells += [f"{deviations(known[n], judge(images)):.1f}" for n, judge in judges.items()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def soft(rows: slice, columns: slice) -> np.ndarray:
    """Return a mask (64, 64, 1) from 0 to 1, with soft edges."""
    mask = np.zeros((SIDE, SIDE), "uint8")
    mask[rows, columns] = 255
    blurred = Image.fromarray(mask).filter(ImageFilter.GaussianBlur(1.5))
    return np.asarray(blurred, "float32")[..., None] / 255


def replaced(rows: slice, columns: slice):
    """Return a function that replaces a part of faces by that of others."""
    return lambda faces, others: _mixed(faces, others, soft(rows, columns))


def _mixed(faces, others, mask) -> np.ndarray:
    return np.rint(faces * (1 - mask) + others * mask).astype("uint8")


def without_eye(faces: np.ndarray, _) -> np.ndarray:
    """Cover the right eye with the color of the cheeks."""
    skin = np.median(faces[:, 44:52, 26:38].reshape(len(faces), -1, 3), axis=1)[:, None, None]
    return _mixed(faces, skin, soft(slice(30, 44), slice(36, 54)))


def slid(faces: np.ndarray, _) -> np.ndarray:
    """Move the right half down by 6 pixels."""
    return _mixed(faces, np.roll(faces, 6, axis=1), soft(slice(0, 64), slice(32, 64)))


KINDS = {
    "halves of two faces": replaced(slice(0, 64), slice(0, 32)),
    "one eye of another face": replaced(slice(28, 46), slice(34, 56)),
    "one eye gone": without_eye,
    "right half 6 pixels lower": slid,
    "both eyes of another face": replaced(slice(28, 46), slice(8, 56)),
}


def deviations(real: np.ndarray, spoiled: np.ndarray) -> float:
    """Return the kernel distance of two sets of features (N, D), in deviations of random sets."""
    rows = np.concatenate([real, spoiled]).astype("float64")
    kernel = (rows @ rows.T / rows.shape[1] + 1) ** 3
    np.fill_diagonal(kernel, 0)
    half, draw = len(real), np.random.default_rng(0)

    def distance(order: np.ndarray) -> float:
        a, b = order[:half], order[half:]
        within = [kernel[np.ix_(x, x)].sum() / (len(x) * (len(x) - 1)) for x in (a, b)]
        return sum(within) - 2 * kernel[np.ix_(a, b)].mean()

    chance = [distance(draw.permutation(len(rows))) for _ in range(SHUFFLES)]
    return (distance(np.arange(len(rows))) - np.mean(chance)) / np.std(chance)


if __name__ == "__main__":
    main()
