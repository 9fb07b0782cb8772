"""Augmentation is exact, differentiable, and the same where it must be."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from anime_gan import backend
from anime_gan.config.schema import Augment
from anime_gan.training import augment

pytestmark = pytest.mark.backends
EVERYTHING = ("translation", "cutout", "colour")


def images(count=6, size=16) -> np.ndarray:
    """Random images in [-1, 1]."""
    return np.random.default_rng(0).uniform(-1, 1, (count, size, size, 3)).astype("float32")


def seed(number=0):
    """A seed generator."""
    return keras.random.SeedGenerator(number)


@settings(max_examples=30)
@given(st.integers(-20, 20), st.integers(-20, 20))
def test_translation_moves_whole_pixels_and_fills_with_gray(down, right):
    """Row r, column c of the result is row r - down, column c - right of the image, else 0."""
    x = images(1)
    moved = augment.apply(x, {"shift": np.array([[down, right]], "float32")})
    expected = np.zeros_like(x)
    size = x.shape[1]
    for row in range(size):
        for column in range(size):
            if 0 <= row - down < size and 0 <= column - right < size:
                expected[:, row, column] = x[:, row - down, column - right]
    np.testing.assert_array_equal(np.asarray(moved), expected)


def test_cutout_blanks_a_square_of_half_the_size():
    """At the border and elsewhere: 0 inside, unchanged outside."""
    x = images(2)
    drawn = {
        "hole": np.array([[8.0, 8.0], [0.0, 3.0]], "float32"),
        "cut": np.ones((2, 1), "float32"),
    }
    cut = np.asarray(augment.apply(x, drawn))
    assert (cut[0, 5:12, 5:12] == 0).all() and (cut[0] == 0).all(axis=2).sum() == 49
    kept = (cut[0] != 0).any(axis=2)
    np.testing.assert_array_equal(cut[0][kept], x[0][kept])
    assert (cut[1, :4, :7] == 0).all() and (cut[1, 4:] != 0).all()


def test_noise_is_gaussian_on_every_pixel_and_comes_last():
    """Mean 0 and the given deviation, other for each image; also where other pixels are empty."""
    x = images(64)
    nothing = augment.draw(Augment(), x, 1.0, seed())
    assert nothing == {}
    drawn = augment.draw(Augment(policy=["cutout"]), x, 1.0, seed(), 0.25)
    noise = np.asarray(drawn["noise"], "float64")
    assert noise.shape == x.shape
    assert abs(noise.mean()) < 0.005 and noise.std() == pytest.approx(0.25, rel=0.02)
    assert np.mean(np.abs(noise) < 0.25) == pytest.approx(0.6827, abs=0.01)  # of a normal
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.15
    cut = {key: value for key, value in drawn.items() if key != "noise"}
    expected = np.asarray(augment.apply(x, cut)) + np.asarray(drawn["noise"])
    np.testing.assert_array_equal(np.asarray(augment.apply(x, drawn)), expected)


def test_color_is_brightness_then_saturation_then_contrast():
    """Against NumPy in float64."""
    x = images(3)
    values = {"brightness": [0.1, -0.2, 0], "saturation": [1.3, 0.5, 1], "contrast": [0.8, 1.2, 1]}
    drawn = {key: np.array(value, "float32")[:, None] for key, value in values.items()}
    expected = x.astype("float64") + np.array(values["brightness"])[:, None, None, None]
    gray = expected.mean(axis=3, keepdims=True)
    expected = gray + (expected - gray) * np.array(values["saturation"])[:, None, None, None]
    mean = expected.mean(axis=(1, 2, 3), keepdims=True)
    expected = mean + (expected - mean) * np.array(values["contrast"])[:, None, None, None]
    np.testing.assert_allclose(augment.apply(x, drawn), expected, atol=1e-5)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_each_policy_happens_with_its_probability(p):
    """p = 0 changes nothing; else each policy changes about a share p of the images."""
    x = images(400, 8)
    for policy in EVERYTHING:
        drawn = augment.draw(Augment(policy=[policy]), x, p, seed())
        change = np.abs(np.asarray(augment.apply(x, drawn)) - x).max(axis=(1, 2, 3))
        changed = (change > 1e-5).mean()
        # Of the translations by up to 1 of 8 pixels, a ninth moves by none.
        assert changed == pytest.approx(p * (8 / 9 if policy == "translation" else 1), abs=0.08)
    assert augment.draw(Augment(), x, 1.0, seed()) == {}


def test_translations_reach_an_eighth_of_the_size():
    """All whole shifts from -size / 8 to size / 8 are equally likely."""
    drawn = augment.draw(Augment(policy=["translation"]), np.zeros((4000, 16, 16, 3)), 1.0, seed())
    shifts, counts = np.unique(np.asarray(drawn["shift"]), return_counts=True)
    np.testing.assert_array_equal(shifts, [-2, -1, 0, 1, 2])
    assert counts.min() > 1400 and counts.max() < 1800


def test_one_draw_is_one_augmentation():
    """Applied twice it gives the same, so a score and its gradient see one image."""
    x = images()
    drawn = augment.draw(Augment(policy=EVERYTHING), x, 1.0, seed())
    np.testing.assert_array_equal(augment.apply(x, drawn), augment.apply(x, drawn))
    other = augment.draw(Augment(policy=EVERYTHING), x, 1.0, seed(1))
    assert not np.array_equal(augment.apply(x, drawn), augment.apply(x, other))


def test_gradients_pass_through():
    """The gradient of a weighted sum of the result, along a direction, against differences."""
    x = images(2, 8)
    drawn = augment.draw(Augment(policy=EVERYTHING), x, 1.0, seed())
    weights = images(2, 8)[::-1].copy()

    def score(images):
        return ops.sum(augment.apply(images, drawn) * weights, axis=(1, 2, 3))[:, None]

    gradients = np.asarray(backend.input_gradients(score, ops.convert_to_tensor(x), [])[1])
    direction = np.random.default_rng(2).normal(size=x.shape).astype("float32")
    difference = (np.asarray(score(x + direction)) - np.asarray(score(x - direction)))[:, 0] / 2
    np.testing.assert_allclose((gradients * direction).sum(axis=(1, 2, 3)), difference, rtol=1e-3)


def test_adaptive_probability_follows_the_sign_of_overfitting():
    """All real images recognized: it rises by batch / kimg; no better than chance: it falls."""
    config = Augment(policy=["cutout"], p="adaptive", target=0.6, kimg=1)
    up, down, floor, top = (
        float(augment.adapted(config, p, share, 50))
        for p, share in ((0.5, 1.0), (0.5, 0.5), (0.0, 0.0), (1.0, 1.0))
    )
    np.testing.assert_allclose([up, down, floor, top], [0.55, 0.45, 0, 1], atol=1e-6)
