"""Each measure changes with what it is called after, and follows little else."""

import numpy as np
import pytest

from anime_gan.data.demo.dataset import draw_faces, face_of
from anime_gan.data.demo.portrait import draw_face
from anime_gan.directions.measures import MEASURES, measure

NAMES = [m.name for m in MEASURES]
COUNT = 60
SPREADS = measure(draw_faces(COUNT, seed=5)).std(axis=0)


def drawn(**attributes):
    """The measures of the first faces of a set, each with some attributes of its own replaced."""
    faces = [face_of(5, number)._replace(**attributes) for number in range(COUNT)]
    return measure(np.stack([np.asarray(draw_face(face)) for face in faces]))


# The attribute, from which value to which; the measure that rises; and those that may change too.
CHANGES = [
    ("hair_colour", "brown", "blonde", "hair", {"hair-yellower", "brightness", "color", "eyes"}),
    ("hair_colour", "green", "red", "hair-redder", {"hair", "color", "hair-yellower"}),
    ("hair_colour", "blue", "blonde", "hair-yellower", {"hair", "color", "brightness", "eyes"}),
    ("hair_style", "spiky", "long", "length", set()),
    ("hair_style", "spiky", "buns", "forehead", set()),
    ("skin", "brown", "porcelain", "skin", {"eyes"}),
    ("eye_shape", "sleepy", "round", "eyes", set()),
    ("eye_colour", "green", "crimson", "eye-redder", set()),
    ("eye_colour", "blue", "amber", "eye-yellower", set()),
    ("mouth", "flat", "open", "mouth", set()),
    ("tilt", -5, 5, "tilt", {"pose"}),
    ("background", "night", "cream", "corners", {"brightness", "hair"}),
    ("background", "night", "cream", "brightness", {"corners", "hair"}),
]


@pytest.mark.parametrize(
    ("attribute", "low", "high", "name", "others"), CHANGES, ids=[c[3] for c in CHANGES]
)
def test_a_measure_rises_with_its_attribute(attribute, low, high, name, others):
    """In nearly every drawn face whose attribute alone is changed; the other measures change less.

    But for what follows from it: light hair makes the image lighter, and brown skin hides lashes.
    """
    change = drawn(**{attribute: high}) - drawn(**{attribute: low})
    own = NAMES.index(name)
    assert (change[:, own] > 0).mean() > 0.75
    mean = dict(zip(NAMES, abs(change.mean(axis=0) / SPREADS), strict=True))
    rest = {key: value for key, value in mean.items() if key not in {name, *others}}
    assert mean[name] > 0.4 and max(rest.values()) < 0.6 * mean[name], mean


def turned(images, degrees):
    """Faces as if they were painted on an upright cylinder that is turned."""
    radius, angle, x = 23, np.radians(degrees), np.arange(64) - 31.5
    is_head = abs(x) < radius
    place = np.arcsin(np.clip(x / radius, -1, 1)) - angle
    source = np.where(is_head, radius * np.sin(np.clip(place, -np.pi / 2, np.pi / 2)), x) + 31.5
    left = np.clip(np.floor(source).astype(int), 0, 62)
    share = (source - left)[:, None]
    return np.uint8(images[:, :, left] * (1 - share) + images[:, :, left + 1] * share)


def test_the_pose_follows_a_known_turn():
    """In nearly every face, and the more the further it is turned, by a few degrees."""
    images = draw_faces(COUNT, seed=5)
    own = NAMES.index("pose")
    poses = [measure(turned(images, degrees))[:, own] for degrees in (-8, -4, 0, 4, 8)]
    assert (poses[4] > poses[0]).mean() > 0.85
    assert (np.diff(np.mean(poses, axis=1)) > 0).all()


def test_mirrored_faces_have_the_opposite_pose():
    """And the opposite tilt; all else is the same."""
    images = draw_faces(20, seed=3)
    own, mirrored = measure(images), measure(images[:, :, ::-1])
    for number, name in enumerate(NAMES):
        sign = -1 if name in ("pose", "tilt") else 1
        np.testing.assert_allclose(
            mirrored[:, number], sign * own[:, number], rtol=1e-3, atol=1e-2, err_msg=name
        )


def test_images_of_other_sizes_and_gray_ones_are_measured():
    """About the same for the same faces; the color of gray ones is 0."""
    faces = [face_of(5, number) for number in range(COUNT)]
    plain = measure(draw_faces(COUNT, seed=5))
    large = measure(np.stack([np.asarray(draw_face(face, 128)) for face in faces]))
    for number, name in enumerate(NAMES):
        assert np.corrcoef(plain[:, number], large[:, number])[0, 1] > 0.9, name
    images = draw_faces(8, size=16, seed=5).mean(axis=-1, keepdims=True).astype("uint8")
    gray = measure(images)
    assert gray.shape == (8, len(MEASURES)) and np.isfinite(gray).all()
    assert abs(gray[:, NAMES.index("color")]).max() < 0.1


def test_changes_are_named_with_their_sign():
    """What rises goes from low to high, what falls from high to low."""
    hair = MEASURES[NAMES.index("hair")]
    assert hair.change() == hair.change(0.3) == "hair: dark to light"
    assert hair.change(-2) == "hair: light to dark"
