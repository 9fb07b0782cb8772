"""The perceptual distance is the evaluation network's, and projection makes it small."""

import numpy as np
import onnx
import onnxruntime
import pytest
from keras import ops

from anime_gan.features import lite0
from anime_gan.features.perceptual import Perceptual
from anime_gan.generation.generator import Drawer
from anime_gan.generation.projection import project
from tests.generation.test_generator import noisy_generator

pytestmark = pytest.mark.backends


def test_features_are_the_evaluation_networks():
    """The same maps as the ONNX graph computes, at every depth that is compared."""
    perceptual = Perceptual()
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 128, 128, 3)).astype("float32")
    found = perceptual.features(ops.convert_to_tensor(pictures))
    model = lite0.build()
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in perceptual._kept)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    taken = (lite0.HIGH + lite0.LOW) / 2 + (lite0.HIGH - lite0.LOW) / 2 * pictures
    expected = session.run(None, {"pictures": taken.transpose(0, 3, 1, 2).astype("float32")})
    assert [maps.shape[1] for maps in found] == [64, 32, 16, 8]
    for maps, theirs in zip(found, expected, strict=True):
        theirs = theirs.transpose(0, 2, 3, 1)
        theirs = theirs / np.sqrt((theirs**2).sum(axis=3, keepdims=True) + 1e-6)
        np.testing.assert_allclose(ops.convert_to_numpy(maps), theirs, atol=2e-3)
    same = perceptual.distances(found, found)
    assert np.allclose(ops.convert_to_numpy(same), 0)


def test_a_face_of_the_generators_own_is_approached():
    """From the mean towards a face that can be made: the distance falls well below its start."""
    drawer = Drawer(noisy_generator("stylegan2"))
    target = drawer.faces([3])[0]
    found = project(drawer, target, 40)
    assert found.codes.shape == (41, drawer.dim) and found.distances.shape == (41,)
    np.testing.assert_array_equal(found.codes[0], drawer.mean)
    assert found.distances[-1] < 0.5 * found.distances[0]
