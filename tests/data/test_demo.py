"""The built-in data set is the same everywhere, complete or absent, and shows its attributes."""

import csv
import json

import numpy as np
import pytest
from PIL import Image, ImageFilter

from anime_gan.data import demo
from anime_gan.data.demo import dataset
from anime_gan.data.demo.face import CHOICES, Face, random_face
from anime_gan.data.demo.portrait import draw_face
from anime_gan.data.demo.reader import COMBINATIONS, read_attributes
from tests.conftest import size_of


def readable(face: Face) -> tuple[str, str, str]:
    """Return the attributes that can be read back."""
    return face.hair_colour, face.eye_colour, face.background


def fresh(count: int, seed: int = 2024) -> list[Face]:
    """Return faces on which no reference colour was tuned."""
    return [dataset.face_of(seed, number) for number in range(count)]


def test_a_face_has_one_image_and_a_number_one_face():
    """Protects comparisons of runs, which need the same data to the byte everywhere."""
    first, again = (demo.draw_faces(n, seed=3) for n in (2, 5))
    np.testing.assert_array_equal(first, again[:2])
    assert first.shape == (2, 64, 64, 3) and first.dtype == np.uint8
    assert draw_face(dataset.face_of(3, 0), 128).size == (128, 128)


@pytest.mark.parametrize("attribute", CHOICES)
def test_every_value_of_an_attribute_shows(attribute):
    """Protects every value: no two of them draw the same image."""
    face = random_face(np.random.default_rng(1))
    drawn = {
        draw_face(face._replace(**{attribute: value})).tobytes() for value in CHOICES[attribute]
    }
    assert len(drawn) == len(CHOICES[attribute])


def test_attributes_are_read_back_from_fresh_drawings():
    """Protects the coverage metric: all three attributes are right in 99% of the faces."""
    faces = fresh(600)
    images = np.stack([np.asarray(draw_face(face)) for face in faces])
    truth = [readable(face) for face in faces]
    assert len(set(truth)) > COMBINATIONS / 2
    right = [read == true for read, true in zip(read_attributes(images), truth, strict=True)]
    assert np.mean(right) >= 0.99
    noise = np.random.default_rng(0).normal(0, 6, images.shape)
    noisy = np.clip(images + noise, 0, 255).astype("uint8")
    blurred = np.stack(
        [np.asarray(Image.fromarray(p).filter(ImageFilter.GaussianBlur(0.6))) for p in images]
    )
    for degraded in (noisy, blurred):
        right = [read == true for read, true in zip(read_attributes(degraded), truth, strict=True)]
        assert np.mean(right) >= 0.97


def test_wrong_shapes_are_refused():
    """Protects against reading an image of another size in the wrong places."""
    with pytest.raises(ValueError, match="64"):
        read_attributes(np.zeros((1, 32, 32, 3), "uint8"))


def test_the_written_set_is_what_its_table_says(tmp_path):
    """Protects attributes.csv: its rows describe the images."""
    folder = demo.ensure_faces(tmp_path / "a b", count=70, seed=5)
    with (folder / "attributes.csv").open() as file:
        rows = list(csv.DictReader(file))
    images = np.stack([np.asarray(Image.open(folder / row["file"])) for row in rows])
    np.testing.assert_array_equal(images, demo.draw_faces(70, seed=5))
    assert [readable(dataset.face_of(5, n)) for n in range(70)] == [
        (row["hair_colour"], row["eye_colour"], row["background"]) for row in rows
    ]
    assert len(list(folder.glob("*.png"))) == 70
    before = (folder / "faces.json").stat().st_mtime_ns
    demo.ensure_faces(folder, count=70, seed=5)
    assert (folder / "faces.json").stat().st_mtime_ns == before


def test_an_incomplete_set_is_not_used(tmp_path):
    """Protects against a set that was interrupted, or drawn with other parameters."""
    folder = tmp_path / "set"
    demo.ensure_faces(folder, count=3)
    assert dataset.is_complete(folder, 3, 0, 64) and not dataset.is_complete(folder, 4, 0, 64)
    (folder / "faces.json").write_text(json.dumps({})[:1])
    assert not dataset.is_complete(folder, 3, 0, 64)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    "arguments", [["full"], ["new", "--count", "0"], ["new", "--size", "5"], []]
)
def test_a_users_mistake_is_one_sentence_and_status_2(script, arguments):
    """Protects the folder's files, and the user from a traceback."""
    (script.folder / "full").mkdir()
    (script.folder / "full/mine.txt").touch()
    done = script("anime_gan.data.demo", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert [path.name for path in script.folder.iterdir()] == ["full"]


def test_a_sheet_of_faces(script):
    """Protects the option that writes 64 faces as one image."""
    assert script("anime_gan.data.demo", "--sheet", "sheet.png").returncode == 0
    assert size_of(script.folder / "sheet.png") == (8 * 132 + 4, 8 * 132 + 4)
