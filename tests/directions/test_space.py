"""Coordinates in which latents are uncorrelated and of variance 1."""

import numpy as np

from anime_gan.directions.components import principal_directions, weight_directions
from anime_gan.directions.space import Space
from anime_gan.generation.generator import Generator
from tests.export.networks import tiny_generator
from tests.generation.test_labels import conditional


def test_latents_are_their_own_coordinates():
    """Where there is no mapping network."""
    generator = tiny_generator("r3gan")
    z = generator.latents(range(20))
    space = Space(generator, z)
    np.testing.assert_array_equal(space.coordinates(z), z)
    np.testing.assert_array_equal(space.vector(np.eye(8)[2]), np.eye(8)[2])


def test_labels_are_no_coordinates():
    """The last numbers of a latent, where a generator takes labels, belong to these."""
    generator = Generator(conditional("dcgan"))
    assert generator.normal_dim == 8 < generator.latent_dim
    space = Space(generator, generator.latents(range(20)))
    assert space.coordinates(generator.latents([3])).shape == (1, 8)
    assert not space.vector(np.ones(8))[8:].any()
    free = [*principal_directions(generator, 9), *weight_directions(generator, None, 9)]
    for direction in free:
        np.testing.assert_allclose(np.linalg.norm(direction.vector), 1, rtol=1e-5)
        assert not direction.vector[8:].any()


def test_coordinates_of_w_are_uncorrelated():
    """Of variance 1, the largest component first; a step there and back is the same step."""
    generator = tiny_generator("stylegan2")
    w = generator.w(range(2_000))
    space = Space(generator, w)
    found = space.coordinates(w)
    np.testing.assert_allclose(np.cov(found.T), np.eye(found.shape[1]), atol=1e-3)
    lengths = np.linalg.norm(space.basis, axis=1)
    assert (np.diff(lengths) <= 0).all() and found.shape[1] <= 8
    step = np.random.default_rng(0).standard_normal(found.shape[1])
    np.testing.assert_allclose(space.direction(space.vector(step)), step, atol=1e-3)
    moved = space.coordinates(w + space.vector(step)) - found
    np.testing.assert_allclose(moved, np.broadcast_to(step, moved.shape), atol=1e-3)
