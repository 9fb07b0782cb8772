"""Steps along directions, as text and as latents."""

import numpy as np
import pytest

from anime_gan.directions.direction import Direction
from anime_gan.directions.edit import moved, parse_steps, step_text

ALL = Direction("all", np.array([1, 0, 2], "float32"))
SOME = Direction("some", np.array([0, 1, 0], "float32"), (1,))


def test_steps_are_read_and_written():
    """hair=+2,pose=-1.5 and back; what is none, is too far, or comes twice is refused."""
    assert parse_steps("hair=+2, pose=-1.5,c3=0.25") == {"hair": 2, "pose": -1.5, "c3": 0.25}
    assert step_text(parse_steps("hair=2,pose=-1.5")) == "hair=+2,pose=-1.5"
    assert parse_steps("hair-light blue=+2 , pose = 1") == {"hair-light blue": 2, "pose": 1}
    for text in ("", "hair", "hair=", "hair=x", "hair=1,hair=2", "hair=11", "=2", "a=1,,b=2"):
        with pytest.raises(ValueError, match=r"hair=\+2,pose=-1"):
            parse_steps(text)


def test_latents_move_along_directions():
    """By so many standard deviations of each; w itself stays as it is."""
    w = np.ones((2, 3), "float32")
    found = moved(w, [(ALL, 2), (ALL, -0.5)], 4)
    np.testing.assert_array_equal(found, np.tile(np.float32([2.5, 1, 4]), (2, 1)))
    assert found.dtype == np.float32 and (w == 1).all()
    np.testing.assert_array_equal(moved(w, [], 4), w)


def test_a_direction_of_some_layers_changes_these_alone():
    """Of w for all layers, or of one for each."""
    w = np.zeros((2, 3), "float32")
    expected = np.zeros((2, 4, 3))
    expected[:, 1, 1] = 3
    np.testing.assert_array_equal(moved(w, [(SOME, 3)], 4), expected)
    each = np.arange(24, dtype="float32").reshape(2, 4, 3)
    np.testing.assert_array_equal(moved(each, [(SOME, 3)], 4), each + expected)
    both = moved(w, [(SOME, 3), (ALL, 1)], 4)
    np.testing.assert_array_equal(both, expected + [1, 0, 2])
