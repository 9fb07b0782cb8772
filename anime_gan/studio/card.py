"""What a page says about its generator: whose images it knows, and what may be done with them."""

from pathlib import Path

from anime_gan.generation import pretrained

_ROWS = ("training images", "whose they are", "license")
_UNKNOWN = (
    "Whether you may publish or sell the weights, or the faces that they generate, depends on the "
    "rights to the images that they were trained on, and on your local law."
)


def card_of(weights: Path) -> list[str]:
    """Return the paragraphs of a weights file; of a pretrained one, those of its model card."""
    name = pretrained.name_of(weights)
    if name is None:
        return [_UNKNOWN]
    card = pretrained.card(name)
    return [f"{row.capitalize()}: {card[row].replace('`', '')}." for row in _ROWS]
