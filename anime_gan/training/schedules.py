"""Numbers that change during training."""

import math
from typing import Any

import keras
from keras import ops

from anime_gan.config.schema import Training


class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine from `first` at step 0 to `last` at step `steps`, then `last`.

    R3GAN's schedule of learning rate, beta2, gamma, EMA and augmentation (Huang et al. 2024,
    appendix). Keras's own CosineDecay can't start at 0.
    """

    def __init__(self, first: float, last: float, steps: float):
        self.first, self.last, self.steps = first, last, steps

    def __call__(self, step):
        """Return the value at a step, a scalar tensor or number."""
        share = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        return self.last + (self.first - self.last) * 0.5 * (1 + ops.cos(math.pi * share))


def steps_of(training: Training) -> float:
    """Return the length of schedules in steps: training.cosine_kimg thousand images."""
    return 1000 * training.cosine_kimg / training.batch_size


def value_at(value: float | tuple, step: Any, training: Training) -> Any:
    """Return a number of the config, or its pair [start, end] at `step`."""
    return Cosine(*value, steps_of(training))(step) if isinstance(value, tuple) else value
