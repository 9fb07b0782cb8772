"""How many planted copies are found among real faces, and how many unlike ones are joined.

    python -m benchmarks.duplicates faces.zip --sheet pairs.png

Copies of faces drawn by lot are coded anew, resized, cropped, made brighter or darker, or all of
it, and planted among the rest. The sheet shows the least alike pairs that were found among the
faces themselves, to be counted by eye: no list says which of them are copies.
"""

import argparse
import io
from contextlib import closing
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from PIL import Image, ImageEnhance
from tqdm import tqdm

from anime_gan.data.decode import whole_image
from anime_gan.data.sources import open_source
from anime_gan.errors import clean_exit
from anime_gan.preparation.duplicates import THUMBNAIL, near_duplicates, second_look

SHOWN = 180


def coded(face, rng):
    """As JPEG of quality 40 to 80."""
    packed = io.BytesIO()
    face.save(packed, "JPEG", quality=int(rng.integers(40, 80)))
    return Image.open(packed).convert("RGB")


def resized(face, rng):
    """To half the side to one and a half."""
    return face.resize((round(face.width * rng.uniform(0.5, 1.5)),) * 2, Image.Resampling.LANCZOS)


def cropped(face, rng):
    """By up to 5% on each side."""
    left, top, right, bottom = (rng.uniform(0, 0.05, 4) * face.width).astype(int)
    return face.crop((left, top, face.width - right, face.height - bottom))


def lit(face, rng):
    """By 10 to 30% brighter or darker."""
    factor = 1 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.3)
    return ImageEnhance.Brightness(face).enhance(factor)


KINDS = {
    "coded anew": (coded,),
    "resized": (resized, coded),
    "cropped": (cropped, coded),
    "brighter or darker": (lit, coded),
    "all of it": (cropped, lit, resized, coded),
}


def main() -> None:
    """Plant, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", help="folder or zip of ready faces")
    parser.add_argument("--planted", type=int, default=300, help="copies of each kind")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--sheet", metavar="FILE")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with closing(open_source(arguments.images)) as source:
        entries = range(len(source.entries))
        own = rng.permutation(len(entries))[: arguments.planted * len(KINDS)]
        thumbnails = []
        for index in tqdm(entries, desc="reading"):
            thumbnails.append(_small(whole_image(source.read(index)), arguments.size))
        faces = [whole_image(source.read(index)) for index in own]
    kinds = [kind for kind in KINDS for _ in range(arguments.planted)]
    for kind, face in zip(kinds, faces, strict=True):
        for change in KINDS[kind]:
            face = change(face, rng)
        thumbnails.append(_small(face, arguments.size))
    every = np.stack(thumbnails)
    pairs = set()
    for _, found in tqdm(near_duplicates(every, np.zeros(len(every), bool)), desc="comparing"):
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
    if arguments.sheet:
        _sheet(Path(arguments.sheet), every, natural)


def _small(face: Image.Image, size: int) -> np.ndarray:
    face = face.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3)
    return np.asarray(face.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))


def _sheet(path: Path, every: np.ndarray, pairs: list[tuple[int, int]]) -> None:
    """Write the least alike pairs, each with how alike."""
    one, other = every[[i for i, _ in pairs]], every[[j for _, j in pairs]]
    alike = np.maximum(_looks(one, other), _looks(one, other[:, :, ::-1]))
    order = np.argsort(alike)[:SHOWN]
    rows = -(-len(order) // 12)
    sheet = Image.new("RGB", (12 * 132, rows * 68), "white")
    for place, index in enumerate(order):
        pair = np.concatenate([one[index], other[index]], axis=1)
        shown = Image.fromarray(pair).resize((128, 64), Image.Resampling.BICUBIC)
        sheet.paste(shown, (place % 12 * 132, place // 12 * 68))
    sheet.save(path)
    print(f"{path}: correlations from {alike[order[0]]:.3f} to {alike[order[-1]]:.3f}")


def _looks(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    parts = range(0, len(one), 256)
    return np.concatenate([second_look(one[i : i + 256], other[i : i + 256]) for i in parts])


if __name__ == "__main__":
    clean_exit(main)()
