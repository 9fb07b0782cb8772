"""The least time that a step can take: its operations over the machine's rate for matrices."""

import time

from anime_gan import backend

backend.start()

import keras
import numpy as np

from anime_gan.networks.build import all_layers
from anime_gan.networks.describe import gflops
from anime_gan.training.penalties import PENALTIES

SIZE = 2048  # of the matrices


def first_gflops(model) -> float:
    """Return the billions of operations of a model's first layer with weights, for one picture."""
    layers = (layer for layer in all_layers(model) if hasattr(layer, "kernel"))
    return gflops(keras.Model(model.input, next(layers).output))


def discriminator_gflops(gan, paid: bool) -> float:
    """Return the billions of operations of the discriminator's half of a step.

    Through a layer a picture goes once, and training adds as much for the slope of its weights and
    as much again for that of its input, which the first layer does not need. A penalty on a slope
    adds three: the slope, and for the gradient of that one way on and the slope of the weights;
    and a way of its own where it looks at other pictures. Normalisation, activations, depthwise
    filters and optimizers are left out, so that this is a floor.
    """
    whole, first = gflops(gan.discriminator), first_gflops(gan.discriminator)
    total = gflops(gan.generator) + 2 * (3 * whole - first)
    for name in gan.config.objective.penalties if paid else ():
        total += (4 if callable(PENALTIES[name].at) else 3) * whole
    return total * gan.config.training.batch_size


def generator_gflops(gan, paid: bool) -> float:
    """Return the same of the generator's half.

    The discriminator's weights are left alone: a fake goes there and its slope comes back; a real
    picture, where there is one, only goes there. Lengths of paths take half of the batch there and
    back, and the gradient of the way back takes both once more.
    """
    whole, first = gflops(gan.generator), 0.0
    if hasattr(all_layers(gan.generator)[1], "kernel"):
        first = first_gflops(gan.generator)
    ways = 3 if gan.loss.scale.paired else 2
    total = 3 * whole - first + ways * gflops(gan.discriminator)
    if paid and gan.path_mean is not None:
        total += 6 * whole / 2
    return total * gan.config.training.batch_size


def step_gflops(gan) -> float:
    """Return the billions of operations of a step, a penalty now and then taken by its share."""
    rule, total = gan.config.objective, 0.0
    for half, every in (
        (discriminator_gflops, rule.penalty_every),
        (generator_gflops, rule.path_every),
    ):
        total += half(gan, False) + (half(gan, True) - half(gan, False)) / every
    return total


def matrix_rate(precision: str):
    """Return a function that measures billions of operations a second in a product of matrices."""
    one = keras.ops.convert_to_tensor(np.ones((SIZE, SIZE), "float32"))
    one = keras.ops.cast(one, precision)

    run = backend.compile_step(lambda one: keras.ops.matmul(one, one)[0, 0], [])

    def measure() -> float:
        start = time.perf_counter()
        for _ in range(3):
            float(run(one))
        return 3 * 2 * SIZE**3 / 1e9 / (time.perf_counter() - start)

    measure()
    return measure
