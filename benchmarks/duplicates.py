"""Print how many planted copies are found among real faces, and how many others by mistake.

    python -m benchmarks.duplicates faces.zip --sheet pairs.png

Copies of random faces are encoded again, resized, cropped, made brighter or darker, or all of
these, and planted among the rest. The sheet shows the least similar pairs found among the faces
themselves, to be counted by eye: no list says which of them are copies.
"""

import io
from contextlib import closing, suppress
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from PIL import Image, ImageEnhance
from tqdm import tqdm

from anime_gan.data.decode import whole_image
from anime_gan.data.entries import Unreadable
from anime_gan.data.sources import open_source
from anime_gan.errors import clean_exit
from anime_gan.preparation.duplicates import fine_correlation, near_duplicates, thumbnail
from benchmarks import new_parser

SHOWN = 180


def encoded(face, rng):
    """Encode as JPEG of quality 40 to 80."""
    packed = io.BytesIO()
    face.save(packed, "JPEG", quality=int(rng.integers(40, 80)))
    return Image.open(packed).convert("RGB")


def resized(face, rng):
    """Resize to 0.5 to 1.5 times the side."""
    return face.resize((round(face.width * rng.uniform(0.5, 1.5)),) * 2, Image.Resampling.LANCZOS)


def cropped(face, rng):
    """Crop up to 5% on each side."""
    left, top, right, bottom = (rng.uniform(0, 0.05, 4) * face.width).astype(int)
    return face.crop((left, top, face.width - right, face.height - bottom))


def lightened(face, rng):
    """Make 10 to 30% brighter or darker."""
    factor = 1 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.3)
    return ImageEnhance.Brightness(face).enhance(factor)


KINDS = {
    "encoded again": (encoded,),
    "resized": (resized, encoded),
    "cropped": (cropped, encoded),
    "brighter or darker": (lightened, encoded),
    "all of these": (cropped, lightened, resized, encoded),
}


def main() -> None:
    """Plant copies, compare all faces, and print what was found."""
    parser = new_parser(__doc__)
    parser.add_argument("images", help="folder or zip of ready faces")
    parser.add_argument("--planted", type=int, default=300, help="copies of each kind")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--sheet", metavar="FILE")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with closing(open_source(arguments.images)) as source:
        places, thumbnails = [], []
        for index in tqdm(range(len(source.entries)), desc="reading"):
            with suppress(Unreadable):  # a text beside the images, say
                thumbnails.append(_small(whole_image(source.read(index)), arguments.size))
                places.append(index)
        entries = range(len(places))
        own = rng.permutation(len(entries))[: arguments.planted * len(KINDS)]
        faces = [whole_image(source.read(places[index])) for index in own]
    kinds = [kind for kind in KINDS for _ in range(arguments.planted)]
    for kind, face in zip(kinds, faces, strict=True):
        for change in KINDS[kind]:
            face = change(face, rng)
        thumbnails.append(_small(face, arguments.size))
    every = np.stack(thumbnails)
    pairs = set()
    for _, found in tqdm(near_duplicates(every), desc="comparing"):
        pairs.update(found)
    natural = sorted(pair for pair in pairs if pair[1] < len(entries))
    alike = {i: {i} for i in entries}
    for i, j in natural:
        alike[i].add(j)
        alike[j].add(i)
    for number, kind in enumerate(KINDS):
        rows = range(number * arguments.planted, (number + 1) * arguments.planted)
        seen = sum((int(own[row]), len(entries) + row) in pairs for row in rows)
        print(f"{kind:20} {seen / arguments.planted:7.1%} found")
    joined = {
        j - len(entries)
        for i, j in pairs
        if i < len(entries) <= j and i not in alike[int(own[j - len(entries)])]
    }
    print(f"{len(joined)} of {len(own)} copies are also joined to a face that is not their own")
    print(f"{len(natural):,} pairs among the {len(entries):,} faces themselves")
    if arguments.sheet and natural:
        _sheet(Path(arguments.sheet), every, natural)


def _small(face: Image.Image, size: int) -> np.ndarray:
    face = face.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3)
    return thumbnail(face)


def _sheet(path: Path, every: np.ndarray, pairs: list[tuple[int, int]]) -> None:
    """Write the least similar pairs, each with its correlation."""
    one, other = every[[i for i, _ in pairs]], every[[j for _, j in pairs]]
    alike = np.maximum(_correlations(one, other), _correlations(one, other[:, :, ::-1]))
    order = np.argsort(alike)[:SHOWN]
    rows = -(-len(order) // 12)
    sheet = Image.new("RGB", (12 * 132, rows * 68), "white")
    for place, index in enumerate(order):
        pair = np.concatenate([one[index], other[index]], axis=1)
        shown = Image.fromarray(pair).resize((128, 64), Image.Resampling.BICUBIC)
        sheet.paste(shown, (place % 12 * 132, place // 12 * 68))
    sheet.save(path)
    print(f"{path}: correlations from {alike[order[0]]:.3f} to {alike[order[-1]]:.3f}")


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    parts = range(0, len(one), 256)
    return np.concatenate([fine_correlation(one[i : i + 256], other[i : i + 256]) for i in parts])


if __name__ == "__main__":
    clean_exit(main)()
