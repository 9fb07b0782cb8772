"""What every architecture version has to say about itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Version:
    """An architecture and the recipe that trains it.

    name: what `version:` in config.yaml calls it.
    source: where it comes from, with chapter or figure.
    note: what its authors saw, or what it is for, in one sentence.
    generator(resolution, channels, latent_dim, width): a Keras model from (B, latent_dim), standard
        normal, to (B, resolution, resolution, channels) in [-1, 1].
    discriminator(resolution, channels, width): a Keras model from such pictures to (B, 1).
    recipe: the values that config.yaml takes where it says nothing, nested by the same keys.
    predictor(generator): a Keras model from the generator's input to its pictures and to the
        latents read back, (B, latent_dim), which shares its layers; None for most.
    grows: whether the networks of a resolution begin with those of half of it, by layers of the
        same name, and fade the rest in by a layer equalised.FadeIn.
    styled: whether the generator is made by stylegan.styled, of a mapping and a synthesis network.
    """

    name: str
    source: str
    note: str
    generator: Callable[..., Any]
    discriminator: Callable[..., Any]
    recipe: dict[str, Any] = field(default_factory=dict)
    predictor: Callable[..., Any] | None = None
    grows: bool = False
    styled: bool = False


def scaled(filters: int, width: float) -> int:
    """Return `filters` times the width multiplier, at least 1."""
    return max(1, round(filters * width))
