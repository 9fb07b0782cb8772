"""Pairs of losses: what the discriminator and the generator each try to make small.

An objective only sees scores; it is a plain object that the step calls, so a new one is a new
entry in OBJECTIVES.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops, random


@dataclass(frozen=True)
class Objective:
    """A pair of losses on the discriminator's scores, each (B, 1).

    discriminator(fake, real, label_noise, seed): scalar loss of the discriminator; `seed` is a
        keras.random.SeedGenerator that the label noise is drawn from.
    generator(fake): scalar loss of the generator.
    looks_fake(scores): booleans, where the discriminator takes a picture for a fake.
    """

    discriminator: Callable
    generator: Callable
    looks_fake: Callable


def _cross_entropy(labels, scores):
    """Return the mean binary cross-entropy of probabilities in [0, 1] (the report's Fig. 23).

    Keras clips the probabilities at 1e-7, so 16.118 is the most that a score can cost.
    """
    return ops.mean(ops.binary_crossentropy(labels, scores))


def _report_discriminator(fake, real, label_noise, seed):
    """Fakes are 1 and real pictures 0, plus up to `label_noise`, drawn afresh (Fig. 15)."""
    scores = ops.concatenate([fake, real])
    labels = ops.concatenate([ops.ones_like(fake), ops.zeros_like(real)])
    labels += label_noise * random.uniform(ops.shape(labels), seed=seed)
    return _cross_entropy(labels, scores)


def _report_generator(fake):
    """The generator's pictures should score as real ones do: 0 (Fig. 17)."""
    return _cross_entropy(ops.zeros_like(fake), fake)


OBJECTIVES = {
    "report": Objective(_report_discriminator, _report_generator, lambda scores: scores > 0.5),
}
