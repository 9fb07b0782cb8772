"""Labels that a user asks for, and generators that take them."""

import re

import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator
from anime_gan.generation.labels import (
    attributes_in,
    expanded,
    has_several,
    label_text,
    parse_labels,
    words_of,
)
from anime_gan.generation.load import load_network
from anime_gan.generation.walk import walk
from anime_gan.networks.build import build
from anime_gan.networks.labels import inputs_from_seeds, label_layer
from anime_gan.networks.layers.labels import UNITS

VALUES = {"hair": ("black", "blue", "red"), "eyes": ("green", "red")}


def conditional(version: str):
    """Return a tiny generator network that takes labels, none of whose weights is 0."""
    own = [f"version={version}", "model.width=0.02", "model.latent_dim=8", "model.resolution=16"]
    config = load_config(None, [*own, "model.labels=[hair,eyes]"])
    network = build(config.updated(model={"label_values": VALUES})).generator
    draw = np.random.default_rng(0)
    for weight in network.trainable_weights:
        weight.assign(weight + 0.1 * draw.standard_normal(weight.shape))
    label_layer(network).set_shares(np.array([[1, 1], [2, 0], [2, 2], [3, 1]]))
    return network


@pytest.fixture(scope="module", params=["dcgan", "stylegan2"])
def generator(request) -> Generator:
    """Without styles and with them."""
    return Generator(conditional(request.param))


def test_what_is_asked_for():
    """Case and spaces do not count; a star is each value, and several labels come in order."""
    assert parse_labels(" Hair = Light  Blue,eyes=RED") == {"hair": "light blue", "eyes": "red"}
    star, red = parse_labels("hair=*,eyes=red"), parse_labels("hair=red")
    assert [one["hair"] for one in expanded(VALUES, [star, red])] == ["black", "blue", "red", "red"]
    assert expanded(VALUES, []) == [{}] and expanded({}, []) == [{}]
    assert has_several([star]) and has_several([red, red]) and not has_several([red])
    assert label_text(words_of(VALUES, [2, 0])) == "hair=blue,eyes=any"


@pytest.mark.parametrize("text", ["", "hair", "hair=", "=blue", "hair=blue,", "hair=a,hair=b"])
def test_what_is_no_list_of_labels(text):
    """One sentence each."""
    with pytest.raises(UserError) as error:
        parse_labels(text)
    assert str(error.value).count(". ") == 0 and str(error.value).endswith(".")


def test_unknown_words_are_answered_with_the_nearest():
    """An attribute, a value, and a generator without labels."""
    for asked, said in (
        ({"hiar": "red"}, "has no attribute hiar; there are hair, eyes"),
        ({"hair": "blu"}, "has no hair blu; there are blue, black, red"),
    ):
        with pytest.raises(UserError, match=said):
            expanded(VALUES, [asked])
    with pytest.raises(
        UserError, match=r"takes no labels, since it was trained without model\.labels"
    ):
        expanded({}, [{"hair": "red"}])


@pytest.mark.backends
def test_labels_of_seeds(generator):
    """What is asked for, and else what the seed decides, as frequent as in the training set."""
    assert generator.attributes == VALUES
    assert (generator.normal_dim, generator.latent_dim) == (8, 8 + 2 * UNITS)
    own = generator.codes(range(50))
    np.testing.assert_array_equal(generator.codes([7, 3]), own[[7, 3]])
    assert set(own[:, 1]) == {0, 1, 2} and set(own[:, 0]) == {1, 2, 3}
    asked = generator.codes(range(50), {"hair": "red"})
    assert (asked[:, 0] == 3).all()
    np.testing.assert_array_equal(asked[:, 1], own[:, 1])
    assert (generator.codes(range(3), {"hair": "any"})[:, 0] == 0).all()
    for word in ("gray", "*"):
        with pytest.raises(UserError, match=re.escape(f"has no hair {word}; there are ")):
            generator.latents([1], {"hair": word})


@pytest.mark.backends
def test_images_are_those_of_the_whole_network(generator):
    """Latents joined first, then the version's network: what training's grids show."""
    z, codes = inputs_from_seeds(generator.whole, range(4))
    whole = np.asarray(generator.whole([z, codes]))
    images = generator.outputs(generator.w(range(4)))
    np.testing.assert_allclose(images, whole, atol=1e-5)
    others = generator.images_from_seeds(range(4), labels={"hair": "red", "eyes": "any"})
    assert (others != generator.images_from_seeds(range(4))).any(axis=(1, 2, 3)).any()
    alone = generator.images_from_seeds([2], labels={"hair": "red", "eyes": "any"})
    np.testing.assert_array_equal(alone[0], others[2])


@pytest.mark.backends
def test_truncation_keeps_the_labels(generator):
    """At 0, all seeds of a label are its mean face, and those of two labels differ."""
    w = [generator.w(range(3), 0.0, {"hair": hair, "eyes": "red"}) for hair in ("red", "blue")]
    for one in w:
        np.testing.assert_allclose(one, np.tile(one[:1], (3, 1)), atol=1e-6)
    assert not np.allclose(w[0][0], w[1][0], atol=1e-3)
    if generator.has_styles:  # the mean of w over many latents of this label
        many = generator.w(range(4000), 1.0, {"hair": "red", "eyes": "red"})
        error = many.std(axis=0) / np.sqrt(512)
        assert (np.abs(many.mean(axis=0) - w[0][0]) < 6 * error + 1e-4).all()


@pytest.mark.backends
def test_a_walk_goes_from_label_to_label(generator):
    """Its ends have the labels asked for; in z the part of labels goes in a straight line."""
    codes = np.array([[1, 1], [3, 1]], "int32")
    w = walk(generator, [5, 5], 4, 1.0, "z", codes)
    ends = generator.w([5, 5], labels=codes)
    np.testing.assert_allclose(w[[0, 4]], ends, atol=1e-5)
    if not generator.has_styles:
        np.testing.assert_allclose(w[2], ends.mean(axis=0), atol=1e-5)


@pytest.mark.backends
def test_a_file_says_its_words_without_keras(tmp_path):
    """As Keras's JSON has them; other files have none."""
    path = tmp_path / "generator_1.keras"
    conditional("dcgan").save(path)
    assert attributes_in(path) == VALUES
    assert Generator(load_network(path)).attributes == VALUES
    build(load_config(None, ["model.width=0.01"])).generator.save(path)
    assert attributes_in(path) == {}
    path.write_bytes(b"no zip")
    assert attributes_in(path) == {} and attributes_in(tmp_path / "none.weights.h5") == {}
