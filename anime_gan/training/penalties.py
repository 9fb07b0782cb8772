"""Gradient penalties: the cost of the gradients of the discriminator's scores by its input images.

A penalty says at which images it takes the gradients and what they cost; the step differentiates.
Gradients are (B, H, W, C), and a norm is over H, W and C. A new penalty is an entry here and in the
config's schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from keras import ops, random

Tensor = Any


@dataclass(frozen=True)
class OnImages:
    """A penalty at images of a batch, which the discriminator scores anyway.

    side: which images. cost: from gradients (B, H, W, C) to the scalar that gamma multiplies.
    """

    side: Literal["real", "fake"]
    cost: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class OnPoints:
    """A penalty at points of its own, which cost another pass through the discriminator.

    points: from (fake, real, seed), both (B, H, W, C), to images (B, H, W, C). cost: as above.
    """

    points: Callable[[Tensor, Tensor, Any], Tensor]
    cost: Callable[[Tensor], Tensor]


def _squared_norms(gradients):
    """Return each image's squared norm, (B,)."""
    return ops.sum(ops.square(gradients), axis=(1, 2, 3))


def _distance_from_one(gradients):
    """Return the mean of (norm - 1)^2; the 1e-12 makes the root differentiable at 0."""
    return ops.mean(ops.square(ops.sqrt(_squared_norms(gradients) + 1e-12) - 1))


def _half_square(gradients):
    return 0.5 * ops.mean(_squared_norms(gradients))


def _between(fake, real, seed):
    """Return a random point on the line between each real and generated image."""
    share = random.uniform((ops.shape(real)[0], 1, 1, 1), seed=seed)
    return real + share * (fake - real)


def _around(fake, real, seed):
    """Return each real image moved towards noise of half the batch's standard deviation.

    Kodali et al. 2017 add noise to real images, one draw for each number, and then go a random
    share of the way, one draw for each image.
    """
    noise = 0.5 * ops.std(real) * random.uniform(ops.shape(real), seed=seed)
    share = random.uniform((ops.shape(real)[0], 1, 1, 1), seed=seed)
    return real + share * noise


def path_lengths(gradients: Tensor) -> Tensor:
    """Return the path lengths (B,) of a generator's gradients by w, (B, layers, D).

    Karras et al. 2019 (arXiv 1912.04958, eq. 4) take the norm for one w; with a w for each layer it
    is the root of the mean of the squared norms, as in their code.
    """
    squares = ops.sum(ops.square(ops.cast(gradients, "float32")), axis=2)
    return ops.sqrt(ops.mean(squares, axis=1) + 1e-12)


PENALTIES: dict[str, OnImages | OnPoints] = {
    # Gulrajani et al. 2017 (arXiv 1704.00028, eq. 3).
    "gradient": OnPoints(_between, _distance_from_one),
    # Kodali et al. 2017 (arXiv 1705.07215, algorithm 1).
    "dragan": OnPoints(_around, _distance_from_one),
    # Mescheder et al. 2018 (arXiv 1801.04406, eq. 9): at real images, and the same at generated.
    "r1": OnImages("real", _half_square),
    "r2": OnImages("fake", _half_square),
}
