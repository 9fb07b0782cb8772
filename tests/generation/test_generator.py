"""Images of seeds and w: truncated, mixed, with noise or without, and always the same."""

import threading

import keras
import numpy as np
import pytest

from anime_gan import networks
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.generation.generator import BATCH, SMALL_BATCH, Generator, draw, predict
from anime_gan.networks.latents import latents_from_seeds

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module", params=["stylegan", "stylegan2"])
def generator(request) -> Generator:
    """A tiny generator with visible noise, whose mean w is not zero."""
    return Generator(noisy_generator(request.param))


def noisy_generator(version: str) -> keras.Model:
    """Return a network as training leaves it: with noise of some strength, and a mean w."""
    keras.utils.set_random_seed(0)
    network = networks.NETWORKS[version][0](16, 3, 8, 0.02)
    network.get_layer("styles").mean.assign(np.linspace(-1, 1, 8))
    for layer in network.get_layer("synthesis").layers:
        if layer.name.endswith("_noise"):
            layer.strength.assign(np.full(layer.strength.shape, 0.3))
    return network


@pytest.mark.parametrize("version", ["stylegan", "stylegan2"])
def test_the_parts_make_the_images_of_the_whole(version):
    """Mapping and synthesis apart, with noise as an input, make what the whole network makes."""
    network = noisy_generator(version)
    images = Generator(network).images_from_seeds(range(3))
    whole = draw(network, latents_from_seeds(range(3), 8))
    assert np.abs(images.astype(int) - whole).max() <= 1


def test_what_a_generator_says_of_itself(generator):
    """Styles, layers, sizes; and of a version without styles."""
    assert generator.has_styles and generator.layers == 6
    assert (generator.latent_dim, generator.resolution, generator.channels) == (8, 16, 3)
    np.testing.assert_allclose(generator.mean_w, np.linspace(-1, 1, 8), atol=1e-6)
    plain = Generator(networks.NETWORKS["dcgan"][0](16, 1, 8, 0.02))
    assert not plain.has_styles and plain.layers == 1
    assert (plain.latent_dim, plain.resolution, plain.channels) == (8, 16, 1)


@pytest.mark.parametrize("noise", ["const", "random", "none"])
def test_an_image_does_not_depend_on_its_batch(generator, noise):
    """Alone, among others or twice: the same to the last bit, whatever the noise."""
    many = generator.images_from_seeds(range(20), 0.7, noise)
    for seeds in ([17], [3, 17], [17, 3, 5]):
        images = generator.images_from_seeds(seeds, 0.7, noise)
        assert np.array_equal(images, many[seeds])


def test_an_image_does_not_depend_on_its_place(generator):
    """Also before it is rounded: the order of a sum may follow the place in a batch."""
    w = np.repeat(generator.w(range(BATCH))[:, None], generator.layers, axis=1)
    compute = generator.synthesis.predict_on_batch
    first = predict(compute, w)
    for moved in (1, 5, 11):
        again = predict(compute, np.roll(w, moved, axis=0))
        assert np.array_equal(np.roll(again, -moved, axis=0), first)


@pytest.mark.parametrize("version", [name for name in VERSIONS if "style" not in name])
def test_an_image_of_a_small_batch_does_not_depend_on_its_place(version):
    """The same, for versions without styles."""
    keras.utils.set_random_seed(0)
    compute = networks.NETWORKS[version][0](16, 3, 8, 0.05).predict_on_batch
    latents = latents_from_seeds(range(SMALL_BATCH), 8)
    first = predict(compute, latents, batch_size=SMALL_BATCH)
    for moved in range(1, SMALL_BATCH):
        again = predict(compute, np.roll(latents, moved, axis=0), batch_size=SMALL_BATCH)
        assert np.array_equal(np.roll(again, -moved, axis=0), first)


def test_truncation_moves_w_towards_its_mean(generator):
    """At 0 there is one image, at -1 the w on the other side of the mean."""
    w, mean = generator.w(range(4)), generator.mean_w
    np.testing.assert_allclose(generator.w(range(4), 0.0), np.tile(mean, (4, 1)), atol=1e-6)
    np.testing.assert_allclose(
        generator.w(range(4), -1.0) + w, np.tile(2 * mean, (4, 1)), atol=1e-5
    )
    images = generator.images_from_seeds(range(4), 0.0)
    assert all(np.array_equal(image, images[0]) for image in images)
    assert not np.array_equal(*generator.images_from_seeds(range(2), 1.0))


def test_noise_is_const_random_or_none(generator):
    """Each differs from the others, random from seed to seed; sizes without noise have none."""
    w = np.repeat(generator.w([5]), 2, axis=0)
    const = generator.images(w)
    assert np.array_equal(*const)
    none, random = generator.images(w, "none"), generator.images(w, "random", [1, 2])
    assert np.array_equal(*none) and not np.array_equal(none[0], const[0])
    assert not np.array_equal(*random) and not np.array_equal(random[0], const[0])
    assert np.array_equal(generator.images(w, noise_sizes=[]), none)
    parts = [generator.images(w, noise_sizes=sizes)[0] for sizes in ([4, 8], [16])]
    assert not any(np.array_equal(part, other) for part in parts for other in (none[0], const[0]))
    part = generator.images(w, "random", [1, 2], [16])
    assert not any(np.array_equal(part[0], other) for other in (random[0], none[0], parts[1]))
    for wrong in (None, [1]):
        with pytest.raises(ValueError, match="noise_seeds"):
            generator.images(w, "random", wrong)
    with pytest.raises(ValueError, match="const, random, none"):
        generator.images(w, "fresh")


def test_noise_leaves_the_network_as_it_was(generator):
    """It is an input of the computation; weights and constant noise stay."""
    before = [keras.ops.convert_to_numpy(v) for v in generator.synthesis.variables]
    for noise in ("random", "none"):
        generator.images(generator.w(range(3)), noise, range(3))
    after = [keras.ops.convert_to_numpy(v) for v in generator.synthesis.variables]
    assert all(map(np.array_equal, before, after))


def test_threads_share_a_generator():
    """With different noise at once, from the first call on, each gets what it gets alone."""
    calls = [("random", [7] * 40), ("none", range(40)), ("const", range(40))]
    alone_generator = Generator(noisy_generator("stylegan2"))
    alone = [alone_generator.images_from_seeds(seeds, 1.0, noise) for noise, seeds in calls]
    shared, found = Generator(noisy_generator("stylegan2")), {}
    start = threading.Barrier(len(calls))

    def call(number: int, noise: str, seeds) -> None:
        start.wait()
        for _ in range(3):
            images = shared.images_from_seeds(seeds, 1.0, noise)
            found.setdefault(number, []).append(images)

    threads = [threading.Thread(target=call, args=(i, *args)) for i, args in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, images in enumerate(alone):
        assert len(found[number]) == 3
        assert all(np.array_equal(again, images) for again in found[number])


def test_each_layer_takes_its_own_w(generator):
    """One w for all layers is that w, and another for any layer changes the image."""
    w = generator.w([5])
    every = np.repeat(w[:, None], generator.layers, axis=1)
    assert np.array_equal(generator.images(every), generator.images(w))
    for layer in range(generator.layers):
        other = every.copy()
        other[:, layer] = generator.w([6])
        assert not np.array_equal(generator.images(other), generator.images(every)), layer


def test_without_styles_the_latents_are_truncated():
    """w is the latent and its mean 0; there is no noise."""
    plain = Generator(networks.NETWORKS["dcgan"][0](16, 3, 8, 0.02))
    np.testing.assert_array_equal(plain.w([3], 0.5), latents_from_seeds([3], 8) / 2)
    assert np.array_equal(*plain.images_from_seeds([3, 4], 0.0))
    with pytest.raises(UserError, match="stylegan"):
        plain.images_from_seeds([3], 1.0, "random")
