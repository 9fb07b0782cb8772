"""Numbers that change while training runs."""

import math

import keras
from keras import ops

from anime_gan.config import Training


class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine from `first`, at step 0, to `last`, at step `steps`, and `last` from there on.

    R3GAN moves its rate, beta2, gamma, moving average and augmentation so (Huang et al. 2024,
    appendix). Keras's own CosineDecay can't begin at 0.
    """

    def __init__(self, first: float, last: float, steps: float):
        self.first, self.last, self.steps = first, last, steps

    def __call__(self, step):
        """Return the value at a step, a scalar tensor or number."""
        share = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        return self.last + (self.first - self.last) * 0.5 * (1 + ops.cos(math.pi * share))

    def get_config(self) -> dict:
        """Return what __init__ takes."""
        return {"first": self.first, "last": self.last, "steps": self.steps}


def steps_of(training: Training) -> float:
    """Return over how many steps a pair [start, end] changes: training.cosine_kimg in pictures."""
    return 1000 * training.cosine_kimg / training.batch_size


def value_at(value, step, training: Training):
    """Return a config's number, or its pair [start, end] at `step`."""
    return Cosine(*value, steps_of(training))(step) if isinstance(value, tuple) else value
