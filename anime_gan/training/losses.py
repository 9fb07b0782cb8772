"""The losses of discriminator and generator, as functions of the discriminator's scores.

A new loss needs an entry here, in config/scores.py and in config/schema.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keras import ops

from anime_gan.backend import Tensor


@dataclass(frozen=True)
class Loss:
    """A pair of losses on scores (B, 1), each a scalar.

    discriminator(fake, real, fake_noise, real_noise): unless the scale is paired, fake or
        real may be None; then only the term of the other is returned. The noises, uniform in
        [0, training.label_noise) and shaped as the scores, soften labels; losses without labels
        ignore them.
    generator(fake, real): real is None unless the scale is paired.
    """

    discriminator: Callable[..., Tensor]
    generator: Callable[[Tensor, Tensor | None], Tensor]


def _sum_of(on_fake: Callable, on_real: Callable, weight: float = 1.0) -> Callable:
    """Return a discriminator loss: `weight` times a term for generated plus one for real images."""

    def loss(fake, real, fake_noise, real_noise):
        terms = [] if fake is None else [on_fake(fake, fake_noise)]
        terms += [] if real is None else [on_real(real, real_noise)]
        return weight * sum(terms)

    return loss


def _cross_entropy(label, scores):
    """Return the mean binary cross-entropy of probabilities in [0, 1] (the report's Fig. 23).

    label: a number for all scores, or one for each, (B, 1).

    Keras clips probabilities to [1e-7, 1 - 1e-7], so the largest loss is 16.118. On TensorFlow it
    does not clip scores that carry the sigmoid's logits, but uses these, as in the report's loop.
    A slice of scores carries none, so step.py copies the logits when it splits scores.
    """
    return ops.mean(ops.binary_crossentropy(ops.full_like(scores, label), scores))


LOSSES: dict[str, Loss] = {
    # SRM: generated images are 1 and real ones 0, plus noise (Fig. 15); the generator aims at 0
    # (Fig. 17). The mean over real and generated images is half the sum of their means, hence 0.5.
    "report": Loss(
        _sum_of(
            lambda scores, noise: _cross_entropy(1 + noise, scores),
            lambda scores, noise: _cross_entropy(noise, scores),
            0.5,
        ),
        lambda fake, real: _cross_entropy(0, fake),
    ),
    # Goodfellow et al. 2014 (arXiv 1406.2661) as DCGANs train it: real images are 1 and generated
    # ones 0, the generator aims at 1. Noise moves both labels towards 0.5.
    "cross_entropy": Loss(
        _sum_of(
            lambda scores, noise: _cross_entropy(noise, scores),
            lambda scores, noise: _cross_entropy(1 - noise, scores),
        ),
        lambda fake, real: _cross_entropy(1, fake),
    ),
    # The same on logits, which are never clipped: softplus(x) is -log(1 - sigmoid(x)).
    "non_saturating": Loss(
        _sum_of(
            lambda scores, noise: ops.mean(ops.softplus(scores)),
            lambda scores, noise: ops.mean(ops.softplus(-scores)),
        ),
        lambda fake, real: ops.mean(ops.softplus(-fake)),
    ),
    # Arjovsky et al. 2017 (arXiv 1701.07875, algorithm 1): the negative discriminator loss
    # estimates the Wasserstein distance, up to a factor.
    "wasserstein": Loss(
        _sum_of(
            lambda scores, noise: ops.mean(scores),
            lambda scores, noise: -ops.mean(scores),
        ),
        lambda fake, real: -ops.mean(fake),
    ),
    # Lim and Ye 2017 (arXiv 1705.02894), as SAGAN takes it (arXiv 1805.08318, eq. 4).
    "hinge": Loss(
        _sum_of(
            lambda scores, noise: ops.mean(ops.relu(1 + scores)),
            lambda scores, noise: ops.mean(ops.relu(1 - scores)),
        ),
        lambda fake, real: -ops.mean(fake),
    ),
    # Jolicoeur-Martineau 2018 (arXiv 1807.00734) as R3GAN pairs it (arXiv 2501.05441, eq. 2): it
    # depends only on the difference of the scores of a real and a generated image.
    "relativistic": Loss(
        lambda fake, real, *noise: ops.mean(ops.softplus(fake - real)),
        lambda fake, real: ops.mean(ops.softplus(real - fake)),
    ),
}


def label_loss(logits: Tensor, labels: Tensor, sizes: Iterable[int]) -> Tensor:
    """Return the mean cross-entropy of the known labels, of an auxiliary classifier.

    Args:
        logits: (B, K), of the values of all attributes.
        labels: (B, A), 0 for unknown ones, which do not count.
        sizes: how many values each attribute has.

    Reference:
        Odena et al. 2017 (arXiv 1610.09585), for several attributes as Jin et al. 2017 (arXiv
        1708.05509).
    """
    start, total = 0, 0.0
    for number, size in enumerate(sizes):
        chosen = ops.one_hot(labels[:, number] - 1, size, dtype=logits.dtype)
        total -= ops.sum(chosen * ops.log_softmax(logits[:, start : start + size]))
        start += size
    known = ops.sum(ops.cast(labels > 0, logits.dtype))
    return total / ops.maximum(known, 1.0)
