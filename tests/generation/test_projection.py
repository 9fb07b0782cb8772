"""Projection finds a generator's own faces again, in every space, and the same for the same."""

import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.errors import UserError
from anime_gan.features import perceptual
from anime_gan.generation import projection
from anime_gan.generation.generator import Generator
from anime_gan.generation.load import load_generator
from anime_gan.generation.projection import project
from anime_gan.networks import NETWORKS
from anime_gan.networks.build import build
from anime_gan.sampling.options import STEPS
from tests.generation.test_generator import noisy_generator

pytestmark = pytest.mark.backends


@pytest.fixture(autouse=True)
def small_search(monkeypatch):
    """Tiny networks differ little from one another, and small maps are enough for them."""
    monkeypatch.setattr(projection, "CANDIDATES", 24)
    monkeypatch.setattr(perceptual, "SIZE", 32)


@pytest.fixture(scope="module")
def styled():
    """A StyleGAN2 whose noise has an effect."""
    return Generator(noisy_generator("stylegan2"))


def test_an_image_of_the_generator_is_approached_in_w_plus(styled):
    """The distance falls; all layers share one w at first, and not at last."""
    target = styled.images(styled.w(range(3000, 3000 + styled.layers))[None])[0]
    done = project(styled, target, 40)
    assert done.space == "w+" and done.w.shape == (styled.layers, 8)
    assert done.path.shape == (len(done.distances), styled.layers, 8)
    np.testing.assert_array_equal(done.path[-1], done.w)
    assert done.distances[-1] < 0.7 * done.distances[0]
    assert np.ptp(done.path[15], axis=0).max() < 1e-6 < np.ptp(done.w, axis=0).max()
    assert done.own_nearest[0] <= done.own_nearest[1] and done.own < done.own_nearest[1]


def test_z_keeps_the_length_of_random_latents():
    """Without styles; the image comes nearer, also of a network with one channel."""
    plain = Generator(NETWORKS["dcgan"][0](16, 1, 8, 0.02))
    target = plain.images_from_seeds([3000])[0]
    done = project(plain, target, 12)
    lengths = np.linalg.norm(plain.latents(range(24)), axis=1)
    found = np.linalg.norm(done.path[:, 0], axis=1)
    assert done.space == "z" and done.w.shape == (1, 8)
    assert lengths.min() - 1e-4 <= found.min() and found.max() <= lengths.max() + 1e-4
    assert done.distances[-1] < done.distances[0]
    again = project(plain, target, 12)
    np.testing.assert_array_equal(again.w, done.w)
    np.testing.assert_array_equal(again.distances, done.distances)


@pytest.mark.slow
def test_a_face_of_the_pretrained_generator_is_found_again(monkeypatch):
    """To a mean error of a pixel below 2%, as docs/projection.md says; it is no start."""
    monkeypatch.undo()  # the whole search
    generator = load_generator("pretrained")
    target = generator.images_from_seeds([5_000])[0]
    done = project(generator, target, STEPS)
    found = generator.images(done.w[None])[0]
    assert np.abs(found.astype(float) - target).mean() < 0.02 * 255


def test_labels_are_searched_with_the_latents():
    """Those of a generator that takes labels: the rest of its latents."""
    own = ["version=dcgan", "model.width=0.02", "model.latent_dim=8", "model.resolution=16"]
    config = load_config(None, [*own, "model.labels=[hair]"])
    values = {"hair": ("blue", "red")}
    generator = Generator(build(config.updated(model={"label_values": values})).generator)
    target = generator.images_from_seeds([3000])[0]
    done = project(generator, target, 2)
    assert done.w.shape == (1, generator.latent_dim) and generator.latent_dim > 8
    assert done.distances[-1] <= done.distances[0]


def test_an_image_unlike_all_others_is_farther_than_they_are(styled):
    """The user then reads that the generator draws no such faces."""
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), "uint8")
    done = project(styled, noise, 1, "w")
    assert done.nearest > done.own_nearest[1] and done.w.shape == (1, 8)


def test_the_space_must_be_one_of_the_generator(styled):
    """One sentence names those that are."""
    target = np.zeros((16, 16, 3), "uint8")
    with pytest.raises(UserError, match="take w or w\\+"):
        project(styled, target, 1, "z")
    with pytest.raises(UserError, match="take z"):
        project(Generator(NETWORKS["dcgan"][0](16, 3, 8, 0.02)), target, 1, "w")
