"""Latents that belong to seeds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def latents_from_seeds(seeds: Iterable[int], latent_dim: int) -> np.ndarray:
    """Return the standard normal latents of seeds, float32 (N, latent_dim).

    A seed alone decides its latent: neither the other seeds, nor the batch, nor the backend does.
    """
    rows = [np.random.default_rng(seed).standard_normal(latent_dim) for seed in seeds]
    return np.stack(rows).astype("float32")
