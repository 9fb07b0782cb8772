"""What an exported file says about itself: whence it comes, what it takes, who may use it."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path

import keras

from anime_gan.data.png import SOFTWARE
from anime_gan.files import sha256
from anime_gan.generation import pretrained
from anime_gan.generation.generator import Generator
from anime_gan.generation.output import details

CARD = "README.md"  # the name of the card as a file
_OF_PRETRAINED = ("training images", "whose they are", "license", "recipe")
_LICENSE = (
    "The weights depend on the images that they were trained on: whether you may publish or sell "
    "them, or what they generate, depends on the rights to those images and on your local law."
)


def model_card(
    generator: Generator, network: keras.Model | None, weights: Path, part: str, float16: bool
) -> dict[str, str]:
    """Return the card of an exported generator, as texts by name.

    Args:
        generator: that of the weights.
        network: what is exported, with named inputs and outputs; None if all of the generator is.
        weights: its file.
        part: which part of the generator that is.
        float16: whether the weights are stored in half precision.
    """
    own = pretrained.name_of(weights)
    facts = details(weights) | {"run": own} if own else details(weights)
    facts |= {
        "weights_sha256": sha256(weights),
        "weights_precision": "float16" if float16 else "float32",
        "resolution": generator.resolution,
        "channels": generator.channels,
        "latent_dim": generator.normal_dim,
        "part": part,
    }
    taken, given = generator.whole.inputs, generator.whole.output
    inputs, outputs = dict(zip(("latent", "labels"), taken, strict=False)), {"image": given}
    if network:
        inputs, outputs = network.input, network.output
    facts |= {"inputs": _described(inputs), "outputs": _described(outputs)}
    if generator.attributes:
        facts["labels"] = json.dumps(generator.attributes)
    if generator.has_styles:
        facts["layers"] = generator.layers
        facts["mean_w"] = json.dumps([float(x) for x in generator.mean_w])
    facts["license"] = _LICENSE
    if own:
        said = pretrained.card(own)
        facts |= {name: said[name] for name in _OF_PRETRAINED}
        facts["version"] = said["recipe"].split("`")[1]
    facts |= {"code_license": license_of_code(), "software": SOFTWARE}
    return {name: str(value) for name, value in facts.items() if value is not None}


def _described(values: Mapping) -> str:
    """Return inputs or outputs as a text, such as "latent (batch, 64)"."""
    shapes = {
        name: ", ".join("batch" if size is None else str(size) for size in value.shape)
        for name, value in values.items()
    }
    return "; ".join(f"{name} ({shape})" if shape else name for name, shape in shapes.items())


def license_of_code() -> str:
    """Return the text of the project's LICENSE, in a clone or as it was installed."""
    file = Path(__file__).parents[2] / "LICENSE"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return importlib.metadata.distribution("anime-gan").read_text("licenses/LICENSE") or "MIT"


def as_text(card: Mapping[str, str]) -> str:
    """Return a card as Markdown in which no value is markup: each is an indented block."""
    parts = [f"# {card['software']}: an exported generator\n"]
    for name, value in card.items():
        lines = "\n".join(f"    {line}" for line in value.splitlines() or [""])
        parts.append(f"## {name}\n\n{lines}\n")
    return "\n".join(parts)
