"""What the benchmarks share: a state to train, and random images for it."""

from anime_gan import backend

backend.start()

from collections.abc import Callable

import numpy as np

from anime_gan.config import load_config
from anime_gan.training.state import TrainState


def make_state(*overrides: str, precision: str = "float32") -> TrainState:
    """Return networks and optimizers before the first step; overrides are as for train_gan.py."""
    return TrainState(load_config(None, list(overrides)), precision)


def compiled_bytes(half: Callable, state: TrainState, real: np.ndarray) -> int | None:
    """Return the bytes that the compiler plans for a half of the step, None on TensorFlow.

    half: train_discriminator or train_generator.
    """
    if backend.name() != "jax":
        return None
    from anime_gan.backend.jax import jitted

    values = [variable.value for variable in state.variables]
    lowered = jitted(lambda real: half(state, real), state.variables).lower(values, real)
    memory = lowered.compile().memory_analysis()
    return (
        memory.argument_size_in_bytes
        + memory.output_size_in_bytes
        + memory.temp_size_in_bytes
        - memory.alias_size_in_bytes
    )


def random_images(state: TrainState, seed: int = 0) -> np.ndarray:
    """Return a step's batch of uniform noise in [-1, 1], (N, H, W, C)."""
    shape = (state.config.training.images_per_step, *state.discriminator.input_shape[1:])
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")
