"""Runs that are made to fail in different ways, and runs that are meant to be sound.

They are small and short, so that all of them take an hour on two cores. Whether one of them failed
is not decided here: what its faces cover at the end says it (tests/robustness/monitor.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from anime_gan import backend

backend.start()

import numpy as np

from anime_gan import networks
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

# A step, and what is made of it: from (step number, real pictures) to scalars.
Wreck = Callable[[TrainState, Callable], Callable]


@dataclass(frozen=True)
class Case:
    """A run: its arguments, its steps, what is done to its step and to its pictures."""

    arguments: list[str]
    steps: int
    wreck: Wreck | None = None
    pictures: Callable | None = None


def frozen(network: str) -> Wreck:
    """Train one network only, as the report's own loop does on Keras 3."""

    def wreck(gan, step):
        variables = list(getattr(gan, network).variables)

        def run(number, real):
            kept = [np.array(variable) for variable in variables]
            scalars = step(real)
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)
            return scalars

        return run

    return wreck


def fakes_called_real(gan, step):
    """Give the discriminator generated pictures for real ones: a broken label."""

    def run(number, real):
        size = (len(real), gan.generator.input_shape[1])
        latents = np.random.default_rng(number).standard_normal(size).astype("float32")
        return step(np.asarray(gan.generator(latents, training=False)))

    return run


def unscaled(gan, step):
    """Give the discriminator bytes in place of values in [-1, 1]."""
    return lambda number, real: step((real + 1) * 127.5)


def rates_times(factor: float) -> Wreck:
    """Go on with both rates times a factor."""

    def wreck(gan, step):
        own = {}

        def run(number, real):
            if not own:
                sections = {
                    name: getattr(gan.config, name).model_copy(
                        update={"rate": factor * np.max(getattr(gan.config, name).rate)}
                    )
                    for name in ("generator", "discriminator")
                }
                version = networks.get_version(gan.config.version)
                other = TrainState.create(gan.config.model_copy(update=sections))
                for name, variable in other.named_variables.items():
                    variable.assign(np.array(gan.named_variables[name]))
                own.update(gan=other, step=compile_step(other))
            scalars = own["step"](real)
            for name, variable in own["gan"].named_variables.items():
                gan.named_variables[name].assign(np.array(variable))
            return scalars

        return run

    return wreck


def from_step(begin: int, wreck: Wreck) -> Wreck:
    """Leave the run alone until a step."""

    def late(gan, step):
        wrecked = wreck(gan, step)
        return lambda number, real: step(real) if number < begin else wrecked(number, real)

    return late


def repeated(count: int) -> Callable:
    """Return a training set of a few pictures, many times."""
    return lambda pictures: np.repeat(np.asarray(pictures[:count]), 64, 0)


def black(pictures) -> np.ndarray:
    """Return a training set of black pictures."""
    return np.zeros((256, *pictures.shape[1:]), "uint8")


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
    "one picture": Case(_R3GAN, 700, pictures=repeated(1)),
    "three pictures": Case(_R3GAN, 700, pictures=repeated(3)),
    "black pictures": Case(_BLOG, 900, pictures=black),
    "tiny generator": Case(_run("blog", 0.008, 16), 900),
    "one latent number": Case([*_R3GAN, "model.latent_dim=1"], 700),
    "broken label": Case(_BLOG, 900, fakes_called_real),
    "frozen discriminator, v3": Case(_V3, 900, frozen("discriminator")),
    "frozen discriminator, r3gan": Case(_R3GAN, 700, frozen("discriminator")),
    "frozen generator": Case(_BLOG, 900, frozen("generator")),
    "pictures not scaled": Case(_R3GAN, 700, unscaled),
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
    "label breaks at step 300": Case(_R3GAN, 700, from_step(300, fakes_called_real)),
    "rates of 1": Case([*_V3, *_rates(1)], 900),
}
SOUND = {
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
    "dcgan_resize, averaged": Case([*_RESIZE, "training.ema_kimg=1", "training.seed=2"], 900),
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
