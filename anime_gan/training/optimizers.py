"""The optimizers, and the schedules of their learning rates and betas."""

import keras

from anime_gan.config import Config
from anime_gan.config.schema import Network
from anime_gan.training.schedules import Cosine


class Adam(keras.optimizers.Adam):
    """Adam whose beta2 may be a schedule; the bias correction uses its current value."""

    @property
    def beta_2(self):
        """The decay of the mean squared gradient at this iteration."""
        return self._beta_2(self.iterations) if callable(self._beta_2) else self._beta_2

    @beta_2.setter
    def beta_2(self, value):
        self._beta_2 = value


def slowed(config: Config, factor: float) -> Config:
    """Return the config with both networks' learning rates times a factor."""

    def rates(network: Network) -> dict:
        rate = network.rate
        rate = tuple(factor * r for r in rate) if isinstance(rate, tuple) else factor * rate
        return {"rate": rate, "rate_at": {size: factor * r for size, r in network.rate_at.items()}}

    return config.updated(
        generator=rates(config.generator), discriminator=rates(config.discriminator)
    )


def make_optimizer(
    config: Network, cosine_steps: float | None = 1, share: keras.Variable | None = None
) -> keras.optimizers.Optimizer:
    """Return a new optimizer for one network.

    `decay` is as in Keras before 2.11, which the report used: rate / (1 + decay * updates).
    cosine_steps: updates over which a pair [start, end] goes from one value to the other. None: it
    follows `share`, the part of the run that is over, 0 to 1.
    """
    rate, beta2 = (
        Cosine(*value, cosine_steps, share) if isinstance(value, tuple) else value
        for value in (config.rate, config.beta2)
    )
    if not callable(rate):
        # A plain number would become a variable, which a checkpoint restores: a run that resumes
        # with another rate in its config would keep the old one.
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, 1, config.decay)
    if config.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, clipvalue=config.clipvalue)
    return Adam(rate, beta_1=config.beta1, beta_2=beta2, clipvalue=config.clipvalue)
