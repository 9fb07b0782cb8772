"""How much memory a step takes, and in which parts its batch goes where that is too much."""

import math
from contextlib import contextmanager

import keras

from anime_gan import backend
from anime_gan.backend.free_memory import free_bytes
from anime_gan.config.schema import Config
from anime_gan.errors import UserError
from anime_gan.networks.checks import mixes_batch
from anime_gan.training.penalties import PENALTIES
from anime_gan.training.state import Gan, layers_of

# What training may take of the free memory: the estimate is no measurement, and others take some.
SHARE = 0.7


def step_bytes(gan: Gan, pictures: int) -> int:
    """Estimate the bytes that a compiled step takes with so many pictures at a time.

    The state (weights, optimizers, average), the gradients of the larger network, and per picture
    what the backward pass of the larger half keeps: about every layer's output once. A penalty on a
    slope keeps those of its pictures once more, for the gradient through the slope's own way back.
    benchmarks/step_memory.py holds it against the compiler's own figure: from 0.9 to 1.7 of that.
    """
    objective = gan.config.objective
    generator, discriminator = kept_bytes(gan.generator), kept_bytes(gan.discriminator)
    slopes = sum(2 if callable(PENALTIES[name].at) else 1 for name in objective.penalties)
    paths = objective.path_weight > 0
    halves = (
        (2 + slopes) * discriminator,
        (1 + paths) * generator + (2 if gan.objective.paired else 1) * discriminator,
    )
    weights = [gan.generator_weights, gan.discriminator_weights]
    return (
        sum(_bytes(v.shape, v.dtype) for v in gan.variables)
        + max(sum(_bytes(v.shape, v.dtype) for v in listed) for listed in weights)
        + pictures * max(halves)
    )


def kept_bytes(network: keras.Model) -> int:
    """Return the bytes of all that a network's layers give for one picture."""
    views = keras.layers.InputLayer | keras.layers.Reshape | keras.layers.Flatten
    outputs = [layer.output for layer in layers_of(network) if not isinstance(layer, views)]
    return sum(_bytes(one.shape[1:], one.dtype) for one in keras.tree.flatten(outputs))


def _bytes(shape, dtype) -> int:
    return math.prod(shape) * (2 if "16" in dtype else 4)


def fit(gan: Gan, kept: int | None = None) -> None:
    """Where the config leaves it open, choose in which parts a batch goes; say what is unusual.

    kept: what the run was trained with so far, if it goes on: dropout would draw otherwise in
    other parts. All goes at once where nobody says what is free, or where a picture's scores
    depend on the others.
    """
    batch, free = gan.config.training.batch_size, free_bytes()
    devices = gan.distribution.device_mesh.shape[0] if gan.distribution else 1
    if gan.config.training.micro_batch == "auto":
        sizes = [size for size in range(batch, 0, -devices) if batch % size == 0]
        if free is None or mixes_batch(gan.discriminator) or mixes_batch(gan.generator):
            sizes = [batch]
        if kept in sizes:
            sizes = [kept]
        fitting = (
            size for size in sizes if step_bytes(gan, size // devices) <= SHARE * (free or math.inf)
        )
        gan.micro_batch = next(fitting, sizes[-1])
        if gan.micro_batch < batch:
            print(f"A batch of {batch} goes in parts of {gan.micro_batch} (training.micro_batch).")
    needed = step_bytes(gan, (gan.micro_batch or batch) // devices)
    if free is not None and needed > SHARE * free:
        print(
            f"A step takes about {needed / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free: if "
            "that is too much, set training.batch_size or model.width lower."
        )


@contextmanager
def one_sentence(config: Config):
    """Make one sentence of an error that says that memory is full: a UserError."""
    try:
        yield
    except Exception as error:
        if not backend.is_out_of_memory(error):
            raise
        training = config.training
        raise UserError(
            f"the memory of this machine ({backend.device()}) is full; set training.micro_batch, "
            f"which is {training.micro_batch or 'null'}, to a small divisor of the batch of "
            f"{training.batch_size}, or training.batch_size lower, and give the same command "
            "again: what was saved is whole."
        ) from None
