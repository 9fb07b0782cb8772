"""Projection makes the perceptual distance small."""

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator
from anime_gan.generation.projection import project
from anime_gan.networks import NETWORKS
from tests.generation.test_generator import noisy_generator

pytestmark = pytest.mark.backends


def test_an_image_of_the_generator_is_approached():
    """From the mean towards an image that can be made: the distance falls well below its start."""
    generator = Generator(noisy_generator("stylegan2"))
    target = generator.images_from_seeds([3])[0]
    w, distances = project(generator, target, 40)
    assert w.shape == (41, 8) and distances.shape == (41,)
    np.testing.assert_array_equal(w[0], generator.mean_w)
    assert distances[-1] < 0.5 * distances[0]


def test_projection_needs_styles():
    """One sentence names the versions that have them."""
    plain = Generator(NETWORKS["dcgan"][0](16, 3, 8, 0.02))
    with pytest.raises(UserError, match="stylegan"):
        project(plain, np.zeros((16, 16, 3), "uint8"), 1)
