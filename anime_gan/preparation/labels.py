"""Reads hair and eye color of a set of faces, and writes them as a table, labels.csv."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anime_gan import console
from anime_gan.data.decode import read_chunk
from anime_gan.data.missing import missing
from anime_gan.data.sources import GIVE, open_source
from anime_gan.errors import UserError
from anime_gan.features import colors
from anime_gan.files import readable, require_writable, whole_file

TABLE = "labels.csv"
_AT_ONCE = 64  # images in memory


@dataclass(frozen=True)
class Labelled:
    """What was read of a set.

    Attributes:
        names: the files with a row in the table.
        words: for hair and eyes a word for each of them, "" where the reader is unsure.
        gray: how many are gray, so that nothing can be read.
        skipped: (name, reason) of the files that are no readable image.
    """

    names: list[str]
    words: dict[str, list[str]]
    gray: int
    skipped: list[tuple[str, str]]

    def summary(self) -> list[str]:
        """Return lines with the number of faces of each word, and the share that is unknown."""
        lines = [f"{len(self.names):,} faces."]
        for name, found in self.words.items():
            counts = Counter(found)
            unknown = counts.pop("", 0)
            parts = [f"{word} {count:,}" for word, count in counts.most_common()]
            share = unknown / len(found)
            lines.append(f"{name}: {', '.join([*parts, f'unknown {unknown:,} ({share:.0%})'])}")
        if self.gray:
            lines.append(f"Unknown because they are gray: {self.gray:,}.")
        if self.skipped:
            name, why = self.skipped[0]
            lines.append(f"No readable images: {len(self.skipped):,}, such as {name} ({why}).")
        return lines


def table_of(images: str) -> Path:
    """Return where the table of a set lies: in a folder, beside a file such as a zip.

    UserError for what is neither, such as a glob, and for the folder that holds a prepared set.
    """
    path = Path(images).expanduser()
    if path.is_dir():
        ready = ("faces", "train", "faces.zip", "train.zip")
        own = [path / name for name in ready if (path / name).exists()]
        if (path / "decisions.csv").is_file() and own:
            raise UserError(f"{path} holds more than the faces; give {own[0]}.")
        return path / TABLE
    if path.is_file():
        return path.with_name(f"{path.stem}.{TABLE}")
    raise missing(images, path, GIVE)


def label(images: str, out: Path) -> Labelled:
    """Read hair and eye color of the faces of a set, and write them to `out`.

    Args:
        images: a folder, a zip or another file of images.
        out: the table; its columns are file, hair and eyes, and a cell is empty where the reader's
            probability is below `colors.least()`.

    Raises:
        UserError: `out` exists, no image can be read, or all are gray.
    """
    require_writable(out)
    with closing(open_source(images)) as source:
        for name in (entry[0] for entry in source.entries):
            if readable(name) != name:
                raise UserError(
                    f"{readable(name)} has a name that is not UTF-8, which a table can't hold; "
                    "rename it."
                )
        every = range(len(source.entries))
        starts = range(0, len(every), _AT_ONCE)
        names, skipped, found, gray = [], [], [], 0
        for start in console.bar(starts, "Reading colors", len(starts), unit="batch"):
            indices = every[start : start + _AT_ONCE]
            chunk = read_chunk(source, indices, (colors.SIDE, colors.SIDE, 3))
            left_out = {index for index, _, _ in chunk.skipped}
            skipped += [(name, why) for _, name, why in chunk.skipped if name != TABLE]
            names += [source.entries[index][0] for index in indices if index not in left_out]
            if chunk.images:
                pixels = np.stack(chunk.images)
                found.append(colors.read(pixels, colors.least()))
                gray += int(colors.is_gray(pixels).sum())
    if not names:
        raise UserError(f"{images} holds no image that can be read; give a set of faces.")
    if gray == len(names):
        raise UserError(f"all images in {images} are gray, so no hair or eye color can be read.")
    words = {name: [word for part in found for word in part[name]] for name in colors.ATTRIBUTES}
    with whole_file(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", *words])
        rows.writerows(zip(names, *words.values(), strict=True))
    return Labelled(names, words, gray, skipped)
