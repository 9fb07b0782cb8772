"""The perceptual distance is computed from the feature network's maps."""

import numpy as np
import onnx
import pytest
from keras import ops

from anime_gan.features import lite0
from anime_gan.features.onnx_runtime import open_onnx
from anime_gan.features.perceptual import Perceptual

pytestmark = pytest.mark.backends


def test_features_are_the_feature_networks():
    """The same maps as ONNX Runtime computes, at every depth that is compared."""
    images = np.random.default_rng(0).uniform(-1, 1, (2, 128, 128, 3)).astype("float32")
    perceptual = Perceptual()
    found = perceptual.features(ops.convert_to_tensor(images))
    assert [maps.shape[1] for maps in found] == [64, 32, 16, 8]
    model = lite0.onnx_model()
    halving = [
        node
        for node in model.graph.node
        if any(a.name == "strides" and a.ints[0] == 2 for a in node.attribute)
    ]
    middle, half = (lite0.HIGH + lite0.LOW) / 2, (lite0.HIGH - lite0.LOW) / 2
    for maps, node in zip(found, halving[1:], strict=True):
        del model.graph.output[:]
        model.graph.output.append(onnx.ValueInfoProto(name=node.input[0]))
        expected = open_onnx(model)((middle + half * images).astype("float32"))
        expected = expected.transpose(0, 2, 3, 1)
        expected = expected / np.sqrt((expected**2).sum(axis=3, keepdims=True) + 1e-6)
        np.testing.assert_allclose(ops.convert_to_numpy(maps), expected, atol=2e-3)
    assert np.allclose(ops.convert_to_numpy(perceptual.distances(found, found)), 0)


def test_smaller_images_are_enlarged_and_gray_ones_repeated():
    """Both are what the network would take otherwise."""
    perceptual = Perceptual()
    gray = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 1)).astype("float32")
    color = ops.convert_to_tensor(np.repeat(gray, 3, axis=3))
    large = ops.image.resize(color, (128, 128), interpolation="bilinear")
    expected = perceptual.features(large)
    for other in (color, ops.convert_to_tensor(gray)):
        distances = perceptual.distances(expected, perceptual.features(other))
        np.testing.assert_allclose(ops.convert_to_numpy(distances), 0, atol=1e-6)
