"""Grids and curves: the right pixel in the right place."""

import numpy as np
from PIL import Image

from anime_gan.data.pixels import to_uint8
from anime_gan.runs.grids import LossPlot, save_grid
from tests.conftest import size_of


def test_bytes_cover_the_range_and_invert_the_loaders_scaling():
    """-1 is 0, 1 is 255, and each byte comes back from the loader's x / 127.5 - 1."""
    every = np.arange(256).astype("float32")
    np.testing.assert_array_equal(to_uint8(every / 127.5 - 1), np.arange(256))
    np.testing.assert_array_equal(to_uint8([-9.0, -1.0, 1.0, 9.0]), [0, 0, 255, 255])


def test_a_grid_shows_each_image_in_its_place(tmp_path):
    """Left to right, then down; gaps and empty places are white; gray images too."""
    for channels in (3, 1):
        images = np.stack([np.full((128, 128, channels), 40 * n, "uint8") for n in range(5)])
        save_grid(tmp_path / "grid.png", images, columns=3)
        grid = np.asarray(Image.open(tmp_path / "grid.png"))
        assert grid.shape[:2] == (2 * 130 + 2, 3 * 130 + 2)
        assert grid[0].min() == 255 and grid[200, 350].min() == 255
        for number in range(5):
            row, column = divmod(number, 3)
            cell = grid[2 + 130 * row :, 2 + 130 * column :][:128, :128]
            assert cell.min() == cell.max() == 40 * number


def test_small_faces_are_enlarged_pixel_by_pixel(tmp_path):
    """64x64 faces are shown at twice their size, unsmoothed."""
    image = np.random.default_rng(0).integers(0, 255, (1, 64, 64, 3), "uint8")
    grid = save_grid(tmp_path / "grid.png", image, columns=1)
    np.testing.assert_array_equal(grid[4:-4:2, 4:-4:2], image[0])
    np.testing.assert_array_equal(grid[5:-4:2, 5:-4:2], image[0])


def test_a_curve_may_have_any_length(tmp_path):
    """One step or many."""
    plot = LossPlot()
    for count in (1, 2, 350):
        plot.save(tmp_path / f"{count}.png", [*range(count)], [0.7] * count, [0.8] * count)
        assert size_of(tmp_path / f"{count}.png") == (960, 540)
