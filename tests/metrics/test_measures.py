"""What is measured changes as it must when generated images get worse."""

import keras
import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.config.scores import SCALES
from anime_gan.data import demo
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import measures
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.networks.build import build

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def faces():
    """240 built-in faces."""
    return demo.draw_faces(240, 64)


@pytest.fixture
def reference(faces, tmp_path):
    """120 of them as the reference set."""
    return ReferenceSet(faces[:120], "key", tmp_path, 100)


def network():
    """A feature network without weights: mean colors of a 4x4 grid."""

    def forward(images):
        return images.reshape(-1, 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(len(images), -1)

    return FeatureNetwork("grid", 16, 0, 1, forward)


def compared(images, reference):
    """The distances of generated images."""
    grid = network()
    features = {side: grid.features(images, side) for side in measures.SIDES}
    return measures.compare(features, reference, grid)


def test_more_built_in_faces_are_as_near_as_real_ones_and_others_are_not(faces, reference):
    """In both views; random bytes, and one face repeated, are far."""
    near = compared(faces[120:], reference)
    for images in (rng.integers(0, 256, (120, 64, 64, 3), "uint8"), faces[:1].repeat(120, 0)):
        far = compared(images, reference)
        for view in ("whole", "coarse"):
            assert far[view]["frechet"] > 3 * near[view]["frechet"]
            assert far[view]["kernel"] > near[view]["kernel"] + near[view]["kernel_error"]
            assert far[view]["coverage"] < 0.5 * near[view]["coverage"]
    assert near["whole"]["frechet"] < 2 * near["whole"]["real_vs_real"]["frechet"]
    assert near["resize"] == {"whole": "bicubic to 16", "coarse": "box to 24, bicubic to 16"}
    assert near["count"] == 60


def test_copies_are_found(faces, reference):
    """In pixels and in features; other built-in faces are no copies."""
    grid = network()
    for images, copied in ((faces[120:], False), (faces[:120], True)):
        for values, by in ((images, None), (grid.features(images, measures.COARSE), grid)):
            index, _, verdict = measures.copies(values, reference, by)
            assert verdict.copied is copied, str(verdict)
    assert (index == np.arange(120)).mean() > 0.9


def test_attributes_of_built_in_faces(faces, reference):
    """One face repeated shows one combination and diverges; real vs real has as many images."""
    varied, one = (measures.kinds(x, reference) for x in (faces[120:], faces[:1].repeat(60, 0)))
    assert one["coverage"] < 0.1 * varied["coverage"] and one["divergence"] > varied["divergence"]
    assert varied["real_vs_real"]["coverage"] > 0 and varied["count"] == 60


@pytest.mark.backends
@pytest.mark.parametrize("version", ["v5", "oulu", "dragan", "wgan"])
def test_discriminator_scores(version):
    """As in NumPy: labels either way round, logits, and a critic, which has no threshold."""
    overrides = ["model.width=0.03", "model.latent_dim=8", f"version={version}"]
    config = load_config(None, overrides)
    discriminator = build(config).discriminator
    size = config.model.resolution
    real, fake = (rng.integers(0, 256, (9, size, size, 3), "uint8") for _ in range(2))
    scale = SCALES[config.objective.name]
    result = measures.discriminator_scores(discriminator, scale, fake, real, 4)
    for kind, images in (("real", real), ("fake", fake)):
        scores = keras.ops.convert_to_numpy(
            discriminator(images.astype("float32") / 127.5 - 1, training=False)
        ).astype("float64")
        assert result[f"{kind}_score"] == pytest.approx(scores.mean(), rel=1e-4)
        if version == "wgan":
            assert set(result) == {"real_score", "fake_score"}
            continue
        p = 1 / (1 + np.exp(-scores)) if version == "dragan" else scores
        label = (kind == "real") != (version == "v5")
        correct = p > 0.5 if label else p <= 0.5
        assert result[f"{kind}_accuracy"] == pytest.approx(correct.mean())
        expected = -np.log(p if label else 1 - p).mean()
        assert result[f"{kind}_cross_entropy"] == pytest.approx(expected, rel=1e-3)
