"""The floating-point operations of a training step, and how many a second this machine does.

Their quotient is the least time that a step can take.
"""

import math
import os
import time

import keras
import numpy as np

from anime_gan import backend
from anime_gan.networks.build import all_layers
from anime_gan.networks.describe import gflops
from anime_gan.runs.run import Progress
from anime_gan.training.penalties import ON_POINTS
from anime_gan.training.state import TrainState

PATIENCE = 7200  # seconds that a run on a CPU may take before a faster one is named
FASTER = "configs/r3gan_patch_cpu.yaml shows faces in minutes; Ctrl-C stops this run."
FEW = 500  # steps after which no version shows faces


def first_gflops(model: keras.Model) -> float:
    """Return the billions of operations of a model's first layer with weights, for one image."""
    layers = (layer for layer in all_layers(model) if hasattr(layer, "kernel"))
    return gflops(keras.Model(model.input, next(layers).output))


def discriminator_gflops(state: TrainState, with_penalties: bool) -> float:
    """Return the billions of operations of the discriminator's half of a step.

    A layer's forward pass counts once, the gradient of its weights once more, and so does that of
    its input, which the first layer does not need. A gradient penalty adds three: the gradient, and
    for the gradient of that another forward pass and another gradient of the weights; and a pass of
    its own where it takes other images. Normalization, activations, depthwise filters and
    optimizers are left out, so this is a lower bound.
    """
    whole, first = gflops(state.discriminator), first_gflops(state.discriminator)
    total = gflops(state.generator) + 2 * (3 * whole - first)
    for name in state.config.objective.penalties if with_penalties else ():
        total += (4 if name in ON_POINTS else 3) * whole
    return total * state.config.training.batch_size


def generator_gflops(state: TrainState, with_paths: bool) -> float:
    """Return the billions of operations of the generator's half of a step.

    The discriminator's weights need no gradients: a generated image takes a forward pass and the
    gradient of the input, and a real one, where the loss has it, only a forward pass. Path lengths
    take half of the batch forward and back, and the gradient of that takes both once more.
    """
    whole, first = gflops(state.generator), 0.0
    if hasattr(all_layers(state.generator)[1], "kernel"):
        first = first_gflops(state.generator)
    passes = 3 if state.scale.paired else 2
    total = 3 * whole - first + passes * gflops(state.discriminator)
    if with_paths and state.path_mean is not None:
        total += 6 * whole / 2
    return total * state.config.training.batch_size


def step_gflops(state: TrainState) -> float:
    """Return the billions of operations of a step, the mean over steps with and without extras."""
    objective, total = state.config.objective, 0.0
    for half, every in (
        (discriminator_gflops, objective.penalty_every),
        (generator_gflops, objective.path_every),
    ):
        total += half(state, False) + (half(state, True) - half(state, False)) / every
    return total


def on_this_machine(state: TrainState, progress: Progress, precision: str) -> list[str]:
    """Return sentences on the least time that the rest of a run takes, on a CPU.

    It is what the products of its matrices take at this machine's rate; all else is left out.
    """
    config, training = state.config, state.config.training
    if backend.has_gpu() or config.growing.start:
        return []
    seconds = step_gflops(state) / matmul_rate(precision, 1024)()
    if training.threads and backend.name() == "tensorflow":  # operations also run side by side
        seconds *= min(1, training.threads / (os.cpu_count() or 1))
    total = ((training.steps or math.inf) - progress.step) * seconds
    given = math.inf if training.minutes is None else training.minutes * 60 - progress.seconds
    if given < total:
        line = f"The time is enough for at most {given / seconds:,.0f} steps on this CPU."
        return [line, FASTER] if training.minutes * 60 / seconds < FEW else []
    if total < 90:
        return []
    time_left = f"{total / 3600:.0f} hours" if total > PATIENCE else f"{total / 60:.0f} minutes"
    line = f"It takes at least {time_left} on this CPU, {seconds:.2g} s or more a step."
    return [line, FASTER] if total > PATIENCE else [line]


def matmul_rate(precision: str, size: int = 2048):
    """Return a function that measures the billions of operations a second of a matrix product.

    size: of the matrices.
    """
    one = keras.ops.cast(keras.ops.convert_to_tensor(np.ones((size, size), "float32")), precision)
    run = backend.compile_step(lambda one: keras.ops.matmul(one, one)[0, 0], [])

    def measure() -> float:
        start = time.perf_counter()
        for _ in range(3):
            float(run(one))
        return 3 * 2 * size**3 / 1e9 / (time.perf_counter() - start)

    measure()
    return measure
