"""Grouped convolution."""

import numpy as np
import pytest
from keras import layers

from anime_gan.networks.layers.grouped import PARTS, GroupedConv

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("groups", [2, PARTS + 2])
def test_grouped_convolution_equals_keras(groups):
    """With a convolution for each group, and with several groups in each convolution."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2, 5, 5, groups * 16)).astype("float32")
    ours = GroupedConv(groups * 16, 3, padding="same", groups=groups)
    keras_own = layers.Conv2D(groups * 16, 3, padding="same", groups=groups)
    ours.build(x.shape), keras_own.build(x.shape)
    ours.bias.assign(draw.normal(size=groups * 16))
    for weight, other in zip(keras_own.weights, ours.weights, strict=True):
        weight.assign(other)
    np.testing.assert_allclose(np.array(ours(x)), np.array(keras_own(x)), atol=1e-5)
