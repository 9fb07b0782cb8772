"""Penalties on the slope of the discriminator's scores with respect to its input pictures.

A penalty says at which pictures it wants the slope and what a slope costs there; the step
differentiates. A slope is d score / d picture, (B, H, W, C); its norm is over H, W and C. A new
penalty is a new entry in PENALTIES and in config.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops, random


@dataclass(frozen=True)
class Penalty:
    """What a slope costs, and where.

    at: "real" or "fake" if the slope is wanted at those pictures themselves, which the
        discriminator scores anyway; else a function (fake, real, seed) of both batches (B, H, W, C)
        that returns the pictures to take it at.
    cost(slopes): the scalar that gamma multiplies.
    """

    at: str | Callable
    cost: Callable


def _squared_norms(slopes):
    """Return each picture's squared norm, (B,)."""
    return ops.sum(ops.square(slopes), axis=(1, 2, 3))


def _distance_from_one(slopes):
    """Return the mean of (norm - 1)^2; the 1e-12 gives the root a slope of its own at 0."""
    return ops.mean(ops.square(ops.sqrt(_squared_norms(slopes) + 1e-12) - 1))


def _half_square(slopes):
    """Return half the mean of norm^2."""
    return 0.5 * ops.mean(_squared_norms(slopes))


def _between(fake, real, seed):
    """Return a picture on the line between each fake and its real picture."""
    share = random.uniform((ops.shape(real)[0], 1, 1, 1), seed=seed)
    return real + share * (fake - real)


def _around(fake, real, seed):
    """Return each real picture moved towards noise of half the batch's standard deviation.

    Kodali et al. 2017 add noise to real pictures only, one draw a number, and then go a random
    share of the way, one draw a picture.
    """
    noise = 0.5 * ops.std(real) * random.uniform(ops.shape(real), seed=seed)
    share = random.uniform((ops.shape(real)[0], 1, 1, 1), seed=seed)
    return real + share * noise


def path_lengths(slopes):
    """Return the length of a generator's slope with respect to styles (B, layers, D): (B,).

    Karras et al. 2019 (arXiv 1912.04958, eq. 4) take the norm for one style; of styles for each
    layer it is the root of the mean of the squared norms, as in their code.
    """
    squares = ops.sum(ops.square(ops.cast(slopes, "float32")), axis=2)
    return ops.sqrt(ops.mean(squares, axis=1) + 1e-12)


PENALTIES = {
    # Gulrajani et al. 2017 (arXiv 1704.00028, eq. 3).
    "gradient": Penalty(_between, _distance_from_one),
    # Kodali et al. 2017 (arXiv 1705.07215, algorithm 1).
    "dragan": Penalty(_around, _distance_from_one),
    # Mescheder et al. 2018 (arXiv 1801.04406, eq. 9): on real pictures, and the same on fakes.
    "r1": Penalty("real", _half_square),
    "r2": Penalty("fake", _half_square),
}
