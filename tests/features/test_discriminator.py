"""The features of discriminators: which layers they are of, and what numbers they are."""

import keras
import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.features.discriminator import DiscriminatorFeatures, feature_layers
from anime_gan.features.network import open_network
from anime_gan.networks.build import build
from tests.conftest import SLOW_ON_JAX

rng = np.random.default_rng(0)


def discriminator(version: str, *overrides: str) -> keras.Model:
    """A small discriminator of a version, with new weights."""
    side = VERSIONS[version].smallest
    small = ["model.width=0.03", f"model.resolution={side}"]
    return build(load_config(None, [f"version={version}", *small, *overrides])).discriminator


def bytes_of(network: DiscriminatorFeatures, count: int) -> np.ndarray:
    """Random images of a network's size."""
    side = network.resolution
    return rng.integers(0, 256, (count, side, side, network.channels), "uint8")


def features_of(network: DiscriminatorFeatures, images) -> list[np.ndarray]:
    """The features of images in each layer."""
    return [np.concatenate(parts) for parts in zip(*network.batches(images), strict=True)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version(version):
    """It has features, whose numbers for an image do not depend on the others in its batch."""
    network = DiscriminatorFeatures(discriminator(version))
    sides = [layer.shape[0] for layer in network.layers if len(layer.shape) == 3]
    assert sides == sorted(set(sides), reverse=True)
    assert bool(sides) == (version != "v1")
    assert len(network.layers) >= 2
    network.batch = 4
    images = bytes_of(network, 9)
    found = features_of(network, images)
    for layer, features in zip(network.layers, found, strict=True):
        assert features.shape == (9, layer.size), layer.name
        assert np.isfinite(features).all() and np.ptp(features) > 0, layer.name
    order = np.array([8, 0, 3, 5, 1, 2, 4, 7, 6])
    for first, again in zip(found, features_of(network, images[order]), strict=True):
        np.testing.assert_allclose(again, first[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "version, expected",
    [
        # The dense layers, not the flattened image.
        ("v1", ["vector_15", "vector_8"]),
        # Convolutions without padding: sides that are no multiples of 4, and one below 4.
        ("v5", ["maps_30x30", "maps_14x14", "maps_6x6", "maps_2x2"]),
        # Its first maps have half of the image's size.
        ("r3gan_patch", ["maps_8x8", "maps_4x4", "vector_184"]),
        # What follows the deviation within the batch is left out.
        ("stylegan", ["maps_16x16", "maps_8x8", "maps_4x4"]),
        # As is what follows the closeness to the other images.
        ("illustration", ["maps_16x16", "maps_8x8", "maps_4x4"]),
    ],
)
def test_which_layers(version, expected):
    """One for each size of maps and length of vectors, in order."""
    assert [layer.name for layer in feature_layers(discriminator(version))] == expected


@pytest.mark.backends
@pytest.mark.parametrize("version", ["v5", "sagan"])
def test_maps_are_reduced_by_their_maximum(version):
    """To 4x4 cells in the order rows, columns, filters; by NumPy, of each layer's own output."""
    model = discriminator(version)
    network = DiscriminatorFeatures(model)
    images = bytes_of(network, 3)
    for layer, features in zip(network.layers, features_of(network, images), strict=True):
        own = keras.Model(model.inputs[0], model.get_layer(layer.layer).output)
        maps = np.asarray(own(images.astype("float32") / 127.5 - 1))
        if maps.ndim == 4:
            side = min(4, maps.shape[1])
            cells = np.empty((3, side, side, maps.shape[3]), "float32")
            for row, column in np.ndindex(side, side):
                size = maps.shape[1]
                rows, columns = (
                    slice(int(i * size / side), int(np.ceil((i + 1) * size / side)))
                    for i in (row, column)
                )
                cells[:, row, column] = maps[:, rows, columns].max(axis=(1, 2))
            maps = cells.reshape(3, -1)
        np.testing.assert_allclose(features, maps, rtol=1e-3, atol=1e-4)


def test_a_size_that_is_faded_in_has_its_own_features():
    """They do not depend on how far it is faded in, and no layer of the former size is taken."""
    model = discriminator("progan")
    network = DiscriminatorFeatures(model)
    images = bytes_of(network, 2)
    before = features_of(network, images)
    model.get_layer("fade").alpha.assign(0.25)
    after = features_of(DiscriminatorFeatures(model), images)
    assert network.layers[0].name == "maps_16x16"
    np.testing.assert_allclose(before[0], after[0], rtol=1e-5)
    assert np.abs(before[1] - after[1]).max() > 1e-3  # what follows sees the blend


def test_spectral_norm_dropout_and_gray():
    """No feature is dropped, and the estimate of the norm takes no further step."""
    options = ["discriminator.spectral_norm=true", "discriminator.dropout=0.5", "model.channels=1"]
    network = DiscriminatorFeatures(discriminator("dragan", *options))
    images = bytes_of(network, 2)
    first, again = features_of(network, images), features_of(network, images)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("version", ["v5", "r3gan", "illustration"])
def test_a_conditional_discriminator_has_the_same_layers(version):
    """Its features are of the image alone: what depends on the labels is left out."""
    values = {"hair": ("blue", "red"), "eyes": ("green", "pink", "red")}
    side = f"model.resolution={VERSIONS[version].smallest}"
    config = load_config(None, [f"version={version}", "model.width=0.03", side])
    config = config.updated(model={"labels": [*values], "label_values": values})
    conditional = build(config).discriminator
    names = [layer.name for layer in feature_layers(discriminator(version))]
    assert len(conditional.inputs) == 2
    network = DiscriminatorFeatures(conditional)
    assert [layer.name for layer in network.layers] == names
    assert len(features_of(network, bytes_of(network, 3))) == len(names)


def test_a_network_trained_in_bfloat16_gives_float32_features():
    """Its features are not rounded to 8 bits."""
    config = load_config(None, ["version=v2", "model.width=0.1", "model.resolution=16"])
    network = DiscriminatorFeatures(build(config, "bfloat16").discriminator)
    values = features_of(network, bytes_of(network, 4))[0]
    assert values.dtype == np.float32
    assert (values.view(np.uint32) & 0xFFFF).any()


def test_a_network_without_such_layers_is_refused():
    """One dense layer has nothing before its score."""
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(image)))
    with pytest.raises(UserError, match="no layer before its output"):
        DiscriminatorFeatures(model)


@pytest.mark.parametrize(
    "version, channels", [("v5", 3), pytest.param("v2", 1, marks=SLOW_ON_JAX), ("v1", 3)]
)
def test_as_a_feature_network(version, channels, tmp_path):
    """Means of the last maps, by NumPy, in the interface of all feature networks."""
    model = discriminator(version, f"model.channels={channels}")
    model.save(tmp_path / "discriminator_3.keras")
    network = open_network(f"discriminator:{tmp_path / 'discriminator_3.keras'}")
    side = model.inputs[0].shape[1]
    images = rng.integers(0, 256, (5, side, side, channels), "uint8")
    layer = feature_layers(model)[-1]
    own = keras.Model(model.inputs[0], model.get_layer(layer.layer).output)
    expected = np.asarray(own(images.astype("float32") / 127.5 - 1))
    if expected.ndim == 4:
        expected = expected.mean(axis=(1, 2))
    assert network.size == side and "discriminator_3.keras" in network.name
    np.testing.assert_allclose(network.features(images), expected, rtol=1e-3, atol=1e-4)
    model.layers[1].set_weights([2 * x for x in model.layers[1].get_weights()])
    (tmp_path / "other").mkdir()
    model.layers[-1].bias.assign([3.0])
    model.save(tmp_path / "other/discriminator_3.keras")
    other = open_network(f"discriminator:{tmp_path / 'other/discriminator_3.keras'}")
    assert other.key != network.key  # stored features are of one file
