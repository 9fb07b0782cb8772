"""What a page says about its generator: whose images it knows, and what may be done with them."""

import re
from pathlib import Path

from anime_gan.generation.pretrained import FOLDER, name_of

_ROWS = ("training images", "whose they are", "license")
_UNKNOWN = (
    "Weights and generated faces may depend on the rights to the images that the generator was "
    "trained on: see the file LICENSE of the project."
)


def card_of(weights: Path) -> list[str]:
    """Return the paragraphs of a weights file; of a pretrained one, those of its model card."""
    name = name_of(weights)
    if name is None:
        return [_UNKNOWN]
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    rows = [[cell.strip() for cell in row] for row in table]
    column = next(row for row in rows if f"`{name}`" in row).index(f"`{name}`")
    texts = {row[0]: row[column] for row in rows if len(row) > column}
    return [f"{row.capitalize()}: {_plain(texts[row])}." for row in _ROWS]


def _plain(markdown: str) -> str:
    """Return a cell without the marks of links and of code."""
    return re.sub(r"\[(.+?)\]\(.+?\)", r"\1", markdown).replace("`", "")
