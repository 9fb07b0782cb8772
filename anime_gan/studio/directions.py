"""Directions in a generator's w, or z, that change its images: principal components.

GANSpace (Harkonen et al. 2020, arXiv 2004.02546): of w where there is a mapping network, else of
the maps of an early layer, with the direction in z by linear regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from scipy.sparse.linalg import svds

from anime_gan.generation.generator import Generator, predict

COUNT = 8  # directions
LATENTS, SEED = 2_000, 0  # the latents whose w or maps are looked at
_MOST_VALUES = 16_384  # of an image's maps, so that those of all latents fit in memory


@dataclass(frozen=True)
class Direction:
    """A way to change an image.

    Attributes:
        name: what the page calls it.
        vector: float32 (latent_dim,), of one standard deviation; it is added to w, or to z where
            there is no mapping network.
        layers: the layers whose w it changes; None for all.
    """

    name: str
    vector: np.ndarray
    layers: tuple[int, ...] | None = None


def principal_directions(generator: Generator, count: int = COUNT) -> list[Direction]:
    """Return the first principal components of what a generator does, the largest first.

    The same generator always gives the same ones.

    Args:
        generator: of any version.
        count: how many; fewer where the latents, or the maps, have fewer dimensions.
    """
    z = np.random.default_rng(SEED).standard_normal((LATENTS, generator.latent_dim))
    z = z.astype("float32")
    count = min(count, generator.latent_dim - 1)
    if generator.has_styles:
        scores, vectors = _components(generator.w_from_latents(z), count)
        vectors = vectors * scores.std(axis=0)[:, None]
    else:
        scores, _ = _components(_early_maps(generator.synthesis, z), count)
        # Least squares: the latents are independent and of variance 1.
        vectors = (scores - scores.mean(axis=0)).T @ z
        # z has the standard deviation 1 along each unit vector.
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return [
        Direction(f"Component {number}", vector.astype("float32"))
        for number, vector in enumerate(vectors, 1)
    ]


def _components(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores (N, count) and unit vectors (count, D) of the largest principal components."""
    centered = values - values.mean(axis=0)
    count = min(count, *(size - 1 for size in centered.shape))
    left, sizes, vectors = svds(centered, count, random_state=np.random.default_rng(SEED))
    order = np.argsort(-sizes)
    left, sizes, vectors = left[:, order], sizes[order], vectors[order]
    # The sign of a component is arbitrary: its largest entry is positive, on every machine.
    largest = np.take_along_axis(vectors, abs(vectors).argmax(axis=1)[:, None], axis=1)
    signs = np.where(largest < 0, -1, 1)
    return left * sizes * signs[:, 0], vectors * signs


def _early_maps(network: keras.Model, z: np.ndarray) -> np.ndarray:
    """Return the maps of an early layer for latents, float32 (N, values).

    It is the last layer of the smallest maps, or the first one where these are large, since
    convolutions of large maps take long. Of many values, some are taken.
    """
    maps = [layer for layer in network.layers if len(getattr(layer.output, "shape", ())) == 4]
    sizes = [layer.output.shape[1] for layer in maps]
    smallest = min(size for size in sizes if size > 1)  # of 1x1 are latents themselves
    early = [layer for layer, size in zip(maps, sizes, strict=True) if size == smallest]
    output = early[-1 if smallest <= 8 else 0].output
    part = keras.Model(network.input, output)
    values = np.arange(np.prod(output.shape[1:]))
    if len(values) > _MOST_VALUES:
        values = np.random.default_rng(SEED).choice(values, _MOST_VALUES, replace=False)

    def some(batch) -> np.ndarray:
        return np.asarray(batch).reshape(len(batch), -1)[:, values]

    return predict(part.predict_on_batch, z, some, 100)
