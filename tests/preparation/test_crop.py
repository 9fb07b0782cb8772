"""The square around a face: large enough, in the picture, and padded only where there is none."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from anime_gan.preparation.crop import Square, centred, cut, widened


@given(
    x=st.floats(0, 300),
    y=st.floats(0, 200),
    side=st.floats(1, 400),
    widen=st.floats(0, 3),
)
def test_a_square_lies_in_the_picture_unless_it_is_larger(x, y, side, widen):
    """It is moved before anything is padded, and never made smaller than the box."""
    square = widened(x, y, side, widen, (300, 200))
    assert square.side >= max(1, round(side))
    for start, length in ((square.x, 300), (square.y, 200)):
        if square.side <= length:
            assert 0 <= start <= length - square.side
        else:
            assert start <= 0 and start + square.side >= length


def test_hair_is_given_more_room_than_the_chin():
    """A face of 100 in the middle of a large picture."""
    square = widened(500, 500, 100, 1.0, (1000, 1000))
    above, below = 450 - square.y, square.y + square.side - 550
    assert square.side == 170 and above > below > 0
    assert widened(500, 500, 100, 0.0, (1000, 1000)) == Square(450, 450, 100)


def test_what_lies_outside_repeats_the_border():
    """A square one pixel larger than the picture on two sides."""
    pixels = np.arange(4 * 3 * 3, dtype=np.uint8).reshape(3, 4, 3)
    image = Image.fromarray(pixels)
    found = np.asarray(cut(image, Square(0, -1, 4)))
    assert found.shape == (4, 4, 3)
    assert (found[0] == pixels[0]).all() and (found[1:] == pixels).all()
    assert np.asarray(cut(image, Square(1, 0, 3))).tolist() == pixels[:, 1:].tolist()


def test_a_ready_face_is_taken_from_the_middle():
    """One that is not square loses its sides."""
    assert centred((10, 4)) == Square(3, 0, 4)
