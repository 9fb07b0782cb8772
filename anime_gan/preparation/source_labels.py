"""The labels of the source images, given to the faces that come from them."""

import csv
import io
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from anime_gan.data.entries import LABELS, Source
from anime_gan.data.labels import Labels, find_table
from anime_gan.data.sources import open_source
from anime_gan.files import whole_file
from anime_gan.preparation.settings import Output, file_name


@dataclass(frozen=True)
class SourceLabels:
    """The labels of the images of a source.

    Attributes:
        names: of the attributes.
        words: for each image with a label, by its name, a word for each attribute, "" if unknown.
    """

    names: tuple[str, ...]
    words: dict[str, list[str]]

    def labelled(self, faces: Iterable[dict]) -> list[dict]:
        """Return the faces whose source image has a label."""
        return [face for face in faces if face["source"] in self.words]

    def table(self, faces: Iterable[dict], format: str) -> bytes | None:
        """Return a table with a row for each labelled face, as files of a format; None if empty."""
        rows = {
            file_name(face["name"], format): self.words[face["source"]]
            for face in self.labelled(faces)
        }
        if not rows:
            return None
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(["file", *self.names])
        lines.writerows([name, *words] for name, words in sorted(rows.items()))
        return text.getvalue().encode()


def read_source_labels(source: Source) -> SourceLabels | None:
    """Return the labels of a source, None if it has no table; UserError if that is no table."""
    table = find_table(source)
    if table is None:
        return None
    images = [name for name, _, _ in source.entries]
    labels = table.labels(images)
    values = [("", *values) for values in labels.attributes.values()]
    words = {
        image: [of[code] for of, code in zip(values, codes, strict=True)]
        for image, codes in zip(images, labels.codes.tolist(), strict=True)
        if any(codes)
    }
    return SourceLabels(tuple(labels.attributes), words)


def write_table(folder: Path, table: bytes | None, copy: Path) -> None:
    """Write or remove the table of a folder of faces; one that somebody else wrote stays.

    Args:
        folder: of the faces.
        table: the bytes, None for no table.
        copy: where the bytes are also written, by which the next start knows its own table.
    """
    path = folder / LABELS
    if path.is_file():
        if not copy.is_file() or path.read_bytes() != copy.read_bytes():
            return
        if table is None:
            path.unlink()
    if table is None:
        copy.unlink(missing_ok=True)
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    for target in (copy, path):
        with whole_file(target) as temporary:
            temporary.write_bytes(table)


def set_labels(ready: Path, faces: list[dict], output: Output) -> Labels | None:
    """Return the labels of the faces in a set; None if it has no faces or no table.

    ready: the folder or zip. UserError if its table is none.
    """
    if not faces:
        return None
    with closing(open_source(str(ready))) as source:
        table = find_table(source)
    return table and table.labels([file_name(face["name"], output.format) for face in faces])
