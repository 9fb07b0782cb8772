"""Faces whose eyes are not alike are counted, where faces lie alike."""

import numpy as np
import pytest

from anime_gan.metrics.eyes import ALLOWED, SIDE, differences, spoiled, unlike_eyes


@pytest.fixture(scope="module")
def drawn():
    """A function that draws faces: skin, hair, and two eyes of one color, or of two."""

    def faces(count, seed, alike=True):
        rng = np.random.default_rng(seed)
        images = np.full((count, SIDE, SIDE, 3), 230.0)
        images[:, :20] = rng.uniform(0, 255, (count, 1, 1, 3))
        left = rng.uniform(0, 160, (count, 1, 1, 3))
        right = left if alike else rng.uniform(0, 160, (count, 1, 1, 3))
        images[:, 30:40, 16:26], images[:, 30:40, 38:48] = left, right
        return np.clip(images + rng.normal(0, 8, images.shape), 0, 255).astype("uint8")

    return faces


def test_eyes_of_two_colors_are_found(drawn):
    """Nearly all of them, and as many faces with alike eyes as real ones."""
    real = drawn(400, 0)
    good, bad = (unlike_eyes(drawn(200, 1, alike), real) for alike in (True, False))
    assert good["share"] < 0.12 and bad["share"] > 0.7
    assert good["real"] == ALLOWED and good["spoiled"] == bad["spoiled"] > 0.7


@pytest.mark.parametrize("size", [32, 128])
def test_faces_of_other_sizes_and_gray_ones(drawn, size):
    """They are resized; gray eyes differ in lightness."""
    every = np.linspace(0, SIDE - 1, size).astype(int)
    resized = [faces[:, every][:, :, every] for faces in (drawn(400, 0), drawn(100, 1, False))]
    assert unlike_eyes(resized[1], resized[0])["share"] > 0.6
    gray = [faces[..., :1] for faces in resized]
    assert unlike_eyes(gray[1], gray[0])["share"] > 0.4


def test_nothing_is_said_where_faces_lie_anyhow(drawn):
    """Images whose sides have nothing in common; and fewer than 200."""
    blocks = np.random.default_rng(0).integers(0, 256, (400, 16, 16, 3), "uint8")
    assert unlike_eyes(drawn(50, 1), blocks.repeat(4, 1).repeat(4, 2)) is None
    assert unlike_eyes(drawn(50, 1), drawn(199, 0)) is None


def test_what_differs_is_the_eyes(drawn):
    """A mirrored face has the same differences; the others' parts are at the right."""
    faces = drawn(6, 0)
    symmetrical = np.concatenate([faces[:, :, :32], faces[:, :, :32][:, :, ::-1]], axis=2)
    assert not differences(symmetrical).any() and differences(faces).max() > 0.5
    halves, eyes = np.split(spoiled(faces), 2)
    assert (halves[:, :, :32] == faces[:, :, :32]).all()
    assert (halves[1:, :, 32:] == faces[:-1, :, 32:]).all()
    changed = (eyes != faces).any((0, 3))
    assert changed[28:46, 34:56].mean() > 0.9 and changed.sum() <= 18 * 22
