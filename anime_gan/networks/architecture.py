"""What every version says about itself."""

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
        note: what is special about it, or what its authors saw, in one sentence.
        generator: called with (resolution, channels, latent_dim, width), returns a Keras model from
            latents (B, latent_dim), standard normal, to images (B, resolution, resolution,
            channels) in [-1, 1].
        discriminator: called with (resolution, channels, width), returns a Keras model from such
            images to scores (B, 1).
        recipe: values for the keys that the user's config leaves out, nested as in config.yaml.
        predictor: called with the generator, returns a Keras model that shares its layers, from its
            input to [images, latents read back (B, latent_dim)]; None for most versions.
        grows: the networks begin small and are doubled in training: those of a resolution hold
            layers with the names of those of half of it, and fade in the others by a layer FadeIn.
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
