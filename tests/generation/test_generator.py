"""Faces of codes: truncated, mixed, with noise or without, and always the same."""

import keras
import numpy as np
import pytest

from anime_gan import networks
from anime_gan.errors import UserError
from anime_gan.generation.generator import Drawer, parse_psis
from anime_gan.generation.load import BATCH, FEW, batched, draw
from anime_gan.training.state import latents_of

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module", params=["stylegan", "stylegan2"])
def drawer(request) -> Drawer:
    """A tiny generator whose noise shows and whose mean style is not zero."""
    keras.utils.set_random_seed(0)
    return Drawer(noisy_generator(request.param))


def noisy_generator(version: str) -> keras.Model:
    """A generator as training leaves it: with noise of some strength, and a mean style."""
    generator = networks.get_version(version).generator(16, 3, 8, 0.02)
    generator.get_layer("styles").mean.assign(np.linspace(-1, 1, 8))
    for layer in generator.get_layer("synthesis").layers:
        if layer.name.endswith("_noise"):
            layer.strength.assign(np.full(layer.strength.shape, 0.3))
    return generator


def test_a_seeds_face_is_the_generators(drawer):
    """Taken apart into mapping and synthesis, the generator makes the faces that it makes whole."""
    faces = drawer.faces(range(3))
    whole = draw(drawer._generator, latents_of(range(3), 8))
    assert np.abs(faces.astype(int) - whole).max() <= 1


@pytest.mark.parametrize("noise", ["fixed", "fresh", "off"])
def test_a_seeds_face_does_not_depend_on_its_batch(drawer, noise):
    """Alone, among others or twice: the same to the last bit, whatever the noise."""
    many = drawer.faces(range(20), 0.7, noise)
    for some in ([17], [3, 17], [17, 3, 5]):
        faces = drawer.faces(some, 0.7, noise)
        assert np.array_equal(faces, many[some])


def test_a_picture_does_not_depend_on_its_place(drawer):
    """To the last bit before it is rounded, too: a sum's order may follow the place in a batch."""
    styles = np.repeat(drawer.codes(range(BATCH))[:, None], drawer.layers, axis=1)
    first = batched(drawer.synthesis, styles)
    for moved in (1, 5, 11):
        again = batched(drawer.synthesis, np.roll(styles, moved, axis=0))
        assert np.array_equal(np.roll(again, -moved, axis=0), first)


@pytest.mark.parametrize("version", [name for name in networks.VERSIONS if "style" not in name])
def test_a_picture_of_few_does_not_depend_on_its_place(version):
    """The same, of versions without styles."""
    keras.utils.set_random_seed(0)
    generator = networks.get_version(version).generator(16, 3, 8, 0.05)
    latents = latents_of(range(FEW), 8)
    first = batched(generator, latents, batch=FEW)
    for moved in range(1, FEW):
        again = batched(generator, np.roll(latents, moved, axis=0), batch=FEW)
        assert np.array_equal(np.roll(again, -moved, axis=0), first)


def test_psi_moves_codes_towards_their_mean(drawer):
    """At 0 there is one face, at -1 the code on the other side of the mean."""
    codes = drawer.codes(range(4))
    np.testing.assert_allclose(drawer.codes(range(4), 0.0), np.tile(drawer.mean, (4, 1)), atol=1e-6)
    np.testing.assert_allclose(
        drawer.codes(range(4), -1.0) + codes, np.tile(2 * drawer.mean, (4, 1)), atol=1e-5
    )
    faces = drawer.faces(range(4), 0.0)
    assert all(np.array_equal(face, faces[0]) for face in faces)
    assert not np.array_equal(*drawer.faces(range(2), 1.0))


def test_noise_is_fixed_fresh_or_off(drawer):
    """Off differs from fixed, fresh from both and from seed to seed; and it is put back."""
    code = np.repeat(drawer.codes([5]), 2, axis=0)
    fixed = drawer.images(code)
    assert np.array_equal(*fixed)
    off, fresh = drawer.images(code, "off"), drawer.images(code, "fresh", [1, 2])
    assert np.array_equal(*off) and not np.array_equal(off[0], fixed[0])
    assert not np.array_equal(*fresh) and not np.array_equal(fresh[0], fixed[0])
    assert np.array_equal(drawer.images(code), fixed)
    none = drawer.images(code, noisy=[])
    assert np.array_equal(none, off)
    parts = [drawer.images(code, noisy=sizes)[0] for sizes in ([4, 8], [16])]
    assert not any(np.array_equal(part, other) for part in parts for other in (off[0], fixed[0]))


def test_each_layer_takes_its_own_style(drawer):
    """One code for all layers is that code, and another for any layer changes the picture."""
    code = drawer.codes([5])
    styles = np.repeat(code[:, None], drawer.layers, axis=1)
    assert np.array_equal(drawer.images(styles), drawer.images(code))
    for layer in range(drawer.layers):
        other = styles.copy()
        other[:, layer] = drawer.codes([6])
        assert not np.array_equal(drawer.images(other), drawer.images(styles)), layer


def test_versions_without_styles_are_truncated_in_their_latents():
    """Their code is the latent and its mean 0; noise they have none."""
    plain = Drawer(networks.get_version("dcgan").generator(16, 3, 8, 0.02))
    assert not plain.styled
    np.testing.assert_array_equal(plain.codes([3], 0.5), latents_of([3], 8) / 2)
    assert np.array_equal(*plain.faces([3, 4], 0.0))
    with pytest.raises(UserError, match="stylegan"):
        plain.faces([3], 1.0, "fresh")


def test_psis_are_parsed_or_refused():
    """Numbers within reason, and nothing else."""
    assert parse_psis("1.2, 1,-0.5") == [1.2, 1.0, -0.5]
    for text in ("", "a", "1,,2", "nan", "inf", "11"):
        with pytest.raises(UserError):
            parse_psis(text)
