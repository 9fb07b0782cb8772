"""R3GAN's own layers."""

import numpy as np
import pytest
from keras import layers

from anime_gan.networks.r3gan import GROUP, PARTS, GroupedConv

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("groups", [2, PARTS + 2])
def test_a_grouped_convolution_is_that_of_keras(groups):
    """Each group by its own whole convolution, or, of many, some groups together."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2, 5, 5, groups * GROUP)).astype("float32")
    ours = GroupedConv(groups * GROUP, 3, padding="same", groups=groups)
    keras_own = layers.Conv2D(groups * GROUP, 3, padding="same", groups=groups)
    ours.build(x.shape), keras_own.build(x.shape)
    ours.bias.assign(draw.normal(size=groups * GROUP))
    for weight, other in zip(keras_own.weights, ours.weights, strict=True):
        weight.assign(other)
    np.testing.assert_allclose(np.array(ours(x)), np.array(keras_own(x)), atol=1e-5)
