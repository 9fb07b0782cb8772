"""The square around a face: large enough, inside the image, padded only where that is smaller."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from anime_gan.preparation.crop import Square, central_square, cut, fit, widened


@given(
    x=st.floats(0, 300),
    y=st.floats(0, 200),
    side=st.floats(1, 400),
    widen=st.floats(0, 3),
)
def test_a_square_lies_in_the_image_unless_it_is_larger(x, y, side, widen):
    """It is moved before anything is padded, and is never smaller than the box."""
    square = widened(x, y, side, widen, (300, 200))
    assert square.side >= max(1, round(side))
    for start, length in ((square.x, 300), (square.y, 200)):
        if square.side <= length:
            assert 0 <= start <= length - square.side
        else:
            assert start <= 0 and start + square.side >= length


def test_the_margin_above_a_face_is_larger_than_below():
    """A face of 100 pixels in the middle of a large image."""
    square = widened(500, 500, 100, 1.0, (1000, 1000))
    above, below = 450 - square.y, square.y + square.side - 550
    assert square.side == 170 and above > below > 0
    assert widened(500, 500, 100, 0.0, (1000, 1000)) == Square(450, 450, 100)


def test_border_pixels_are_repeated_outside():
    """A square that is one pixel larger than the image."""
    pixels = np.arange(4 * 3 * 3, dtype=np.uint8).reshape(3, 4, 3)
    image = Image.fromarray(pixels)
    found = np.asarray(cut(image, Square(0, -1, 4)))
    assert found.shape == (4, 4, 3)
    assert (found[0] == pixels[0]).all() and (found[1:] == pixels).all()
    assert np.asarray(cut(image, Square(1, 0, 3))).tolist() == pixels[:, 1:].tolist()


def test_a_ready_face_is_cut_from_the_center():
    """One that is not square loses its sides."""
    assert central_square((10, 4)) == Square(3, 0, 4)


def test_an_image_is_fitted_by_its_longer_side():
    """No side gets smaller than the smallest one."""
    image, scale = fit(Image.new("RGB", (10, 40)), 20)
    assert image.size == (5, 20) and scale == 0.5
    assert fit(Image.new("RGB", (1, 400)), 20)[0].size == (1, 20)
    assert fit(Image.new("RGB", (1, 400)), 20, smallest=8)[0].size == (8, 20)
