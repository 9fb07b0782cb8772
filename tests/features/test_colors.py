"""Hair and eye color are read from drawn faces, at any size, and not from gray ones."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.data.demo.dataset import face_of
from anime_gan.errors import UserError
from anime_gan.features import colors

COUNT = 60
# What the reader calls the drawn colors; it was trained on other faces, and other names.
SAME = {"silver": "gray", "amber": "orange", "violet": "purple", "crimson": "red"}


@pytest.fixture(scope="module")
def faces():
    """Drawn faces of 64x64, and the words for their hair and eyes."""
    attributes = [face_of(0, number) for number in range(COUNT)]
    true = {
        "hair": [SAME.get(face.hair_colour, face.hair_colour) for face in attributes],
        "eyes": [SAME.get(face.eye_colour, face.eye_colour) for face in attributes],
    }
    return demo.draw_faces(COUNT), true


def right(found, true):
    return {name: np.mean(np.array(found[name]) == true[name]) for name in true}


def resized(images, side):
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side))) for image in images])


@pytest.mark.parametrize("side", [32, 64, 512])
def test_colors_of_drawn_faces_are_read(faces, side):
    """They lie lower in the image than in the training set, so the face must be found first."""
    images, true = faces
    share = right(colors.read(resized(images, side)), true)
    assert share["hair"] > 0.95 and share["eyes"] > (0.8 if side == 32 else 0.9), share


def test_a_face_is_read_alone_as_among_others(faces):
    """And of a mirrored face nearly the same is read."""
    images = faces[0][:8]
    every = colors.probabilities(images)
    alone = colors.probabilities(images[3:4])
    mirrored = colors.probabilities(images[:, :, ::-1])
    for name, found in every.items():
        assert found.shape == (8, len(colors.words()[name])) and found.dtype == np.float32
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(alone[name][0], found[3], atol=1e-4)
        assert (mirrored[name].argmax(axis=1) == found.argmax(axis=1)).mean() > 0.7


def test_a_word_is_left_out_where_the_reader_is_unsure(faces):
    """Below the least probability, and in every gray image."""
    images = faces[0]
    found, least = colors.probabilities(images), colors.least()
    sure = colors.choose(found, least)
    for name, odds in found.items():
        assert [word == "" for word in sure[name]] == (odds.max(axis=1) < least[name]).tolist()
    assert set(colors.choose(found)["eyes"]) <= set(colors.words()["eyes"])
    gray = np.repeat(images[:4].mean(axis=3, keepdims=True).astype("uint8"), 3, axis=3)
    mixed = np.concatenate([gray, images[:4]])
    assert colors.is_gray(mixed).tolist() == [True] * 4 + [False] * 4
    words = colors.read(mixed)
    assert words["hair"][:4] == words["eyes"][:4] == [""] * 4 and all(words["hair"][4:])


def test_images_of_one_channel_are_refused():
    """In one sentence, as there is nothing to read."""
    with pytest.raises(UserError, match="gray images"):
        colors.read(np.zeros((2, 64, 64, 1), "uint8"))
    with pytest.raises(ValueError, match="must be"):
        colors.read(np.zeros((64, 64, 3), "uint8"))


def test_the_reader_is_small_and_needs_no_keras():
    """prepare_faces.py and others read colors at once."""
    assert colors.WEIGHTS.stat().st_size < 50_000
    code = "import sys, anime_gan.features.colors as c; c.words(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"keras", "tensorflow", "jax", "matplotlib"} & set(done.stdout.split())
