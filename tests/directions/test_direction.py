"""The file of a generator's directions: the same again, and only for the same weights."""

import numpy as np
import pytest

from anime_gan.directions.direction import (
    Direction,
    Directions,
    load_directions,
    path_beside,
)
from anime_gan.errors import UserError
from anime_gan.files import sha256


@pytest.fixture
def weights(tmp_path):
    """A file in the place of a generator's."""
    path = tmp_path / "generator_500.keras"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def directions(weights):
    """Two directions of these weights, one of some layers."""
    pair = [
        Direction("hair", np.array([1, 2, 3], "float32"), None, "hair: dark to light", "fitted"),
        Direction("s1", np.array([0, -1, 0], "float32"), (0, 1), "", "SeFa"),
    ]
    numbers = {"spreads": np.ones(4), "effects": np.eye(2, 4), "agreement": np.array([1, 0.5])}
    return Directions(pair, ["hair", "pose", "eyes", "skin"], **numbers, weights=sha256(weights))


def test_directions_are_loaded_as_they_were_saved(weights, directions):
    """From a file named after the weights; saving them again gives the same bytes."""
    path = path_beside(weights)
    assert path.name == "directions_generator_500.npz"
    assert load_directions(weights) is None
    directions.save(path)
    data = path.read_bytes()
    found = load_directions(weights)
    for one, other in zip(found.directions, directions.directions, strict=True):
        assert (one.name, one.layers, one.text, one.method) == (
            (other.name, other.layers, other.text, other.method)
        )
        np.testing.assert_array_equal(one.vector, other.vector)
    np.testing.assert_array_equal(found.effects, directions.effects)
    assert found.measures == directions.measures
    directions.save(path)
    assert path.read_bytes() == data
    assert found.called("hair").label == "hair: dark to light (hair)"
    assert found.called("s1").label == "s1"


def test_directions_of_other_weights_are_none(weights, directions):
    """A run that goes on, or is trained again, has a file of the same name."""
    directions.save(path_beside(weights))
    weights.write_bytes(b"other weights")
    assert load_directions(weights) is None


def test_a_wrong_name_is_one_sentence_that_lists_the_names(directions):
    """As all mistakes of users."""
    with pytest.raises(UserError, match=r"no direction hiar; there are hair, s1\.$"):
        directions.called("hiar")


def test_a_damaged_file_is_one_sentence(weights, directions):
    """It names the file."""
    path = path_beside(weights)
    directions.save(path)
    for data in (b"", b"no zip", path.read_bytes()[:200]):
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"directions_generator_500.npz can't be read"):
            load_directions(weights)
