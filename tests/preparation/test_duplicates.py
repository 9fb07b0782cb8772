"""Near-duplicates are found whatever was done to the copy, and unlike faces are not joined."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from anime_gan.data import demo
from anime_gan.preparation.duplicates import SAME, THUMBNAIL, groups, near_duplicates, second_look


def small(image):
    return np.asarray(image.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))


def coded(image):
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=45)
    return Image.open(packed)


COPIES = {
    "coded anew": coded,
    "smaller": lambda image: image.resize((41, 41)),
    "cropped": lambda image: image.crop((4, 1, 95, 93)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


@pytest.fixture(scope="module")
def faces():
    return [Image.fromarray(face) for face in demo.draw_faces(60, 96, seed=1)]


def found(pictures, done=0):
    """All pairs of some thumbnails, none being the same to the pixel."""
    steps = list(near_duplicates(np.stack(pictures), np.zeros(len(pictures), bool), done))
    return {pair for _, pairs in steps for pair in pairs}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_found_with_its_original_and_nothing_else(faces, kind):
    """Each of 60 faces beside a copy of itself: 60 pairs."""
    pictures = [small(face) for face in faces] + [small(COPIES[kind](face)) for face in faces]
    pairs = found(pictures)
    right = {(i, i + 60) for i in range(60)}
    assert len(pairs & right) >= 58
    # Two drawn faces may be alike but for their eyes, in the originals as in the copies.
    assert len(pairs - right) <= 4 * len(found([small(face) for face in faces])) + 2


def test_a_later_start_compares_only_what_is_new(faces):
    """The pairs of all are those of the first rows and those that come with the others."""
    pictures = [small(face) for face in faces[:20]] + [small(coded(face)) for face in faces[:20]]
    assert found(pictures[:25]) | found(pictures, done=25) == found(pictures)


def test_repeated_rows_are_passed_over(faces):
    """What is the same to the pixel as an earlier one has its answer already."""
    pictures = np.stack([small(faces[0])] * 3)
    ((end, pairs),) = near_duplicates(pictures, np.array([False, True, True]))
    assert end == 3 and pairs == []


def test_pictures_of_one_colour_are_like_none():
    """They have no detail to compare, and no division by zero is heard of."""
    pictures = [np.full((THUMBNAIL, THUMBNAIL, 3), value, np.uint8) for value in (0, 90, 255)]
    assert found(pictures) == set()


def test_the_second_look_is_one_for_the_same_and_low_for_noise():
    """Ends of the scale, and the limit lies between."""
    noise = np.random.default_rng(0).integers(0, 256, (2, THUMBNAIL, THUMBNAIL, 3), np.uint8)
    assert second_look(noise[:1], noise[:1])[0] == pytest.approx(1, abs=1e-5)
    assert second_look(noise[:1], noise[1:])[0] < 0.3 < SAME


def test_a_group_is_its_best_and_what_is_like_it():
    """A chain 0-1-2-3 is no group of four: 2 is like 1 alone, which is no best one."""
    chain = [(0, 1), (1, 2), (2, 3)]
    assert groups(chain, [0, 1, 2, 3]) == {1: 0, 3: 2}
    assert groups(chain, [1, 0, 2, 3]) == {0: 1, 2: 1}
