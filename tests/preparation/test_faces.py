"""Faces are found where they are, in upright and rotated images."""

import numpy as np
import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.errors import UserError
from anime_gan.preparation import faces


@pytest.fixture(scope="module")
def image():
    """Two demo faces of 160x160 at known places on a plain background."""
    drawn = demo.draw_faces(4, 160)
    wall = Image.new("RGB", (700, 300), "#88bbdd")
    wall.paste(Image.fromarray(drawn[0]), (60, 70))
    wall.paste(Image.fromarray(drawn[3]), (420, 90))
    return wall


@pytest.fixture(scope="module")
def animeface():
    return faces.open_detector("animeface", quick=True)


def test_both_faces_are_found_and_nothing_else(image, animeface):
    """Within a fifth of a face of their true places."""
    found = [face for face in animeface(image) if face.likelihood >= 0.5]
    found.sort(key=lambda face: face.x)
    assert len(found) == 2
    for face, (x, y) in zip(found, ((140, 165), (500, 185)), strict=True):
        assert abs(face.x - x) < 32 and abs(face.y - y) < 32 and 60 < face.side < 140


def test_a_plain_image_has_no_face(animeface):
    """Nor has an image of one pixel."""
    assert animeface(Image.new("RGB", (300, 300), "#88bbdd")) == []
    assert animeface(Image.new("RGB", (1, 1))) == []


def test_a_thorough_search_finds_a_tilted_face(image):
    """One rotated by 30 degrees, which the quick search misses."""
    tilted = image.crop((40, 50, 240, 250)).rotate(30, Image.Resampling.BICUBIC, fillcolor="white")
    found = faces.open_detector("animeface")(tilted)
    assert found and found[0].likelihood >= 0.5
    assert abs(found[0].x - 100) < 40 and abs(found[0].y - 100) < 40


@pytest.mark.parametrize("angle", [0, 15, -40])
def test_a_point_of_a_rotated_image_is_mapped_back(angle):
    """Compared with Pillow's own rotation of a few white pixels."""
    image = Image.new("L", (60, 40))
    image.paste(255, (45, 10, 48, 13))
    rotated = image.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    y, x = np.unravel_index(np.argmax(np.asarray(rotated)), rotated.size[::-1])
    back = faces._rotated_back(x + 0.5, y + 0.5, angle, rotated.size, image.size)
    assert np.allclose(back, (46.5, 11.5), atol=1.6)


def test_an_opencv_cascade_finds_what_it_was_trained_for():
    """OpenCV includes one for photographs, and scikit-image a photograph."""
    cv2 = pytest.importorskip("cv2")
    skimage_data = pytest.importorskip("skimage.data")
    path = cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
    photograph = Image.fromarray(skimage_data.astronaut())
    found = faces.open_detector(path)(photograph)
    assert any(abs(face.x - 224) < 30 and abs(face.y - 115) < 30 for face in found)


@pytest.mark.parametrize("content", [None, "<opencv_storage></opencv_storage>", "no xml at all"])
def test_a_file_that_is_no_cascade_is_an_error(tmp_path, content):
    """Missing, empty, and something else."""
    path = tmp_path / "cascade.xml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match="cascade"):
        faces.open_detector(str(path))
