"""Projection makes the perceptual distance small."""

import numpy as np
import pytest

from anime_gan.generation.generator import Drawer
from anime_gan.generation.projection import project
from tests.generation.test_generator import noisy_generator

pytestmark = pytest.mark.backends


def test_a_face_of_the_generators_own_is_approached():
    """From the mean towards a face that can be made: the distance falls well below its start."""
    drawer = Drawer(noisy_generator("stylegan2"))
    target = drawer.faces([3])[0]
    found = project(drawer, target, 40)
    assert found.codes.shape == (41, drawer.dim) and found.distances.shape == (41,)
    np.testing.assert_array_equal(found.codes[0], drawer.mean)
    assert found.distances[-1] < 0.5 * found.distances[0]
