"""Directions are principal components, in standard deviations, and always the same."""

import keras
import numpy as np
import pytest

from anime_gan.directions.components import (
    _affines,
    _early_maps,
    principal_directions,
    weight_directions,
)
from anime_gan.generation.generator import Generator
from tests.export.networks import tiny_generator

SIZES = [5.0, 3.0, 2.0, 1.2, 0.5, 0.1]  # how far the maps of `linear` move along each axis


@pytest.fixture
def linear():
    """A generator whose early maps are a linear function of z, and its axes, as rows in z."""
    draw = np.random.default_rng(1)
    axes, _ = np.linalg.qr(draw.standard_normal((6, 6)))
    spread, _ = np.linalg.qr(draw.standard_normal((32, 6)))
    kernel = axes @ np.diag(SIZES) @ spread.T
    z = keras.Input((6,))
    x = keras.layers.Dense(32, name="dense")(z)
    x = keras.layers.Reshape((4, 4, 2))(x)
    x = keras.layers.UpSampling2D(2)(x)
    network = keras.Model(z, keras.layers.Conv2D(3, 1)(x))
    network.get_layer("dense").set_weights([kernel.astype("float32"), np.zeros(32, "float32")])
    return Generator(network), axes.T


def test_without_styles_they_are_found_in_z(linear):
    """The axes along which early maps move most, in order; of length 1, the deviation of z."""
    generator, axes = linear
    found = principal_directions(generator, 4)
    assert [x.name for x in found] == [f"Component {number}" for number in (1, 2, 3, 4)]
    for direction, axis in zip(found, axes, strict=False):
        assert direction.vector.dtype == np.float32 and direction.layers is None
        np.testing.assert_allclose(np.linalg.norm(direction.vector), 1, rtol=1e-5)
        assert abs(direction.vector @ axis) > 0.99


@pytest.mark.parametrize("version", ["oulu", "v5"])
def test_maps_of_one_pixel_are_not_looked_at(version):
    """They are the latents themselves, whose components would say nothing of the generator."""
    generator = tiny_generator(version)
    z = generator.latents(range(200))
    maps = _early_maps(generator.synthesis, z)
    assert len(maps) == 200 and maps.shape[1] > generator.latent_dim
    assert all(not np.allclose(maps[:, :8], z[:, [place]]) for place in range(8))


def test_with_styles_they_are_those_of_w():
    """Orthogonal, the largest first; as long as w deviates along each."""
    generator = tiny_generator("stylegan2")
    found = np.stack([x.vector for x in principal_directions(generator, 4)]).astype(float)
    lengths = np.linalg.norm(found, axis=1)
    assert (np.diff(lengths) < 0).all()
    units = found / lengths[:, None]
    np.testing.assert_allclose(units @ units.T, np.eye(4), atol=1e-4)
    w = generator.w(range(3_000))  # not the latents that they are found with
    np.testing.assert_allclose((w @ units.T).std(axis=0), lengths, rtol=0.1)
    total = np.linalg.eigvalsh(np.cov(w.T))[::-1]
    np.testing.assert_allclose(lengths**2, total[:4], rtol=0.2)


def test_they_are_the_same_in_each_call(linear):
    """Also their signs, so that a shared address shows the same face."""
    first, second = (principal_directions(linear[0]) for _ in range(2))
    assert len(first) == 5  # of 6 dimensions
    np.testing.assert_array_equal([x.vector for x in first], [x.vector for x in second])
    assert all(abs(x.vector).max() <= 1 for x in first)


def test_weights_stretch_their_directions_most(linear):
    """Of the first layer, where there are no styles: its axes, the most stretched first."""
    generator, axes = linear
    found = weight_directions(generator, generator.latents(range(50)), 4)
    assert len(found) == 4
    for direction, axis in zip(found, axes, strict=False):
        np.testing.assert_allclose(abs(direction.vector @ axis), 1, rtol=1e-4)


@pytest.mark.parametrize("version", ["stylegan", "stylegan2"])
def test_with_styles_the_weights_of_each_level_have_their_own(version):
    """As long as w deviates along each; each level's are the eigenvectors of its weights."""
    generator = tiny_generator(version)
    w = generator.w(range(500))
    found = weight_directions(generator, w, 3)
    assert [x.layers for x in found] == [(0, 1, 2, 3)] * 3 + [(4, 5)] * 3
    for direction in found:
        length = np.linalg.norm(direction.vector)
        np.testing.assert_allclose((w @ direction.vector).std() / length, length, rtol=1e-3)
    kernels = [kernel for number, kernel in _affines(generator) if number < 4]
    matrix = np.concatenate(kernels)
    _, vectors = np.linalg.eigh(matrix.T @ matrix)
    unit = found[0].vector / np.linalg.norm(found[0].vector)
    assert abs(unit @ vectors[:, -1]) > 0.999


@pytest.mark.parametrize("version", ["oulu", "dcgan", "sagan", "progan", "v5", "wgan_gp"])
def test_the_first_weights_of_a_version_take_its_latent(version):
    """Dense ones and transposed convolutions, also scaled or spectrally normalized ones."""
    generator = tiny_generator(version)
    found = weight_directions(generator, generator.latents(range(10)), 3)
    assert len(found) == 3
    assert all(x.vector.shape == (8,) for x in found)
