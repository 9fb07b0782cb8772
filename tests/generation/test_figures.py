"""Figures: each place shows what its labels say."""

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.generation import figures
from anime_gan.generation.figures import figure
from anime_gan.generation.generator import Generator
from anime_gan.generation.latent_file import write_latent
from anime_gan.networks import NETWORKS
from tests.generation.test_generator import noisy_generator


@pytest.fixture(scope="module")
def generator() -> Generator:
    """A tiny StyleGAN."""
    return Generator(noisy_generator("stylegan"))


@pytest.fixture(scope="module")
def plain() -> Generator:
    """A tiny generator without styles."""
    return Generator(NETWORKS["dcgan"][0](16, 3, 8, 0.02))


def shown(image, column: int, row: int) -> np.ndarray:
    """Return the 16x16 image at a place, counted from the lower right corner, unenlarged."""
    x = image.width - (column + 1) * (128 + figures.GAP)
    y = image.height - (row + 1) * (128 + figures.GAP)
    return np.asarray(image)[y : y + 128, x : x + 128][::8, ::8]


def test_truncation_has_rows_of_seeds_and_columns_of_psis(generator):
    """The last column is the last psi, the last row the last seed."""
    image = figure("truncation", generator, [4, 7], [1.0, 0.0, -0.5])
    assert np.array_equal(shown(image, 0, 0), generator.images_from_seeds([7], -0.5)[0])
    assert np.array_equal(shown(image, 2, 1), generator.images_from_seeds([4], 1.0)[0])
    assert np.array_equal(shown(image, 1, 0), shown(image, 1, 1))  # psi 0
    wide = figure("truncation", generator, [4])
    assert wide.width > image.width  # the thesis's seven


def test_mixing_takes_w_of_a_level_from_above(generator):
    """A row is the image beside it, except for a level's w, which are those of the one above."""
    image = figure("mixing", generator, [0, 1, 2, 3], [0.8])
    w = generator.w(range(4), 0.8)
    # 16x16 has six layers: two levels. Rows from below: middle of seeds 3 and 2, coarse of 3 and 2.
    for row, seed, part in ((0, 3, slice(4, 6)), (2, 3, slice(0, 4)), (3, 2, slice(0, 4))):
        for column, above in ((0, 1), (1, 0)):
            every = np.repeat(w[seed][None], 6, axis=0)
            every[part] = w[above]
            expected = generator.images(every[None])[0]
            assert np.array_equal(shown(image, column, row), expected)
    assert np.array_equal(shown(image, 0, 4), generator.images(w[1:2])[0])
    assert np.array_equal(shown(image, 2, 0), generator.images(w[3:4])[0])
    assert (shown(image, 2, 4) == 255).all()  # the corner is empty


def test_mixing_takes_a_face_that_was_projected(generator, tmp_path):
    """A file of latents, with a w for each layer, in place of a seed."""
    plus = np.random.default_rng(0).normal(size=(6, 8)).astype("float32")
    weights = tmp_path / "generator_1.keras"
    weights.write_bytes(b"")
    write_latent(path := tmp_path / "face.npz", plus, "w+", weights, {})
    styled = Generator(generator.whole, weights)
    image = figure("mixing", styled, [0, path, 2])
    w = np.repeat(styled.w([2])[:, None], 6, axis=1)
    assert np.array_equal(shown(image, 0, 1 + 3), styled.images(styled.w([0]))[0])
    assert np.array_equal(shown(image, 1, 1), styled.images(plus[None])[0])
    w[:, 4:] = styled.w([0])
    assert np.array_equal(shown(image, 0, 0), styled.images(w)[0])


def test_uncurated_shows_consecutive_seeds(generator):
    """From the first on, each once, in smaller and smaller columns."""
    image = figure("uncurated", generator, [5])
    assert image.size == (256 * 2 + 128 + 64 * 2, 768)
    pixels = np.asarray(image)
    images = generator.images_from_seeds(range(5, 5 + 36))
    assert np.array_equal(pixels[:256:16, :256:16], images[0])
    assert np.array_equal(pixels[-64::4, -64::4], images[-1])


def test_noise_figures(generator, monkeypatch):
    """Columns with and without noise; where noise changes nothing, the deviation is black."""
    image = figure("noise-components", generator, [4])
    for column, options in enumerate(
        ({"noise_sizes": [4]}, {"noise_sizes": [8, 16]}, {"noise": "none"}, {})
    ):
        expected = generator.images(generator.w([4]), **options)[0]
        assert np.array_equal(shown(image, column, 0), expected)
    monkeypatch.setattr(figures, "RANDOM_NOISES", 6)
    image = figure("noise-detail", generator, [4])
    assert shown(image, 0, 0).max() == 255
    assert np.array_equal(shown(image, 5, 0), generator.images_from_seeds([4])[0])
    quiet = Generator(NETWORKS["stylegan"][0](16, 3, 8, 0.02))  # noise of strength 0
    assert shown(figure("noise-detail", quiet, [4]), 0, 0).max() == 0


def test_gray_images_are_shown_too():
    """A figure is RGB; every channel is the image's one."""
    gray = Generator(NETWORKS["dcgan"][0](16, 1, 8, 0.02))
    expected = gray.images_from_seeds([4])[0].repeat(3, axis=2)
    assert np.array_equal(shown(figure("truncation", gray, [4], [1.0]), 0, 0), expected)
    assert np.array_equal(np.asarray(figure("uncurated", gray, [4]))[:256:16, :256:16], expected)


@pytest.mark.parametrize("name", ["mixing", "noise-detail", "noise-components"])
def test_figures_of_styles_need_styles(plain, name):
    """The sentence names the versions that have them."""
    with pytest.raises(UserError, match="stylegan"):
        figure(name, plain, [1, 2])
    figure("truncation", plain, [1], [1.0])


def test_arguments_that_a_figure_does_not_take(plain):
    """They are refused before anything is computed."""
    for name, seeds, psis, noise, word in (
        ("uncurated", [1, 2], [], "const", "consecutive"),
        ("uncurated", [], [1.0, 0.5], "const", "2 values"),
        ("mixing", [1], [], "const", "two"),
        ("noise-detail", [], [], "none", "noise"),
    ):
        with pytest.raises(UserError, match=word):
            figure(name, plain, seeds, psis, noise)


def test_a_generator_of_one_size_has_no_noise_components():
    """That of the first stage, 4x4."""
    network = NETWORKS["stylegan"][0](4, 3, 8, 0.02)
    with pytest.raises(UserError, match="4x4"):
        figure("noise-components", Generator(network), [0])
