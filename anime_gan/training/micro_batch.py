"""Estimate the memory of a step and choose the micro-batch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from anime_gan import backend, console
from anime_gan.backend.free_memory import free_bytes
from anime_gan.config import Config
from anime_gan.errors import UserError
from anime_gan.networks.build import all_layers, mixes_batch
from anime_gan.training.penalties import ON_POINTS
from anime_gan.training.state import TrainState

# The share of the free memory that training may take: an estimate is not a measurement.
SHARE = 0.7


def step_bytes(state: TrainState, images: int) -> int:
    """Estimate the bytes that a compiled step takes with so many images per pass.

    The estimate is the sum of the state (weights, optimizers, EMA), the gradients of the larger
    network, and per image what the backward pass of the larger update keeps: about every layer's
    output once. A gradient penalty keeps its images' outputs once more, for the second-order
    gradient. By benchmarks/growth.py the estimate is 0.9 to 1.7 of the compiler's number.
    """
    objective = state.config.objective
    generator = activation_bytes(state.generator)
    discriminator = activation_bytes(state.discriminator)
    penalized = sum(2 if name in ON_POINTS else 1 for name in objective.penalties)
    halves = (
        (2 + penalized) * discriminator,
        (1 + (objective.path_weight > 0)) * generator
        + (2 if state.scale.paired else 1) * discriminator,
    )
    weights = max(_bytes(state.generator_weights), _bytes(state.discriminator_weights))
    return _bytes(state.variables) + weights + images * max(halves)


def activation_bytes(network: keras.Model) -> int:
    """Return the bytes of all outputs of a network's layers for one image."""
    views = keras.layers.InputLayer | keras.layers.Reshape | keras.layers.Flatten
    outputs = [layer.output for layer in all_layers(network) if not isinstance(layer, views)]
    return _bytes(keras.tree.flatten(outputs))


def _bytes(arrays) -> int:
    """Return the bytes of variables, or of outputs for one image: the batch's size is None."""
    return sum(math.prod(filter(None, a.shape)) * (2 if "16" in a.dtype else 4) for a in arrays)


def choose_micro_batch(state: TrainState, before: int | None = None) -> None:
    """Set state.micro_batch if the config says "auto"; print a split or a lack of memory.

    The batch is not split if the free memory is unknown, or if an image's scores depend on the
    others. before: the size in a resumed run. It is kept, because the dropout masks depend on it.
    """
    batch_size, free = state.config.training.batch_size, free_bytes()
    if state.config.training.micro_batch == "auto":
        sizes = [size for size in range(batch_size, 0, -state.devices) if batch_size % size == 0]
        if free is None or mixes_batch(state.discriminator) or mixes_batch(state.generator):
            sizes = [batch_size]
        if before in sizes:
            sizes = [before]
        limit = SHARE * (free or math.inf)
        fitting = (size for size in sizes if step_bytes(state, size // state.devices) <= limit)
        state.micro_batch = next(fitting, sizes[-1])
        if state.micro_batch < batch_size:
            console.say(
                f"A batch of {batch_size} is split into passes of {state.micro_batch} images "
                "(training.micro_batch)."
            )
    needed = step_bytes(state, (state.micro_batch or batch_size) // state.devices)
    if free is not None and needed > SHARE * free:
        console.say(
            f"A step needs about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free: if "
            "training runs out of memory, set training.batch_size or model.width lower."
        )


@contextmanager
def explain_out_of_memory(config: Config) -> Iterator[None]:
    """Turn errors that mean that memory is full into a UserError."""
    try:
        yield
    except Exception as error:
        if not backend.is_out_of_memory(error):
            raise
        training = config.training
        raise UserError(
            f"the memory of this machine ({backend.device()}) is full; set training.micro_batch, "
            f"now {training.micro_batch or 'null'}, to a small divisor of training.batch_size, now "
            f"{training.batch_size}, or lower the latter, and give the command again to resume."
        ) from None
