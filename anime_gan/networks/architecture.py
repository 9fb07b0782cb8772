"""The description of a version."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Any


@dataclass(frozen=True)
class Version:
    """An architecture, and the recipe that trains it.

    Args:
        name: what `version:` in config.yaml calls it.
        source: where it comes from, with chapter or figure.
        note: its special feature or its reported result, in one sentence.
        generator: called with (resolution, channels, latent_dim, width), returns a Keras model from
            latents (B, latent_dim), standard normal, to images (B, resolution, resolution,
            channels) in [-1, 1].
        discriminator: called with (resolution, channels, width), returns a Keras model from such
            images to scores (B, 1).
        recipe: values for the keys that the user's config leaves out, nested as in config.yaml.
        predictor: called with the generator, returns a Keras model that shares its layers, from its
            input to [images, latents read back (B, latent_dim)]; None for most versions.
        grows: the networks grow progressively. Those of a resolution contain all layers of those of
            half of it, with the same names; a layer FadeIn fades in the others.
        styled: the generator is made by stylegan.style_based, of a mapping and a synthesis network.
    """

    name: str
    source: str
    note: str
    generator: Callable[..., Any]
    discriminator: Callable[..., Any]
    recipe: dict[str, Any]
    predictor: Callable[..., Any] | None = None
    grows: bool = False
    styled: bool = False


def scaled(filters: int, width: float) -> int:
    """Return `filters` times the width multiplier, at least 1."""
    return max(1, round(filters * width))


def sizes_to(resolution: int) -> list[int]:
    """Return 4, 8 ... resolution."""
    return [2**n for n in range(2, int(log2(resolution)) + 1)]
