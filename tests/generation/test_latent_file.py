"""Files of latents take the place of seeds, and are refused where they do not fit."""

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator
from anime_gan.generation.latent_file import noise_seeds, read_latent, w_of, write_latent
from anime_gan.generation.walk import walk_through
from anime_gan.networks import NETWORKS
from tests.generation.test_generator import noisy_generator
from tests.generation.test_labels import conditional


@pytest.fixture(scope="module")
def styled():
    return Generator(noisy_generator("stylegan2"))


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "generator_5.keras"
    path.write_bytes(b"weights")
    return path


def test_files_and_seeds_keep_their_order(styled, weights, tmp_path):
    """A w for each layer beside seeds, whose w is the same in all; both can be truncated."""
    path = tmp_path / "face.npz"
    plus = np.random.default_rng(0).normal(size=(styled.layers, 8)).astype("float32")
    write_latent(path, plus, "w+", weights, {"target": "me.png"})
    found = read_latent(path)
    np.testing.assert_array_equal(found.w, plus)
    assert found.space == "w+"
    w = w_of(styled, [3, path, 5, path], 1.0, weights)
    assert w.shape == (4, styled.layers, 8)
    np.testing.assert_array_equal(w[1], plus)
    np.testing.assert_array_equal(w[3], plus)
    np.testing.assert_array_equal(w[[0, 2], 0], styled.w([3, 5]))
    half = w_of(styled, [3, path], 0.5, weights)
    np.testing.assert_allclose(half, styled.mean_w + 0.5 * (w[:2] - styled.mean_w), atol=1e-6)
    assert styled.images(w).shape == (4, 16, 16, 3)
    assert noise_seeds([3, path]) == [3, 0]
    walked = walk_through(styled, w, 5)
    assert walked.shape == (20, styled.layers, 8)
    np.testing.assert_allclose(walked[::5], w, atol=1e-6)


def test_seeds_alone_give_what_the_generator_gives(styled, weights):
    """Bit for bit; and a z without styles is a row of one layer."""
    np.testing.assert_array_equal(w_of(styled, [3, 5], 1.0, weights), styled.w([3, 5]))
    plain = Generator(NETWORKS["dcgan"][0](16, 3, 8, 0.02))
    path = weights.with_name("z.npz")
    write_latent(path, plain.latents([4]), "z", weights, {})
    w = w_of(plain, [path, 3], 1.0, weights)
    np.testing.assert_array_equal(w, plain.latents([4, 3]))
    np.testing.assert_array_equal(plain.images(w[:, None]), plain.images(w))


def test_labels_of_seeds_and_files(weights):
    """A file keeps its normal numbers, and the labels that are not given; w can't be relabeled."""
    plain, path = Generator(conditional("dcgan")), weights.with_name("z.npz")
    write_latent(path, plain.latents([4], {"hair": "red", "eyes": "green"}), "z", weights, {})
    w = w_of(plain, [path, 3, path], 1.0, weights, [{"hair": "blue"}, {"hair": "any"}])
    blue = plain.latents([4], {"hair": "blue", "eyes": "green"})
    expected = np.concatenate([blue, plain.latents([3], {"hair": "any"}), blue])
    np.testing.assert_array_equal(w, expected)
    walked = walk_through(plain, w, 3)
    np.testing.assert_allclose(walked[::3], w, atol=1e-6)
    styled = Generator(conditional("stylegan2"))
    write_latent(path, styled.w([4]), "w", weights, {})
    np.testing.assert_array_equal(w_of(styled, [path], 1.0, weights), styled.w([4]))
    with pytest.raises(UserError, match="labels can't be changed"):
        w_of(styled, [path], 1.0, weights, [{"hair": "red"}])


def test_a_file_of_another_generator_is_refused_or_told(styled, weights, capfd):
    """Another shape is an error; other weights of the same shape give another face."""
    path = weights.with_name("z.npz")
    write_latent(path, np.zeros((1, 8), "float32"), "z", weights, {})
    with pytest.raises(UserError, match="another kind"):
        w_of(styled, [path], 1.0, weights)
    write_latent(path, np.zeros((1, 8), "float32"), "w", weights, {})
    weights.write_bytes(b"others")
    w_of(styled, [path], 1.0, weights)
    assert "other weights" in capfd.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"text"])
def test_what_is_no_such_file_is_one_sentence(tmp_path, content):
    """Also another npz, and one that is missing."""
    path = tmp_path / "face.npz"
    with pytest.raises(UserError, match="there is no file"):
        read_latent(path)
    path.write_bytes(content)
    with pytest.raises(UserError, match="holds no latents"):
        read_latent(path)
    np.savez(path, w=np.full((1, 8), np.nan), space="z", weights="")
    with pytest.raises(UserError, match="holds no latents"):
        read_latent(path)
    np.savez(path, w=np.zeros((1, 8)), space="z", weights="")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] ^= 1  # the flag of an encrypted file
    path.write_bytes(data)
    with pytest.raises(UserError, match="holds no latents"):
        read_latent(path)
