"""Pairs of losses: what the discriminator and the generator each try to make small.

An objective only sees scores; it is a plain object that the step calls, so a new one is a new
entry in OBJECTIVES.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops, random


@dataclass(frozen=True)
class Objective:
    """A pair of losses on the discriminator's scores.

    discriminator(scores, label_noise, seed): its scalar loss on (2B, 1) scores, those of the fake
        pictures first; `seed` is a keras.random.SeedGenerator that the label noise is drawn from.
    generator(scores): its scalar loss on the (B, 1) scores of fake pictures.
    looks_fake(scores, label_noise): booleans, where it takes a picture for a fake.
    """

    discriminator: Callable
    generator: Callable
    looks_fake: Callable


def _cross_entropy(labels, scores):
    """Return the mean binary cross-entropy of probabilities in [0, 1] (the report's Fig. 23).

    Keras clips the probabilities at 1e-7, so 16.118 is the most that a score can cost. On
    TensorFlow it finds the logits behind a sigmoid that it is handed as it came out, and then does
    not clip: the report's loop had that, so the scores are not cut up before they get here.
    """
    return ops.mean(ops.binary_crossentropy(labels, scores))


def _report_discriminator(scores, label_noise, seed):
    """Fakes are 1 and real pictures 0, plus up to `label_noise`, drawn afresh (Fig. 15)."""
    fakes = ops.shape(scores)[0] // 2
    labels = ops.concatenate([ops.ones_like(scores[:fakes]), ops.zeros_like(scores[fakes:])])
    return _cross_entropy(
        labels + label_noise * random.uniform(ops.shape(scores), seed=seed), scores
    )


def _report_generator(scores):
    """The generator's pictures should score as real ones do: 0 (Fig. 17)."""
    return _cross_entropy(ops.zeros_like(scores), scores)


def _report_looks_fake(scores, label_noise):
    """The line lies in the middle of the labels: the noise lifts both by half of it on average."""
    return scores > 0.5 + label_noise / 2


OBJECTIVES = {
    "report": Objective(_report_discriminator, _report_generator, _report_looks_fake),
}
