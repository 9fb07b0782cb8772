"""Near-duplicates are found whatever was done to the copy, and different faces are not joined."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from anime_gan.data import demo
from anime_gan.preparation.duplicates import (
    SAME,
    THUMBNAIL,
    fine_correlation,
    groups,
    near_duplicates,
    thumbnail,
)


def as_jpeg(image):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=45)
    return Image.open(file)


COPIES = {
    "JPEG": as_jpeg,
    "smaller": lambda image: image.resize((41, 41)),
    "cropped": lambda image: image.crop((4, 1, 95, 93)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


@pytest.fixture(scope="module")
def faces():
    return [Image.fromarray(face) for face in demo.draw_faces(60, 96, seed=1)]


def pairs_of(thumbnails, done=0):
    return {pair for _, pairs in near_duplicates(np.stack(thumbnails), done) for pair in pairs}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_found_with_its_original_and_nothing_else(faces, kind):
    """60 faces and a copy of each: 60 pairs."""
    originals = [thumbnail(face) for face in faces]
    pairs = pairs_of(originals + [thumbnail(COPIES[kind](face)) for face in faces])
    right = {(i, i + 60) for i in range(60)}
    assert len(pairs & right) >= 58
    # Two demo faces may differ in the eyes only, among the originals and among the copies.
    assert len(pairs - right) <= 4 * len(pairs_of(originals)) + 2


def test_a_later_start_compares_only_new_faces(faces):
    """The first rows' pairs and those found with `done` make up all pairs."""
    originals = [thumbnail(face) for face in faces[:20]]
    both = originals + [thumbnail(as_jpeg(face)) for face in faces[:20]]
    assert pairs_of(both[:25]) | pairs_of(both, done=25) == pairs_of(both)


def test_images_of_one_color_are_in_no_pair():
    """They have no detail to compare, and nothing is divided by zero."""
    plain = [np.full((THUMBNAIL, THUMBNAIL, 3), value, np.uint8) for value in (0, 90, 255)]
    assert pairs_of(plain) == set()


def test_fine_correlation_is_one_for_the_same_image_and_low_for_noise():
    """The ends of the scale, with the limit between them."""
    noise = np.random.default_rng(0).integers(0, 256, (2, THUMBNAIL, THUMBNAIL, 3), np.uint8)
    assert fine_correlation(noise[:1], noise[:1])[0] == pytest.approx(1, abs=1e-5)
    assert fine_correlation(noise[:1], noise[1:])[0] < 0.3 < SAME


def test_a_group_is_its_best_image_and_those_paired_with_it():
    """The chain 0-1-2-3 is not a group of four: 2 is paired with 1, which is not a best one."""
    chain = [(0, 1), (1, 2), (2, 3)]
    assert groups(chain, [0, 1, 2, 3]) == {1: 0, 3: 2}
    assert groups(chain, [1, 0, 2, 3]) == {0: 1, 2: 1}
