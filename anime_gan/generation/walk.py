"""Interpolation: w of the frames of a film from seed to seed and back to the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator


def walk(
    generator: Generator,
    seeds: Sequence[int],
    frames: int,
    truncation_psi: float = 1.0,
    space: str | None = None,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Return w of a closed walk, float32 (len(seeds) * frames, latent_dim).

    The space is "z" or "w"; None for w where there are styles, else z. Raises UserError for "w"
    where there are none.

    labels: of the seeds, codes (len(seeds), A); the walk goes from those of a seed to those of the
        next. None for labels as in the training set.
    """
    require_space(generator, space)
    if space != "z" and generator.has_styles:
        return walk_through(generator, generator.w(seeds, truncation_psi, labels), frames)
    z = _through_latents(generator, generator.latents(seeds, labels), frames)
    return generator.w_from_latents(z, truncation_psi)


def require_space(generator: Generator, space: str | None) -> None:
    """Raise UserError for a walk in w where there are no styles."""
    if space == "w" and not generator.has_styles:
        raise UserError("walks in w are for versions with styles, stylegan and stylegan2; take z.")


def walk_through(generator: Generator, w: np.ndarray, frames: int) -> np.ndarray:
    """Return w of a closed walk through given ones, float32 (N * frames, ...).

    It is straight in w; where w is z, on arcs, and straight in what is of labels.

    w: (N, latent_dim) or (N, layers, latent_dim), such as `latent_file.w_of` returns.
    """
    flat = w.reshape(len(w), -1)
    if generator.has_styles:
        return closed(flat, frames, chord).reshape(-1, *w.shape[1:])
    return _through_latents(generator, flat, frames).reshape(-1, *w.shape[1:])


def _through_latents(generator: Generator, z: np.ndarray, frames: int) -> np.ndarray:
    """Return latents of a closed walk through given ones, (N, latent_dim)."""
    normal = generator.normal_dim
    parts = [closed(z[:, :normal], frames, arc)]
    if generator.attributes:  # vectors of labels are not normal, and do not lie near a sphere
        parts.append(closed(z[:, normal:], frames, chord))
    return np.concatenate(parts, axis=1)


def closed(points: np.ndarray, frames: int, leg: Callable) -> np.ndarray:
    """Return a closed walk through points (N, D), float32 (N * frames, D); leg: `chord` or `arc`.

    Each leg starts and ends slowly. Its end is the start of the next leg, so that the film loops
    without a stop.
    """
    share = (1 - np.cos(np.pi * np.arange(frames) / frames))[:, None] / 2
    legs = zip(points, np.roll(points, -1, axis=0), strict=True)
    return np.concatenate([leg(a, b, share) for a, b in legs]).astype("float32")


def chord(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the points (S, D) at shares (S, 1) of the straight line from a to b, (D,) each."""
    return a + share * (b - a)


def arc(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the same on an arc (spherical interpolation).

    Normal latents lie near a sphere. The generator was never trained on the middle of a chord
    (White 2016, arXiv 1609.04468).
    """
    a, b = a.astype("float64"), b.astype("float64")
    cosine = np.dot(a, b) / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-6:
        return chord(a, b, share)
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
