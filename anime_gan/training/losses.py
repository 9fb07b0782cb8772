"""Pairs of losses: what the discriminator and the generator each try to make small.

An objective only sees scores; it is a plain object that the step calls, so a new one is a new
entry in OBJECTIVES and in config.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops


@dataclass(frozen=True)
class Objective:
    """A pair of losses on the discriminator's scores, each (B, 1).

    discriminator(fake, real, fake_noise, real_noise): its scalar loss. Unless `paired`, one of the
        scores may be None: then it is the loss on the other alone. The noises, uniform in
        [0, label_noise) and shaped as the scores, make labels doubtful; only objectives with
        labels use them.
    generator(fake, real): its scalar loss; `real` is None unless `paired`.
    probabilities: whether it wants probabilities from a sigmoid, else logits.
    paired: whether each fake is judged against a real picture.
    threshold: the score at which real and fake part; None if the scores have no such point.
    real_is_high: whether real pictures should score higher than fakes.
    """

    discriminator: Callable
    generator: Callable
    probabilities: bool = False
    paired: bool = False
    threshold: float | None = 0.0
    real_is_high: bool = True

    def right(self, fake, real, label_noise):
        """Return the shares of fake and of real pictures taken for what they are.

        Where the scores have no zero, the middle of the batch's own scores is taken for it.
        """
        if self.threshold is None:
            middle = (ops.mean(fake) + ops.mean(real)) / 2
        else:  # noise lifts the report's labels, and lowers or draws in others', by half of it
            shift = 0 if self.real_is_high else label_noise / 2
            middle = self.threshold + shift
        fake_is_high, real_is_high = fake > middle, real > middle
        if not self.real_is_high:
            fake_is_high, real_is_high = ~fake_is_high, ~real_is_high
        # Of those that are right, never 1 less those that are not: rounding would leave -3e-8.
        right = (~fake_is_high, real_is_high)
        return tuple(ops.mean(ops.cast(each, "float32")) for each in right)


def _apart(on_fake: Callable, on_real: Callable, weight: float = 1.0) -> Callable:
    """Return a discriminator's loss that is `weight` times the sum of one on each kind."""

    def loss(fake, real, fake_noise, real_noise):
        terms = [] if fake is None else [on_fake(fake, fake_noise)]
        terms += [] if real is None else [on_real(real, real_noise)]
        return weight * sum(terms)

    return loss


def _cross_entropy(labels, scores):
    """Return the mean binary cross-entropy of probabilities in [0, 1] (the report's Fig. 23).

    Keras clips the probabilities at 1e-7, so 16.118 is the most that a score can cost. On
    TensorFlow it finds the logits behind a sigmoid that it is handed as it came out, and then does
    not clip: the report's loop had that, so the scores are not cut up before they get here.
    """
    return ops.mean(ops.binary_crossentropy(labels, scores))


def _all(value, scores):
    """Return labels of one value."""
    return ops.full_like(scores, value)


# SRM: fakes are 1 and real pictures 0, plus noise (Fig. 15); the generator aims at 0 (Fig. 17).
# One mean over both halves of the batch is half the sum of each half's.
REPORT = Objective(
    _apart(
        lambda scores, noise: _cross_entropy(_all(1, scores) + noise, scores),
        lambda scores, noise: _cross_entropy(_all(0, scores) + noise, scores),
        0.5,
    ),
    lambda fake, real: _cross_entropy(_all(0, fake), fake),
    probabilities=True,
    threshold=0.5,
    real_is_high=False,
)

# Goodfellow et al. 2014 (arXiv 1406.2661) as DCGANs train it: real pictures are 1 and fakes 0, the
# generator aims at 1. Noise draws the labels in, to either side.
CROSS_ENTROPY = Objective(
    _apart(
        lambda scores, noise: _cross_entropy(_all(0, scores) + noise, scores),
        lambda scores, noise: _cross_entropy(_all(1, scores) - noise, scores),
    ),
    lambda fake, real: _cross_entropy(_all(1, fake), fake),
    probabilities=True,
    threshold=0.5,
)

# The same on logits, where no score is ever clipped: softplus(x) is -log(1 - sigmoid(x)).
NON_SATURATING = Objective(
    _apart(
        lambda scores, noise: ops.mean(ops.softplus(scores)),
        lambda scores, noise: ops.mean(ops.softplus(-scores)),
    ),
    lambda fake, real: ops.mean(ops.softplus(-fake)),
)

# Arjovsky et al. 2017 (arXiv 1701.07875, algorithm 1): minus the discriminator's loss estimates the
# Wasserstein distance, up to a factor.
WASSERSTEIN = Objective(
    _apart(
        lambda scores, noise: ops.mean(scores),
        lambda scores, noise: -ops.mean(scores),
    ),
    lambda fake, real: -ops.mean(fake),
    threshold=None,
)

# The hinge of Lim and Ye 2017 (arXiv 1705.02894), as SAGAN takes it (arXiv 1805.08318, eq. 4).
HINGE = Objective(
    _apart(
        lambda scores, noise: ops.mean(ops.relu(1 + scores)),
        lambda scores, noise: ops.mean(ops.relu(1 - scores)),
    ),
    lambda fake, real: -ops.mean(fake),
)

# Jolicoeur-Martineau 2018 (arXiv 1807.00734) as R3GAN pairs it (arXiv 2501.05441, eq. 2): only how
# much more real one picture looks than the other counts.
RELATIVISTIC = Objective(
    lambda fake, real, *noise: ops.mean(ops.softplus(fake - real)),
    lambda fake, real: ops.mean(ops.softplus(real - fake)),
    paired=True,
    threshold=None,
)

OBJECTIVES = {
    "report": REPORT,
    "cross_entropy": CROSS_ENTROPY,
    "non_saturating": NON_SATURATING,
    "wasserstein": WASSERSTEIN,
    "hinge": HINGE,
    "relativistic": RELATIVISTIC,
}
