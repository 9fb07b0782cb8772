"""Coordinates of latents that are uncorrelated and of variance 1."""

from __future__ import annotations

import numpy as np

from anime_gan.generation.generator import Generator

_SHARE = 0.99  # of the variance of w that the coordinates hold at most


class Space:
    """The coordinates of a generator's w, or z where there is no mapping network.

    The latents of a normal prior are such coordinates themselves; what a latent holds of labels is
    no coordinate. The coordinates of w are its principal components, each divided by its standard
    deviation, so that a step of length 1 in any direction is as usual as in any other.

    Attributes:
        basis: float32 (K, latent_dim): a step of 1 along each coordinate, as a step of the latent.
    """

    def __init__(self, generator: Generator, w: np.ndarray):
        """w: of many latents, (N, latent_dim)."""
        self.mean = np.zeros(generator.latent_dim)
        normal = np.eye(generator.normal_dim, generator.latent_dim)
        self.basis = self._to_coordinates = normal
        if generator.has_styles:
            self.mean = w.mean(axis=0, dtype="float64")
            variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(w.T.astype("float64"))))
            order = np.argsort(-variances)
            kept = variances[order].cumsum() <= _SHARE * variances.sum()
            kept[0] = True
            order = order[kept]
            deviations = np.sqrt(variances[order])[:, None]
            self.basis = vectors.T[order] * deviations
            self._to_coordinates = vectors.T[order] / np.maximum(deviations, 1e-12)

    def coordinates(self, w: np.ndarray) -> np.ndarray:
        """Return the coordinates (N, K) of latents (N, latent_dim)."""
        return (w - self.mean) @ self._to_coordinates.T

    def direction(self, vector: np.ndarray) -> np.ndarray:
        """Return a step (latent_dim,) of the latent as a step (K,) of the coordinates."""
        return self._to_coordinates @ vector

    def vector(self, direction: np.ndarray) -> np.ndarray:
        """Return a step (K,) of the coordinates as a step float32 (latent_dim,) of the latent."""
        return (direction @ self.basis).astype("float32")
