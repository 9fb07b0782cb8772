"""The generators that come with the project, by the names that users give them.

Each is a .keras file in anime_gan/pretrained/, with its discriminator beside it; README.md there is
their model card.
"""

from __future__ import annotations

import re
from pathlib import Path

from anime_gan.runs.folder import GENERATOR

FOLDER = Path(__file__).parents[1] / "pretrained"
DEFAULT = "pretrained"  # what is drawn from where no run is
PRETRAINED = {name: FOLDER / GENERATOR.format(name) for name in (DEFAULT, "pretrained-drawn")}


def name_of(path: Path) -> str | None:
    """Return the name of a pretrained generator's or discriminator's file, None for another one."""
    path = path.resolve()
    path = path.with_name(path.name.replace("discriminator_", "generator_"))
    return next((name for name, file in PRETRAINED.items() if file.resolve() == path), None)


def card(name: str) -> dict[str, str]:
    """Return what the model card's table says of a pretrained generator, by its first column."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)  # links by their text
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in plain.splitlines() if row]
    head = next(row for row in rows if f"`{name}`" in row)
    begun = rows[rows.index(head) + 2 :]
    end = next(i for i, row in enumerate(begun) if len(row) != len(head))
    column = head.index(f"`{name}`")
    return {row[0]: row[column] for row in begun[:end]}
