"""A GAN in training, and the one alternating step that trains every version on both backends."""

import re
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops, random

from config import Config, Optimizer
from training import backend
from training.objectives import OBJECTIVES, Objective
from versions.version import Version


def alternate(gan: "Gan", real):
    """Train the discriminator once, then the generator once: the report's loop (ch. 6.1.3).

    real: pictures (B, H, W, C) in [-1, 1], float32; step 1 of the report's eight, sampling real
        images, is the loader's.
    Returns four scalars: the two losses, and the shares of real and of fake pictures that the
    discriminator took for what they are. Steps 7 and 8, logging and saving, are the caller's.
    """
    batch = ops.shape(real)[0]
    everything = gan.variables

    # 2. Sample fake images by the generator.
    fakes = gan.generator(gan.latents(batch), training=True)

    # 3. Train the discriminator on real and fake images.
    def discriminator_loss():
        scores = gan.discriminator(ops.concatenate([fakes, real]), training=True)
        return gan.objective.discriminator(scores, gan.label_noise, gan.seed), scores

    d_loss, scores, slopes = backend.gradients(
        discriminator_loss, gan.discriminator_weights, everything
    )
    gan.discriminator_optimizer.apply(slopes, gan.discriminator_weights)

    # 4. Freeze the discriminator's weights: only the generator's are listed from here on.
    # 5. Train the generator on fake images, from fresh noise.
    def generator_loss():
        pictures = gan.generator(gan.latents(batch), training=True)
        return gan.objective.generator(gan.discriminator(pictures, training=True)), ()

    g_loss, _, slopes = backend.gradients(generator_loss, gan.generator_weights, everything)

    # 6. Update losses and perform gradient descent.
    gan.generator_optimizer.apply(slopes, gan.generator_weights)

    looks_fake = ops.cast(gan.objective.looks_fake(scores, gan.label_noise), "float32")
    return {
        "d_loss": d_loss,
        "g_loss": g_loss,
        "real_accuracy": 1 - ops.mean(looks_fake[batch:]),
        "fake_accuracy": ops.mean(looks_fake[:batch]),
    }


@dataclass
class Gan:
    """Two networks with all that training them changes or needs.

    generator: from latents (B, latent_dim) to pictures (B, H, W, C) in [-1, 1].
    discriminator: from such pictures to scores (B, 1).
    combined: the report's c_model, latents to scores; it shares the two networks' weights.
    seed: what the noise in the step is drawn from.
    """

    generator: keras.Model
    discriminator: keras.Model
    combined: keras.Model
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    objective: Objective
    label_noise: float
    seed: random.SeedGenerator

    @classmethod
    def create(cls, version: Version, config: Config, precision: str = "float32") -> "Gan":
        """Build the networks of `version` and their optimizers as `config` says.

        precision: "float32" or "bfloat16"; weights and last layers are float32 in both.
        """
        training, shape = config.training, config.model
        keras.utils.set_random_seed(training.seed)
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
        try:
            generator = version.generator(
                shape.resolution, shape.channels, shape.latent_dim, shape.width
            )
            discriminator = version.discriminator(shape.resolution, shape.channels, shape.width)
            latent = keras.Input((shape.latent_dim,))
            combined = keras.Model(latent, discriminator(generator(latent)), name="gan")
        finally:
            keras.config.set_dtype_policy(before)
        return cls(
            generator,
            discriminator,
            combined,
            make_optimizer(config.generator),
            make_optimizer(config.discriminator),
            OBJECTIVES[version.objective],
            training.label_noise,
            random.SeedGenerator(training.seed),
        )

    def __post_init__(self):
        # What each step may move is listed once; the `trainable` flag decides nothing afterwards.
        self.generator_weights = list(self.generator.trainable_variables)
        self.discriminator_weights = list(self.discriminator.trainable_variables)
        # An optimizer that is not built yet would silently drop the state of a checkpoint.
        self.generator_optimizer.build(self.generator_weights)
        self.discriminator_optimizer.build(self.discriminator_weights)

    @property
    def variables(self) -> list:
        """Every variable that a step reads or updates, in a fixed order."""
        return list(self.state.values())

    @property
    def state(self) -> dict[str, Any]:
        """The same by name, such as "generator/003/kernel"; what a checkpoint holds.

        Keras numbers layers through a whole process, so its numbers are taken out of the names.
        """
        parts = {
            "generator": self.generator.variables,
            "discriminator": self.discriminator.variables,
            "generator_optimizer": self.generator_optimizer.variables,
            "discriminator_optimizer": self.discriminator_optimizer.variables,
            "noise": [self.seed.state],
        }
        return {
            f"{part}/{index:03}/{re.sub(r'_[0-9]+', '', variable.path.split('/')[-1])}": variable
            for part, variables in parts.items()
            for index, variable in enumerate(variables)
        }

    def latents(self, count):
        """Draw `count` latents, (count, latent_dim), standard normal."""
        return random.normal((count, self.generator.input_shape[1]), seed=self.seed)

    def compiled_step(self):
        """Return a function from real pictures (B, H, W, C) to the four scalars of a step."""
        return backend.compile_step(lambda real: alternate(self, real), self.variables)

    def parameter_counts(self) -> tuple[int, int]:
        """Return the numbers of parameters of the generator and of the discriminator."""
        return self.generator.count_params(), self.discriminator.count_params()


def make_optimizer(config: Optimizer) -> keras.optimizers.Optimizer:
    """Return a new optimizer; two networks can't share one.

    `decay` is that of Keras before 2.11, which the report used: rate / (1 + decay * step).
    """
    rate: Any = config.rate
    if config.decay:
        rate = keras.optimizers.schedules.InverseTimeDecay(config.rate, 1, config.decay)
    kind = {"rmsprop": keras.optimizers.RMSprop, "adam": keras.optimizers.Adam}[config.optimizer]
    return kind(rate, clipvalue=config.clipvalue)


def latents_of(seeds, latent_dim: int) -> np.ndarray:
    """Return the latents that belong to seeds, (len(seeds), latent_dim), float32.

    A seed alone decides its latent: not its place among others, the batch or the backend.
    """
    draws = [np.random.default_rng(seed).standard_normal(latent_dim) for seed in seeds]
    return np.stack(draws).astype("float32")
