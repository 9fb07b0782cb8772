"""Train an upscaler, which doubles faces, by the step that trains every version.

The generator's "latents" are real images of half the size. To its loss the step adds the mean
squared error between its images and the real ones, times 8: the way in which other versions add the
error of latents that are read back. (objective.latent_weight is 10; a fifth of the numbers that are
compared are the small image's, whose error is 0.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
from keras import layers, ops

from anime_gan.backend import Tensor
from anime_gan.config import Config, load_config
from anime_gan.data.batches import Batches
from anime_gan.networks import build as networks
from anime_gan.networks.srgan import enlarger
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

# Discriminator, losses and optimizers are those of configs/r3gan_patch_cpu.yaml.
SETTINGS = (
    "version=r3gan_patch",
    "model.width=0.03125",
    "training.batch_size=8",
    "training.steps=null",
    "augment.policy=[]",
    "generator.rate=[1.5e-3, 3.0e-4]",
    "discriminator.rate=[1.5e-3, 3.0e-4]",
    "objective.latent_weight=10",
)


def upscaler_config(size: int, minutes: float, seed: int = 0) -> Config:
    """Return the config for images of `size` pixels."""
    own = f"model.resolution={size}", f"training.minutes={minutes}", f"training.seed={seed}"
    return load_config(None, [*SETTINGS, *own])


class UpscalerState(TrainState):
    """A training state whose generator enlarges.

    enlarger: the network that is trained, from small images to large ones.
    """

    def build(self, config: Config, precision: str) -> networks.Networks:
        """Return the networks: the discriminator is that of the config's version."""
        made = networks.build(config, precision)
        self.enlarger = enlarger(config.model.channels)
        size, channels = config.model.resolution, config.model.channels
        self._least = (size // 2) ** 2 * channels
        # One vector: the small image, which is all that the generator sees, and the real one.
        both = layers.Input((self._least + size**2 * channels,))
        small = layers.Reshape((size // 2, size // 2, channels))(both[:, : self._least])
        image = self.enlarger(small)
        guess = ops.concatenate([both[:, : self._least], layers.Flatten()(image)], axis=1)
        return networks.Networks(
            keras.Model(both, image, name="generator"),
            made.discriminator,
            keras.Model(both, [image, guess]),
        )

    def blend_with_coarse(self, real: Tensor) -> Tensor:
        """Keep the real images of this step, which are what the generator begins with."""
        self._real = real
        return real

    def latents(self, count: int) -> Tensor:
        """Return this step's small images and real images, one row each, (count, N)."""
        parts = [halved(self._real), self._real]
        return self.shard(ops.concatenate([ops.reshape(x, (count, -1)) for x in parts], axis=1))

    def trained(self) -> keras.Model:
        """Return the network that enlarges, with the weights of the EMA if there is one."""
        found = keras.models.clone_model(self.enlarger)
        found.set_weights(self.sampler().get_weights())
        return found


def halved(images: Tensor) -> Tensor:
    """Return images (B, S, S, C) of half the size, by Lanczos's filter."""
    size = images.shape[1] // 2
    return ops.image.resize(images, (size, size), interpolation="lanczos3", antialias=True)


def train_upscaler(
    state: UpscalerState, images: np.ndarray
) -> Iterator[tuple[int, float, Callable[[], dict[str, float]]]]:
    """Train for training.minutes; the first step, which compiles, does not count.

    Args:
        state: a new one.
        images: uint8 (N, S, S, C), indexed like an array.

    Yields:
        After each step: how many are done, the seconds, and a function that reads its scalars.
    """
    training, step, started = state.config.training, compile_step(state), None
    minutes = training.minutes
    x_flip = state.config.data.x_flip
    with Batches(images, training.batch_size, training.seed, x_flip=x_flip) as batches:
        count, seconds = 0, 0.0
        while seconds < 60 * minutes:
            state.follow(count, seconds)
            scalars, count = step(next(batches).images), count + 1
            started = time.perf_counter() if started is None else started
            seconds = time.perf_counter() - started
            yield count, seconds, lambda found=scalars: {k: float(v) for k, v in found.items()}
