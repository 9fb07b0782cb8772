"""The generators that come with the project, by the names that users give them.

Each is a .keras file in anime_gan/pretrained/, with its discriminator beside it; README.md there is
their model card.
"""

from __future__ import annotations

from pathlib import Path

from anime_gan.runs.folder import GENERATOR

FOLDER = Path(__file__).parents[1] / "pretrained"
DEFAULT = "pretrained"  # what is drawn from where no run is
PRETRAINED = {name: FOLDER / GENERATOR.format(name) for name in (DEFAULT, "pretrained-drawn")}


def name_of(path: Path) -> str | None:
    """Return the name of a pretrained generator's file, None if it is another file."""
    path = path.resolve()
    return next((name for name, file in PRETRAINED.items() if file.resolve() == path), None)
