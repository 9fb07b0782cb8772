"""Gradient penalties: functions of the gradients of scores with respect to images.

A penalty defines the images and the cost of the gradients there; step.py computes the gradients.
Gradients are (B, H, W, C), and a norm is over H, W and C. A new penalty is an entry here and in the
config's schema.
"""

from __future__ import annotations

from collections.abc import Callable

from keras import ops, random

from anime_gan.backend import Tensor


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
    """Return each real image with noise added (Kodali et al. 2017).

    The noise is uniform from 0 to half the batch's standard deviation, drawn for each number, times
    a share from 0 to 1, drawn for each image.
    """
    noise = 0.5 * ops.std(real) * random.uniform(ops.shape(real), seed=seed)
    share = random.uniform((ops.shape(real)[0], 1, 1, 1), seed=seed)
    return real + share * noise


def path_lengths(gradients: Tensor) -> Tensor:
    """Return the path lengths (B,) of a generator's gradients with respect to w, (B, layers, D).

    Karras et al. 2019 (arXiv 1912.04958, eq. 4) take the norm for one w. With a w for each layer,
    the length is the root of the mean squared norm over the layers, as in their code.
    """
    squares = ops.sum(ops.square(ops.cast(gradients, "float32")), axis=2)
    return ops.sqrt(ops.mean(squares, axis=1) + 1e-12)


# Penalties at images of the batch, whose scores the loss needs anyway: which images, and the cost,
# from gradients to the scalar that gamma multiplies.
ON_IMAGES: dict[str, tuple[str, Callable]] = {
    # Mescheder et al. 2018 (arXiv 1801.04406, eq. 9): at real images, and the same at generated.
    "r1": ("real", _half_square),
    "r2": ("fake", _half_square),
}
# Penalties at other images, which need another pass through the discriminator: a function
# from (fake, real, seed) to these images (B, H, W, C), and the cost.
ON_POINTS: dict[str, tuple[Callable, Callable]] = {
    # Gulrajani et al. 2017 (arXiv 1704.00028, eq. 3).
    "gradient": (_between, _distance_from_one),
    # Kodali et al. 2017 (arXiv 1705.07215, algorithm 1).
    "dragan": (_around, _distance_from_one),
}
