"""Editing: latents moved along directions. Importing this module imports no Keras."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from anime_gan.directions.direction import Direction

FARTHEST = 10  # standard deviations


def parse_steps(text: str) -> dict[str, float]:
    """Return "hair=+2,pose=-1" as {"hair": 2.0, "pose": -1.0}; ValueError if it is none."""
    steps: dict[str, float] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*([^=,]*[^\s=,])\s*=\s*([-+]?\d+(?:\.\d+)?)\s*", part)
        if not match or match[1] in steps or abs(float(match[2])) > FARTHEST:
            raise ValueError(
                f"{text!r} is not a list of different directions with steps from -{FARTHEST} to "
                f"{FARTHEST}, such as hair=+2,pose=-1"
            )
        steps[match[1]] = float(match[2])
    return steps


def step_text(steps: Mapping[str, float]) -> str:
    """Return steps as a list that the command line takes: "hair=+2,pose=-1"."""
    return ",".join(f"{name}={far:+g}" for name, far in steps.items())


def moved(w: np.ndarray, steps: Sequence[tuple[Direction, float]], layers: int) -> np.ndarray:
    """Return latents moved along directions, by so many standard deviations of each.

    Args:
        w: float32 (N, latent_dim), or one for each layer, (N, layers, latent_dim).
        steps: of no direction, w is returned as it is.
        layers: of the generator.

    Returns:
        float32, of the shape of w; (N, layers, latent_dim) where a direction changes some layers.
    """
    if w.ndim == 2 and any(direction.layers is not None for direction, _ in steps):
        w = np.repeat(w[:, None], layers, axis=1)
    w = np.array(w, "float32")
    for direction, far in steps:
        step = np.float32(far) * direction.vector
        if direction.layers is None:
            w += step
        else:
            w[:, list(direction.layers)] += step
    return w
