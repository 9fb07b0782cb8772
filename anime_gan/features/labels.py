"""Labels of images, read from a .csv file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anime_gan.errors import UserError


@dataclass(frozen=True)
class Labels:
    """The labels in a file: for each attribute, a text for each file's name; "" is unknown."""

    values: dict[str, dict[str, str]]

    def of(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Return by attribute the labels of images; "" for an image that is not in the file."""
        return {
            attribute: np.array([known.get(name, "") for name in names], str)
            for attribute, known in self.values.items()
        }


def read_labels(path: Path, attributes: Sequence[str]) -> Labels:
    """Read attributes from a .csv file with a column `file`; UserError if it lacks one of them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"the labels {path} can't be read ({reason}); give a .csv file.") from None
    columns = list(reader.fieldnames or ())
    for name in ("file", *attributes):
        if name not in columns:
            raise UserError(
                f"{path} has no column {name}; its columns are {', '.join(columns) or 'none'}."
            )
    return Labels({name: {row["file"]: row[name] or "" for row in rows} for name in attributes})
