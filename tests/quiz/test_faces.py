"""Real faces for a quiz: which are taken, and whether a run was trained on them."""

import io

import numpy as np
import pytest
from PIL import Image

from anime_gan.config import Data
from anime_gan.errors import UserError
from anime_gan.quiz import faces

DATA = Data()


def save(folder, name, pixels, side=None):
    """Write an image, enlarged without smoothing to a side."""
    image = Image.fromarray(pixels)
    image.resize((side or image.width,) * 2, Image.Resampling.NEAREST).save(folder / name)


@pytest.fixture
def drawn(tmp_path):
    """A folder of ten different images of 32 pixels, one of them twice, and two that are small."""
    folder = tmp_path / "[a] folder"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), "uint8")
    for number, one in enumerate(pixels):
        save(folder, f"{number:02}.png", one, 32 if number < 10 else 12)
    save(folder, "copy.png", pixels[0], 32)
    (folder / "broken.png").write_bytes(b"x")
    return folder


def chosen(folder, count, tmp_path, seed=0):
    """Real faces of 16 pixels."""
    data = DATA.model_copy(update={"cache": str(tmp_path / "cache")})
    opened = faces.open_real(str(folder), 16, 3, data)
    return faces.real_faces(opened, str(folder), count, np.random.default_rng(seed))


def test_only_different_faces_that_are_large_enough(drawn, tmp_path):
    """A small image would be blurred, which gives it away; another seed takes others."""
    found = chosen(drawn, 10, tmp_path)
    names = {about["file"] for about in found.about}
    assert found.pixels.shape == (10, 16, 16, 3) and found.pixels.dtype == np.uint8
    assert len({one.tobytes() for one in found.pixels}) == 10
    assert names & {"10.png", "11.png", "broken.png"} == set()
    few = [tuple(one["file"] for one in chosen(drawn, 4, tmp_path, s).about) for s in (0, 0, 1)]
    assert few[0] == few[1] != few[2]
    with pytest.raises(UserError, match=r"10 different images of 16 pixels or more \(2 others"):
        chosen(drawn, 11, tmp_path)


def test_an_array_of_images(tmp_path):
    """As data.images reads it."""
    path = tmp_path / "faces.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), "uint8"))
    assert len(chosen(path, 8, tmp_path).pixels) == 8


def test_the_images_of_a_run_are_recognized(script, call, faces, tmp_path, monkeypatch):
    """By their path, by their content elsewhere; others are not."""
    from anime_gan.quiz import faces as quiz_faces

    given = [*script.tiny, "training.steps=1", "version=v1", "run=known"]
    status, errors = call("train_gan.py", *given)
    assert status == 0, errors
    weights = next((script.folder / "weights/known").glob("generator_*.keras"))
    weights = weights.relative_to(script.folder)
    monkeypatch.chdir(script.folder)
    copies, others = tmp_path / "copies", tmp_path / "others"
    for folder in (copies, others):
        folder.mkdir()
        for path in sorted(faces.glob("*.png")):
            (folder / path.name).write_bytes(path.read_bytes())
    image = Image.open(io.BytesIO(next(others.glob("*.png")).read_bytes()))
    image.rotate(90).save(next(others.glob("*.png")))
    for images, expected in ((faces, True), (copies, True), (others, False), ("demo", False)):
        opened = quiz_faces.open_real(str(copies if images == "demo" else images), 32, 3, DATA)
        if images == "demo":  # of other images, so that only its name could be recognized
            opened = quiz_faces.open_real(str(others), 32, 3, DATA)
        assert quiz_faces.is_trained_on(weights, str(images), opened) == expected, images
    assert quiz_faces.label(weights) == "known, step 1"
    assert quiz_faces.label(tmp_path / "friend.keras") == "friend.keras"
