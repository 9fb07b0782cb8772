"""The directions of a generator: found, measured and named."""

import keras
import numpy as np
import pytest

from anime_gan.config.versions import VERSIONS
from anime_gan.directions.find import find_directions
from anime_gan.directions.measures import MEASURES
from anime_gan.directions.reading import PLAIN, words
from anime_gan.generation.generator import Generator
from tests.conftest import SLOW_ON_JAX
from tests.export.networks import tiny_generator
from tests.generation.test_labels import conditional

pytestmark = pytest.mark.backends
FEW = 400  # faces


@pytest.fixture(scope="module")
def painter():
    """A gray face: z[0] lightens its hair, z[1] darkens its eyes, z[2] does both."""
    y, x = (np.mgrid[:64, :64] + 0.5) * 100 / 64
    hair, eyes = y < 30, (abs(y - 55) < 5) & (abs(abs(x - 50) - 13) < 5)
    face = np.full((64, 64, 3), 0.8)
    face[hair], face[eyes] = -0.6, 0.4
    kernel = np.zeros((6, 64, 64, 3))
    kernel[0, hair], kernel[1, eyes] = 0.05, -0.05
    kernel[2] = (kernel[0] + kernel[1]) / 2
    z = keras.Input((6,))
    x = keras.layers.Dense(64 * 64 * 3, name="paint")(z)
    x = keras.layers.Reshape((64, 64, 3))(x)
    network = keras.Model(z, keras.layers.ZeroPadding2D(0)(x))
    network.get_layer("paint").set_weights([kernel.reshape(6, -1), face.reshape(-1)])
    return Generator(network)


@pytest.fixture(scope="module")
def found(painter):
    """Its directions."""
    return find_directions(painter, "abc", FEW)


def test_directions_are_named_after_the_measure_that_they_change(found):
    """The one of the hair leaves the eyes as they are, although z[2] changes both."""
    hair, eyes = (found.called(name).vector for name in ("hair", "eyes"))
    for vector in (hair, eyes):
        np.testing.assert_allclose(np.linalg.norm(vector), 1, rtol=1e-5)
    assert hair[0] > 0.8 and abs(hair[1] + hair[2] / 2) < 0.2
    assert eyes[1] > 0.8 and abs(eyes[0] + eyes[2] / 2) < 0.2
    names = [x.name for x in found.directions]
    assert "pose" not in names and "tilt" not in names  # which do not change
    effects = dict(zip(found.measures, found.effects[names.index("hair")], strict=True))
    assert effects["hair"] > 0.5 and abs(effects["eyes"]) < 0.15
    assert found.agreement[names.index("hair")] > 0.95


def test_directions_without_labels_are_named_by_what_they_change(found):
    """The first component is the one that changes most; of two that are equal, one is kept."""
    free = [x for x in found.directions if x.method != "fitted"]
    assert {x.method for x in free} <= {"GANSpace", "SeFa"}
    assert any(x.text.startswith("hair: dark to light") for x in free)
    vectors = np.stack([x.vector for x in free])
    same = abs(vectors @ vectors.T) - np.eye(len(free))
    assert same.max() < 0.71
    assert found.weights == "abc" and found.effects.shape == (len(found.directions), len(MEASURES))


def test_the_same_directions_each_time(painter, found):
    """To the last bit."""
    again = find_directions(painter, "abc", FEW)
    assert [x.name for x in again.directions] == [x.name for x in found.directions]
    for one, other in zip(again.directions, found.directions, strict=True):
        np.testing.assert_array_equal(one.vector, other.vector)
    np.testing.assert_array_equal(again.effects, found.effects)


def test_a_word_has_a_direction_of_its_own(painter, found):
    """If a reader reads it in some faces but not in nearly all; it is named after the word."""

    def read(images):
        light = images[:, :15].mean(axis=(1, 2, 3)) > 54
        return np.column_stack([light, ~light, np.zeros(len(images), bool)])

    without_words = found
    readings = [PLAIN, words("hair", ("white", "black", "blue"), read)]
    found = find_directions(painter, "", FEW, readings)
    names = [x.name for x in found.directions]
    assert "hair-white" in names and "hair-blue" not in names
    white = found.called("hair-white")
    assert white.text == "hair: other to white" and white.vector[0] > 0.8
    for name in ("hair", "eyes"):  # words change nothing in the other directions
        plain = without_words.called(name)
        np.testing.assert_allclose(found.called(name).vector, plain.vector, atol=1e-6)


@pytest.mark.parametrize(
    ("version", "override"),
    [
        ("r3gan", "model.channels=1"),
        ("dcgan", "model.latent_dim=1"),
        pytest.param("stylegan2", "model.channels=1", marks=SLOW_ON_JAX),
        *(pytest.param(v, "model.latent_dim=6", marks=pytest.mark.slow) for v in VERSIONS),
    ],
)
def test_every_version_has_directions(version, override):
    """Also gray and untrained ones, and those of few dimensions."""
    generator = tiny_generator(version, override)
    found = find_directions(generator, "", 100)
    methods = {x.method for x in found.directions}
    assert methods & {"GANSpace", "SeFa"}  # of equal ones, which of both is kept is open
    assert len({x.name for x in found.directions}) == len(found.directions)
    for direction in found.directions:
        assert direction.vector.shape == (generator.latent_dim,)
        assert np.isfinite(direction.vector).all() and direction.vector.any()
        assert (direction.layers is not None) <= generator.has_styles
    assert np.isfinite(found.effects).all()


@pytest.mark.parametrize("version", ["dcgan", pytest.param("stylegan2", marks=pytest.mark.slow)])
def test_directions_change_no_label(version):
    """Of a generator that takes labels, whose latents end with them."""
    generator = Generator(conditional(version))
    found = find_directions(generator, "", 100)
    assert found.directions
    for direction in found.directions:
        assert direction.vector.shape == (generator.latent_dim,) and direction.vector.any()
        if not generator.has_styles:
            assert not direction.vector[generator.normal_dim :].any()
