"""The operations of a step: that the floor counts them right, and that none is there in vain."""

import keras
import numpy as np
import pytest

from anime_gan import backend
from anime_gan.training.step import train_discriminator, train_generator
from benchmarks import floor
from tests.training.test_step import tiny

pytestmark = pytest.mark.backends


def counted(gan, half, paid=True) -> tuple:
    """Convolutions and operations of a half of the step."""
    size, batch = gan.config.model.resolution, gan.config.training.batch_size
    real = np.zeros((batch, size, size, 3), "float32")
    return backend.count_operations(lambda real: half(gan, real, paid), gan.variables, real)


def convolutions(model) -> int:
    """How many layers of a network are such."""
    kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    return sum(isinstance(layer, kinds) for layer in model.layers)


def test_a_step_goes_no_way_twice():
    """v5 and r3gan: a convolution there, its two slopes back; with R1 and R2 three more, no seven.

    The first layer of the discriminator needs no slope of its input, and its weights none in the
    generator's half; the pictures that r3gan's pairs compare only go there.
    """
    for version, extra, paired in (("v5", 0, 0), ("r3gan", 3, 1)):
        gan = tiny(version, "model.resolution=16" if paired else "model.resolution=32")
        g, d = convolutions(gan.generator), convolutions(gan.discriminator)
        assert counted(gan, train_discriminator)[0] == g + (3 + extra) * d - 1
        assert counted(gan, train_generator)[0] == 3 * g + (2 + paired) * d


@pytest.mark.slow
def test_penalties_now_and_then_cost_nothing_in_between():
    """stylegan2: with R1 or lengths of paths there is more to do, without there is none of it."""
    gan = tiny("stylegan2", "model.resolution=16")
    for half in (train_discriminator, train_generator):
        assert counted(gan, half, False)[0] < counted(gan, half, True)[0]


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="TensorFlow does not count them")
@pytest.mark.parametrize("version", ["v5", "r3gan"])
def test_the_floor_is_what_the_compiler_counts(version):
    """To 15%: the compiler leaves out what falls on padding, and takes in what is no product."""
    gan = tiny(version, "model.resolution=32", "training.batch_size=2", "augment.policy=[]")
    for half, count in (
        (train_discriminator, floor.discriminator_gflops),
        (train_generator, floor.generator_gflops),
    ):
        assert count(gan, True) == pytest.approx(counted(gan, half)[1] / 1e9, rel=0.15)
