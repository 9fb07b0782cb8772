"""Walks: they loop, and keep to the latents or w that images are made from."""

import numpy as np
import pytest

from anime_gan import networks
from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator
from anime_gan.generation.walk import arc, chord, closed, walk
from anime_gan.networks.latents import latents_from_seeds
from tests.generation.test_generator import noisy_generator


def test_an_arc_keeps_the_length_of_latents_and_closes():
    """It passes its seeds, returns, loops without a stop, and never crosses the empty middle."""
    ends = latents_from_seeds([3, 8, 5], 100)
    way = closed(ends, 10, arc)
    assert way.shape == (30, 100) and way.dtype == np.float32
    np.testing.assert_allclose(way[::10], ends, atol=1e-5)
    lengths = np.linalg.norm(way, axis=1)
    assert lengths.min() > 0.95 * np.linalg.norm(ends, axis=1).min()
    steps = np.linalg.norm(np.diff([*way, way[0]], axis=0), axis=1)
    assert steps.min() > 0  # no frame twice, also where the loop closes
    assert steps[4] > 3 * steps[0]  # slow at the ends
    same = closed(latents_from_seeds([3, 3], 100), 4, arc)
    np.testing.assert_allclose(same, np.tile(ends[:1], (8, 1)), atol=1e-6)


def test_a_chord_is_straight():
    """Half-way it is at the mean of both ends."""
    way = closed(np.array([[0.0, 2.0], [4.0, 0.0]]), 10, chord)
    np.testing.assert_allclose(way[5], [2.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(way[15], [2.0, 1.0], atol=1e-6)


def test_a_walk_is_a_chord_in_w_or_an_arc_in_z():
    """By default in w where there are styles; truncated either way."""
    styled = Generator(noisy_generator("stylegan"))
    in_w = walk(styled, [1, 2], 4, 0.5)
    np.testing.assert_array_equal(in_w, closed(styled.w([1, 2], 0.5), 4, chord))
    in_z = walk(styled, [1, 2], 4, 0.5, "z")
    z = closed(styled.latents([1, 2]), 4, arc)
    np.testing.assert_array_equal(in_z, styled.w_from_latents(z, 0.5))
    assert not np.allclose(in_z, in_w)
    plain = Generator(networks.NETWORKS["dcgan"][0](16, 3, 8, 0.02))
    np.testing.assert_array_equal(walk(plain, [1, 2], 4), closed(plain.latents([1, 2]), 4, arc))
    with pytest.raises(UserError, match="stylegan"):
        walk(plain, [1, 2], 4, space="w")
