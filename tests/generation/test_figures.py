"""Sheets: each place shows what its words say."""

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.generation import figures
from anime_gan.generation.generator import Drawer
from anime_gan.networks import get_version
from tests.generation.test_generator import noisy_generator


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    """A tiny StyleGAN."""
    return Drawer(noisy_generator("stylegan"))


def shown(image, drawer, column: int, row: int) -> np.ndarray:
    """Return the face at a place, counted from the lower right corner, as it was before it grew."""
    factor = 128 // drawer.shape[0]
    x, y = (
        image.width - (column + 1) * (128 + figures.GAP),
        image.height - (row + 1) * (128 + figures.GAP),
    )
    part = np.asarray(image)[y : y + 128, x : x + 128]
    return part[::factor, ::factor]


def test_truncation_has_rows_of_seeds_and_columns_of_psis(drawer):
    """The last column is the last psi, the last row the last seed."""
    image = figures.truncation(drawer, [4, 7], [1.0, 0.0, -0.5], "fixed")
    assert np.array_equal(shown(image, drawer, 0, 0), drawer.faces([7], -0.5)[0])
    assert np.array_equal(shown(image, drawer, 2, 1), drawer.faces([4], 1.0)[0])
    assert np.array_equal(shown(image, drawer, 1, 0), shown(image, drawer, 1, 1))  # psi 0
    wide = figures.truncation(drawer, [4], [], "fixed")
    assert wide.width > image.width  # the thesis's seven


def test_mixing_takes_styles_of_a_level_from_above(drawer):
    """A row is the face beside it, but for a level's styles, which are those of the one above."""
    image = figures.mixing(drawer, [0, 1, 2, 3], [0.8], "fixed")
    codes = drawer.codes(range(4), 0.8)
    # 16x16 has six layers: two levels. Rows from below: middle of seeds 3 and 2, coarse of 3 and 2.
    for row, seed, part in ((0, 3, slice(4, 6)), (2, 3, slice(0, 4)), (3, 2, slice(0, 4))):
        for column, above in ((0, 1), (1, 0)):
            styles = np.repeat(codes[seed][None], 6, axis=0)
            styles[part] = codes[above]
            expected = drawer.images(styles[None])[0]
            assert np.array_equal(shown(image, drawer, column, row), expected)
    assert np.array_equal(shown(image, drawer, 0, 4), drawer.images(codes[1:2])[0])
    assert np.array_equal(shown(image, drawer, 2, 0), drawer.images(codes[3:4])[0])
    with pytest.raises(UserError, match="two"):
        figures.mixing(drawer, [1], [1.0], "fixed")


def test_uncurated_shows_successive_seeds(drawer):
    """From the first on, each once, in ever smaller columns."""
    image = figures.uncurated(drawer, [5], [1.0], "fixed")
    assert image.size == (256 * 2 + 128 + 64 * 2, 768)
    pixels = np.asarray(image)
    faces = drawer.faces(range(5, 5 + 36))
    assert np.array_equal(pixels[:256:16, :256:16], faces[0])
    assert np.array_equal(pixels[-64::4, -64::4], faces[-1])


def test_noise_figures(drawer, monkeypatch):
    """Columns with and without noise; and where noise changes nothing, the deviation is black."""
    image = figures.noise_components(drawer, [4], [1.0], "fixed")
    for column, options in enumerate(
        ({"noisy": [4]}, {"noisy": [8, 16]}, {"noise": "off"}, {"noise": "fixed"})
    ):
        expected = drawer.images(drawer.codes([4]), **options)[0]
        assert np.array_equal(shown(image, drawer, column, 0), expected)
    monkeypatch.setattr(figures, "DRAWN_ANEW", 6)
    image = figures.noise_detail(drawer, [4], [1.0], "fixed")
    assert shown(image, drawer, 0, 0).max() == 255
    assert np.array_equal(shown(image, drawer, 5, 0), drawer.faces([4])[0])
    still = get_version("stylegan").generator(16, 3, 8, 0.02)  # noise of strength 0
    assert shown(figures.noise_detail(Drawer(still), [4], [1.0], "fixed"), drawer, 0, 0).max() == 0


@pytest.mark.parametrize("name", ["mixing", "noise-detail", "noise-components"])
def test_figures_of_styles_are_refused_where_there_are_none(name):
    """In one sentence that names the versions."""
    plain = Drawer(get_version("dcgan").generator(16, 3, 8, 0.02))
    with pytest.raises(UserError, match="stylegan"):
        figures.FIGURES[name][0](plain, [1, 2], [1.0], "fixed")
    figures.truncation(plain, [1], [1.0], "fixed")


def test_a_generator_of_one_size_has_no_noise_components():
    """That of the stage of 4x4, in one sentence."""
    network = get_version("stylegan").generator(4, 3, 8, 0.02)
    with pytest.raises(UserError, match="4x4"):
        figures.noise_components(Drawer(network), [0], [1.0], "fixed")
