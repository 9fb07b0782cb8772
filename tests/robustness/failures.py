"""Runs that are made to fail in different ways, and runs that are meant to be healthy.

They are small and short: all of them take an hour and a half on two cores. Whether one failed is
not decided here but by what its faces show at the end, see monitor.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

# From a state and its compiled step to a function of (step number, real images) that returns the
# step's scalars.
Sabotage = Callable[[TrainState, Callable], Callable]


@dataclass(frozen=True)
class Case:
    """A run: its arguments, its steps, and what is done to its step and to its training images."""

    arguments: list[str]
    steps: int
    sabotage: Sabotage | None = None
    images: Callable | None = None


def values(variables) -> list[np.ndarray]:
    """Return copies of the values of variables."""
    return [np.asarray(variable).copy() for variable in variables]


def frozen(network: str) -> Sabotage:
    """Train the other network only, as the report's own loop does on Keras 3."""

    def sabotage(state, step):
        variables = list(getattr(state, network).variables)

        def run(number, real):
            kept = values(variables)
            scalars = step(real)
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)
            return scalars

        return run

    return sabotage


def fakes_labeled_real(state, step):
    """Give the discriminator generated images in place of real ones."""

    def run(number, real):
        size = (len(real), state.generator.input_shape[1])
        latents = np.random.default_rng(number).standard_normal(size).astype("float32")
        return step(keras.ops.convert_to_numpy(state.generator(latents, training=False)))

    return run


def unscaled(state, step):
    """Give the discriminator values in [0, 255] in place of [-1, 1]."""
    return lambda number, real: step((real + 1) * 127.5)


def rates_times(factor: float) -> Sabotage:
    """Multiply both learning rates."""

    def sabotage(state, step):
        sections = {
            name: getattr(state.config, name).model_copy(
                update={"rate": factor * np.max(getattr(state.config, name).rate)}
            )
            for name in ("generator", "discriminator")
        }
        other = TrainState(state.config.model_copy(update=sections))
        other_step, copied = compile_step(other), []

        def run(number, real):
            if not copied:
                copied.append(copy(state, other))
            scalars = other_step(real)
            copy(other, state)
            return scalars

        return run

    return sabotage


def copy(source: TrainState, target: TrainState) -> None:
    """Copy everything that training changes."""
    for name, variable in target.named_variables.items():
        variable.assign(np.asarray(source.named_variables[name]))


def from_step(first: int, sabotage: Sabotage) -> Sabotage:
    """Leave the run alone until a step."""

    def late(state, step):
        sabotaged = sabotage(state, step)
        return lambda number, real: step(real) if number < first else sabotaged(number, real)

    return late


def repeated(count: int) -> Callable:
    """Return a function that makes a training set of a few of its images, many times."""
    return lambda images: np.repeat(np.asarray(images[:count]), 64, 0)


def black(images) -> np.ndarray:
    """Return a training set of black images."""
    return np.zeros((256, *images.shape[1:]), "uint8")


def _run(version: str, width: float, batch: int, *more: str) -> list[str]:
    """Return the arguments of a small run."""
    return [
        f"version={version}",
        f"model.width={width}",
        f"training.batch_size={batch}",
        *more,
    ]


def _rates(generator: float, discriminator: float | None = None) -> list[str]:
    return [f"generator.rate={generator}", f"discriminator.rate={discriminator or generator}"]


_BLOG = _run("blog", 0.125, 16)
_R3GAN = _run("r3gan", 0.015625, 8)
_V3 = _run("v3", 0.125, 16)
_V5 = _run("v5", 0.0625, 16)
_RESIZE = _run("dcgan_resize", 0.125, 16, "generator.rate=2e-4")
_WGAN_GP = _run("wgan_gp", 0.0625, 16)
_PAIRED = [
    "objective.name=relativistic",
    "objective.penalties=[r1,r2]",
    "objective.gamma=5",
    *_rates(1e-3),
]

FAILING = {
    "huge rates, v5": Case([*_V5, *_rates(0.02)], 900),
    "huge rates, blog": Case([*_BLOG, *_rates(0.02)], 900),
    "discriminator's rate huge": Case([*_BLOG, *_rates(2e-4, 2e-2)], 900),
    "generator's rate huge": Case([*_BLOG, *_rates(3e-2, 2e-4)], 900),
    "strong discriminator, no noise": Case(
        [*_V3, *_rates(2e-4, 3e-3), "training.label_noise=0"], 900
    ),
    "one image": Case(_R3GAN, 700, images=repeated(1)),
    "three images": Case(_R3GAN, 700, images=repeated(3)),
    "black images": Case(_BLOG, 900, images=black),
    "tiny generator": Case(_run("blog", 0.008, 16), 900),
    "one latent number": Case([*_R3GAN, "model.latent_dim=1"], 700),
    "fakes labeled real": Case(_BLOG, 900, fakes_labeled_real),
    "frozen discriminator, v3": Case(_V3, 900, frozen("discriminator")),
    "frozen discriminator, r3gan": Case(_R3GAN, 700, frozen("discriminator")),
    "frozen generator": Case(_BLOG, 900, frozen("generator")),
    "images not scaled": Case(_R3GAN, 700, unscaled),
    "momentum 0.99": Case(
        [*_BLOG, "generator.beta1=0.99", "discriminator.beta1=0.99", *_rates(2e-3)], 900
    ),
    "critic not bounded": Case(
        _run("wgan", 0.0625, 16, "discriminator.weight_clip=1", *_rates(5e-3)), 500
    ),
    "many critic updates": Case([*_BLOG, "training.n_critic=5", "discriminator.rate=2e-3"], 500),
    "penalty of 10,000": Case([*_R3GAN, "objective.gamma=10000"], 700),
    "labels all noise": Case([*_V3, "training.label_noise=1"], 900),
    "rates times 60 at step 300": Case(_R3GAN, 700, from_step(300, rates_times(60))),
    "discriminator freezes at 300": Case(_R3GAN, 700, from_step(300, frozen("discriminator"))),
    "fakes labeled real at 300": Case(_R3GAN, 700, from_step(300, fakes_labeled_real)),
    "rates of 1": Case([*_V3, *_rates(1)], 900),
}
HEALTHY = {
    "r3gan": Case(_R3GAN, 700),
    "r3gan, wider, seed 1": Case(_run("r3gan", 0.03125, 8, "training.seed=1"), 700),
    "r3gan, mirrored, batch 16": Case(
        _run("r3gan", 0.015625, 16, "data.x_flip=true", "training.seed=3"), 600
    ),
    "blog": Case(_BLOG, 1200),
    "blog, seed 2": Case([*_BLOG, "training.seed=2"], 1000),
    "blog, batch 32": Case(_run("blog", 0.125, 32), 700),
    "blog, half the rates": Case([*_BLOG, *_rates(1e-4)], 1500),
    "dcgan_resize": Case(_RESIZE, 900),
    "dcgan_resize, seed 1": Case([*_RESIZE, "training.seed=1"], 900),
    "dcgan_resize, EMA": Case([*_RESIZE, "training.ema_kimg=1", "training.seed=2"], 900),
    "dcgan_resize, augmented": Case(
        [*_RESIZE, "augment.policy=[translation,cutout]", "training.seed=3"], 900
    ),
    "dcgan_resize, R1": Case([*_RESIZE, "objective.penalties=[r1]", "objective.gamma=1"], 700),
    "dcgan_even": Case(_run("dcgan_even", 0.125, 16, "generator.rate=2e-4"), 1000),
    "dcgan": Case(_run("dcgan", 0.125, 16, "generator.rate=2e-4"), 1400),
    "oulu": Case(_run("oulu", 0.125, 16), 1400),
    "v1": Case(_run("v1", 0.25, 16), 1500),
    "v2": Case(_run("v2", 0.25, 16), 2000),
    "v3": Case(_V3, 2000),
    "wgan_gp": Case([*_WGAN_GP, *_rates(1e-3)], 700),
    "wgan_gp, paired": Case([*_WGAN_GP, "training.n_critic=1", *_PAIRED], 900),
    "sagan, paired": Case(_run("sagan", 0.03125, 8, *_PAIRED), 700),
}
