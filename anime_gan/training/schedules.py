"""Numbers that change during training."""

import math

import keras
from keras import ops

from anime_gan.config.schema import Training


class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine from `first` at step 0 to `last` at step `steps`, then `last`.

    With 0 steps it is always `last`. Without steps, `share` is the part of the run that is over,
    0 to 1.

    R3GAN's schedule of learning rate, beta2, gamma, EMA and augmentation (Huang et al. 2024,
    appendix). Keras's own CosineDecay can't start at 0.
    """

    def __init__(
        self, first: float, last: float, steps: float | None, share: keras.Variable | None = None
    ):
        self.first, self.last, self.steps, self.share = first, last, steps, share

    def __call__(self, step):
        """Return the value at a step, a scalar tensor or number."""
        if self.steps == 0:
            return self.last
        share = ops.cast(step, "float32") / self.steps if self.share is None else self.share
        share = ops.minimum(share, 1.0)
        return self.last + (self.first - self.last) * 0.5 * (1 + ops.cos(math.pi * share))


def steps_of(training: Training) -> float | None:
    """Return the length of schedules in steps; None where they follow training.minutes.

    It is 0 in a run that starts from trained networks: high rates, which untrained ones need, would
    make them forget.
    """
    if training.start_from is not None:
        return 0
    if training.cosine_kimg is not None:
        return 1000 * training.cosine_kimg / training.images_per_step
    return training.steps if training.minutes is None else None
