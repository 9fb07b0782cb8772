"""What is measured of generated pictures moves the way it must."""

import keras
import numpy as np
import pytest

from anime_gan.data import demo
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import measures
from anime_gan.metrics.reference import ReferenceSet
from tests.training.test_step import tiny

draw = np.random.default_rng(0)


@pytest.fixture(scope="module")
def drawn():
    """240 drawn faces."""
    return demo.draw_faces(240, 64)


@pytest.fixture
def reals(drawn, tmp_path):
    """120 of them as the real pictures."""
    return ReferenceSet(drawn[:120], "key", tmp_path, 100)


def network():
    """Mean colours of a 4x4 grid: a network whose opinion needs no weights."""

    def run(pictures):
        return pictures.reshape(-1, 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(len(pictures), -1)

    return FeatureNetwork("grid", 16, 0, 1, run)


def of(pictures, reals):
    """The results for some generated pictures."""
    own = network()
    made = {side: own.features(pictures, side) for side in measures.SIDES}
    return measures.compare(made, reals, own)


def test_more_faces_like_these_are_at_the_floor_and_others_are_not(drawn, reals):
    """Also when both sides are shrunk; what is no face and what shows one face are far."""
    sound = of(drawn[120:], reals)
    for pictures in (draw.integers(0, 256, (120, 64, 64, 3), "uint8"), drawn[:1].repeat(120, 0)):
        other = of(pictures, reals)
        for view in ("whole", "coarse"):
            assert other[view]["frechet"] > 3 * sound[view]["frechet"]
            assert other[view]["kernel"] > sound[view]["kernel"] + sound[view]["kernel_error"]
            assert other[view]["coverage"] < 0.5 * sound[view]["coverage"]
    assert sound["whole"]["frechet"] < 2 * sound["whole"]["floor"]["frechet"]
    assert sound["resize"] == {"whole": "bicubic to 16", "coarse": "box to 24, bicubic to 16"}
    assert sound["count"] == 60


def test_copies_are_told(drawn, reals):
    """In pixels and in features; other faces of the same kind are none."""
    own = network()
    for some, copied in ((drawn[120:], False), (drawn[:120], True)):
        for made, by in ((some, None), (own.features(some, measures.COARSE), own)):
            found, verdict = measures.copies(made, reals, by)
            assert verdict.copied is copied, str(verdict)
    assert (found.index == np.arange(120)).mean() > 0.9


def test_kinds_of_drawn_faces(drawn, reals):
    """One face covers one kind and diverges; as many real ones are the floor."""
    sound, one = (measures.kinds(p, reals) for p in (drawn[120:], drawn[:1].repeat(60, 0)))
    assert one["coverage"] < 0.1 * sound["coverage"] and one["divergence"] > sound["divergence"]
    assert sound["floor"]["coverage"] > 0 and sound["count"] == 60


@pytest.mark.backends
@pytest.mark.parametrize("version", ["v5", "oulu", "dragan", "wgan"])
def test_discriminator_scores(version):
    """Against NumPy, for labels either way round, logits, and a critic, which has no zero."""
    gan = tiny(version)
    size = gan.config.model.resolution
    real, fake = (draw.integers(0, 256, (9, size, size, 3), "uint8") for _ in range(2))
    result = measures.discriminator_scores(gan, fake, real)
    for kind, pictures in (("real", real), ("fake", fake)):
        scores = keras.ops.convert_to_numpy(
            gan.discriminator(pictures.astype("float32") / 127.5 - 1, training=False)
        ).astype("float64")
        assert result[f"{kind}_score"] == pytest.approx(scores.mean(), rel=1e-4)
        if version == "wgan":
            assert set(result) == {"real_score", "fake_score"}
            continue
        p = 1 / (1 + np.exp(-scores)) if version == "dragan" else scores
        label = (kind == "real") != (version == "v5")
        right = p > 0.5 if label else p <= 0.5
        assert result[f"{kind}_accuracy"] == pytest.approx(right.mean())
        expected = -np.log(p if label else 1 - p).mean()
        assert result[f"{kind}_cross_entropy"] == pytest.approx(expected, rel=1e-3)
