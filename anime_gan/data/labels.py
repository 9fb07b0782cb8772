"""Labels of images: a table that gives words for attributes, such as blue for hair.

`labels.csv` lies at the root of a set, `faces.labels.csv` beside faces.zip, or data.labels names
another place. The header is `file` and the attributes; each row names a file, relative to the root,
and gives its values. An empty cell is an unknown value.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anime_gan.data.decode import reason
from anime_gan.data.entries import LABELS, MAX_FILE_BYTES, Source
from anime_gan.data.kinds import plural
from anime_gan.errors import UserError

if TYPE_CHECKING:
    from anime_gan.config import Config

MOST_VALUES = 256  # of an attribute: with more it is a number or a text, not a label
ANY = "any"  # asks for no value in particular, and "*" for each
LONGEST = 200  # signs of a value, as config/types.py accepts
RARE = 10  # times fewer images than the most frequent value has
_SHOWN = 8
_RESERVED = (ANY, "*")


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of N images.

    Attributes:
        attributes: the values of each of the A attributes, sorted.
        codes: int32 (N, A); 0 for an unknown value, n for the n-th of the attribute's.
        source: what the table is called.
        without_row: how many of the images the table does not name.
        without_image: how many of its rows name no image that is used.
    """

    attributes: dict[str, tuple[str, ...]]
    codes: np.ndarray
    source: str
    without_row: int = 0
    without_image: int = 0

    def words(self) -> dict[str, np.ndarray]:
        """Return by attribute the value of each image as text, (N,); "" for an unknown one."""
        pairs = zip(self.attributes.items(), self.codes.T, strict=True)
        return {name: np.array(("", *values))[codes] for (name, values), codes in pairs}

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many images have each value; those of unknown ones under ""."""
        found = {}
        for column, (name, values) in enumerate(self.attributes.items()):
            numbers = np.bincount(self.codes[:, column], minlength=len(values) + 1)
            found[name] = dict(zip(("", *values), numbers.tolist(), strict=True))
        return found

    def summary(self) -> str:
        """Return how many images have which labels, to be printed."""
        parts = []
        for name, counts in self.counts().items():
            unknown = counts.pop("")
            most, least = (f(counts, key=counts.get) for f in (max, min))
            text = f"{name}, {len(counts)} values from {least} ({counts[least]:,}) to "
            text += f"{most} ({counts[most]:,})"
            parts.append(text + (f", {unknown:,} unknown" if unknown else ""))
        lines = [f"Labels from {self.source}: {'; '.join(parts) or 'none'}."]
        if self.without_row:
            lines.append(f"{plural(self.without_row, 'image')} without a row.")
        if self.without_image:
            lines.append(f"{plural(self.without_image, 'row')} without an image.")
        return " ".join(lines)

    def notes(self, balance: float) -> list[str]:
        """Return the summary, and which labels are rare unless they are taken more often."""
        rare = [] if balance else self.rare()
        hint = f"Rare labels: {', '.join(rare)}; data.balance=1 takes their images more often."
        return [self.summary(), *([hint] if rare else [])]

    def into(self, config: Config) -> Config:
        """Return a config with the values of its labels, on which the shapes of networks depend."""
        if not config.model.labels:
            return config
        return config.updated(model={"label_values": self.attributes})

    def rare(self) -> list[str]:
        """Return the values that have few images beside the most frequent one, with the counts."""
        found = []
        for name, counts in self.counts().items():
            counts.pop("")
            most = max(counts.values())
            found += [f"{name} {v} ({n:,})" for v, n in counts.items() if RARE * n < most]
        return found

    def weights(self, balance: float) -> np.ndarray:
        """Return how often each image is taken, float64 (N,), of sum 1.

        Args:
            balance: 0 for each image equally often. For 1, all values of an attribute are taken
                equally often, and the images whose value is unknown as often as before; with
                several attributes it is the mean of theirs. Others are between the two.
        """
        count = len(self.codes)
        even = np.full(count, 1 / count)
        if not balance:
            return even
        balanced = np.zeros(count)
        for column in self.codes.T:
            numbers = np.bincount(column)
            known = count - numbers[0]
            share = known / count / max(1, np.count_nonzero(numbers[1:]))
            balanced += np.where(column == 0, 1 / count, share / np.maximum(numbers[column], 1))
        return (1 - balance) * even + balance * balanced / self.codes.shape[1]


@dataclass(frozen=True)
class Table:
    """A file of labels, not read yet: its bytes, what it is called, and where its names begin."""

    data: bytes
    source: str
    prefix: str = ""

    def labels(self, names: Sequence[str], attributes: Sequence[str] = ()) -> Labels:
        """Return the labels of images by their names.

        Args:
            names: of the images, relative to the root of their set.
            attributes: which to read; () for all with 2 to MOST_VALUES values.

        Raises:
            UserError: the file is no such table, or an attribute is missing or has too many values.
        """
        header, rows = self._read()
        known = {name: place for place, name in enumerate(header[1:], 1)}
        for name in attributes:
            if name not in known:
                raise UserError(
                    f"there is no attribute {name} in {self.source}; {nearest(name, known)}."
                )
        index = {name: place for place, name in enumerate(names)}
        places = [self._place(row[0], index) for row in rows]
        self._require_once(places, rows)
        found, codes = {}, []
        for name in attributes or known:
            words = [""] * len(names)
            for place, row in zip(places, rows, strict=True):
                if place is not None:
                    words[place] = row[known[name]]
            values = tuple(sorted(set(words) - {""}))
            if not attributes and not 2 <= len(values) <= MOST_VALUES:
                continue
            self._require_labels(name, values)
            number = {word: code for code, word in enumerate(("", *values))}
            found[name] = values
            codes.append([number[word] for word in words])
        used = len(set(places) - {None})
        return Labels(
            found,
            np.array(codes, np.int32).reshape(len(found), len(names)).T.copy(),
            self.source,
            len(names) - used,
            len(rows) - used,
        )

    def _place(self, name: str, index: Mapping[str, int]) -> int | None:
        """Return the place of the image that a row names, None if it names none."""
        return index.get(name, index.get(self.prefix + name))

    def _require_once(self, places: Sequence[int | None], rows: Sequence[Sequence[str]]) -> None:
        """Raise UserError if two rows name one image, with its folder and without it."""
        first: dict[int, str] = {}
        for place, (name, *_) in zip(places, rows, strict=True):
            if place is not None and first.setdefault(place, name) != name:
                raise UserError(
                    f"{self.source} names one file twice, as {first[place]} and as {name}; remove "
                    "one of the rows."
                )

    def _require_labels(self, name: str, values: tuple[str, ...]) -> None:
        """Raise UserError if the values of an attribute cannot be labels."""
        if len(values) < 2:
            there = f"only the value {values[0]}" if values else "no value"
            raise UserError(
                f"{self.source} has {there} for the attribute {name} of these images; labels need "
                "two values, so leave the attribute out or complete the table."
            )
        if len(values) > MOST_VALUES:
            raise UserError(
                f"the attribute {name} of {self.source} has {len(values):,} different values, but "
                f"labels are words, at most {MOST_VALUES}; take another attribute."
            )
        for value in values:
            if len(value) > LONGEST or not value.isprintable():
                raise UserError(
                    f"the attribute {name} of {self.source} has the value {value[:20]!r}, but a "
                    f"label is a word of at most {LONGEST} signs; write such a one."
                )
            if value in _RESERVED or any(sign in value for sign in ",=*"):
                raise UserError(
                    f"the attribute {name} of {self.source} has the value {value!r}, which cannot "
                    "be asked for by its name; write a word without commas, = and *."
                )

    def _read(self) -> tuple[list[str], list[list[str]]]:
        """Return the header and the rows, in lower case but for the names of files."""
        try:
            text = self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UserError(f"{self.source} is not text in UTF-8; save it as such.") from None
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        header, rows, seen = None, [], set()
        try:
            for row in lines:
                if not any(cell.strip() for cell in row):
                    continue
                if header is None:
                    header = self._header(row)
                    continue
                if len(row) != len(header):
                    raise UserError(
                        f"line {lines.line_num} of {self.source} has {plural(len(row), 'cell')}, "
                        f"but the header has {len(header)}; write one cell for each, empty where "
                        "the value is unknown."
                    )
                name = row[0].strip().replace("\\", "/").removeprefix("./")
                if name in seen:
                    raise UserError(
                        f"{self.source} names the file {name} twice, again in line "
                        f"{lines.line_num}; remove one of the rows."
                    )
                seen.add(name)
                rows.append([name, *map(_word, row[1:])])
        except csv.Error as error:
            raise UserError(
                f"line {lines.line_num} of {self.source} is not valid CSV ({error}); correct it."
            ) from None
        if header is None:
            raise UserError(f"{self.source} is empty; its first line must be file,ATTRIBUTE,….")
        return header, rows

    def _header(self, row: list[str]) -> list[str]:
        names = [_word(cell) for cell in row]
        for sign, word in ((";", "semicolons"), ("\t", "tabs")):
            if len(row) == 1 and sign in row[0]:
                raise UserError(
                    f"the columns of {self.source} are separated by {word}; save it with commas."
                )
        if names[0] != "file" or len(names) < 2:
            raise UserError(
                f"the first line of {self.source} is {','.join(names)[:80]!r}, but must be the "
                "header: file, then the names of the attributes, separated by commas."
            )
        for number, name in enumerate(names, 1):
            if not name or name in names[: number - 1] or any(sign in name for sign in ",=*"):
                raise UserError(
                    f"column {number} of {self.source} has the name {name!r}; give each column a "
                    "name of its own, without commas, = and *."
                )
        return names


def _word(cell: str) -> str:
    """Return a cell as labels are compared: in lower case, with single spaces."""
    return " ".join(cell.split()).lower()


def find_table(source: Source, path: Path | str | None = None) -> Table | None:
    """Return the table of a source, None if it has none.

    path: of a table that lies elsewhere. UserError if it cannot be read.
    """
    top = _top_folder(name for name, _, _ in source.entries)
    if path is not None:
        return table_at(path, top)
    read = getattr(source, "beside", None)
    for prefix in dict.fromkeys(("", top)) if read else ():
        name = f"{prefix}{LABELS} of {source.name}"
        try:
            data = read(prefix + LABELS)
        except Exception as error:  # as a file in an archive, it may be damaged in any way
            raise UserError(f"{name} cannot be read ({reason(error)}); restore it.") from error
        if data is not None:
            return Table(data, name, prefix)
    file = Path(source.name).expanduser()
    if not file.is_file():
        return None
    beside = file.with_name(f"{file.stem}.{LABELS}")  # of a zip, where nothing is written into it
    return table_at(beside, top) if beside.is_file() else None


def require_table(source: Source, path: Path | str | None, way_out: str) -> Table:
    """Return the table of a source; UserError with a way out if it has none.

    path: of a table that lies elsewhere.
    """
    table = find_table(source, path)
    if table is None:
        raise UserError(f"there is no {LABELS} in {source.name}; {way_out}.")
    return table


def _top_folder(names: Iterable[str]) -> str:
    """Return the folder in which all files are, with its slash; "" if there is none."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""


def table_at(path: Path | str, prefix: str = "") -> Table:
    """Return the table in a file; UserError if it cannot be read. prefix: as of a Table."""
    path = Path(path).expanduser()
    try:
        if path.exists() and not path.is_file():  # to read a pipe may wait forever
            raise UserError(f"the table of labels, {path}, is no file; give a .csv file.")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(
            f"the table of labels, {path}, cannot be read ({error.strerror}); check the path."
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise UserError(f"the table of labels, {path}, is too large; give a .csv file.")
    return Table(data, str(path), prefix)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that lists what there is, the names nearest to a word first."""
    names = list(known)
    near = difflib.get_close_matches(word, names, _SHOWN, 0.5)
    ordered = [*near, *(name for name in names if name not in near)]
    rest = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return f"there are {', '.join(ordered[:_SHOWN])}{rest}"
