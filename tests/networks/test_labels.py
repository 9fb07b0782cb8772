"""Networks of every version take labels, judge them, and keep their words in their files."""

import keras
import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.networks.build import build, mixes_batch
from anime_gan.networks.labels import inputs_from_seeds, label_layer, own_network
from anime_gan.networks.layers.labels import UNITS, JoinLabels, Projection
from anime_gan.networks.layers.style import ResampleLatents
from anime_gan.runs.weights import load_model, load_weights, save_weights
from tests.conftest import SLOW_ON_JAX

VALUES = {"hair": ("black", "blue", "red"), "eyes": ("green", "red")}
CODES = np.array([[0, 0], [1, 0], [3, 2], [2, 1]], "int32")
QUICK = ("v5", "dragan", "r3gan", "stylegan2")


def config_of(version="v5", *overrides):
    """Return the config of tiny conditional networks, with the values that training reads."""
    own = ["model.width=0.02", "model.latent_dim=8", "model.resolution=32"]
    own += [f"version={version}", "model.labels=[hair,eyes]", *overrides]
    return load_config(None, own).updated(model={"label_values": VALUES})


@pytest.mark.backends
@pytest.mark.parametrize(
    "version", [pytest.param(v, marks=() if v in QUICK else SLOW_ON_JAX) for v in VERSIONS]
)
def test_every_version_takes_labels(version):
    """Another label makes another image and another score, and only in its own row."""
    networks = build(config_of(version))
    generator, discriminator = networks.generator, networks.discriminator
    draw = np.random.default_rng(0)
    latents = draw.normal(size=(4, 8)).astype("float32")
    for network in (generator, discriminator):  # away from R3GAN's blocks of 0, and scores of 0.5
        for variable in network.trainable_variables:
            variable.assign(variable + 0.1 * draw.normal(size=variable.shape))
    images = np.asarray(generator([latents, CODES]))
    changed = CODES.copy()
    changed[2] = 1
    others = np.asarray(generator([latents, changed]))
    assert images.shape == (4, 32, 32, 3) and np.isfinite(images).all()
    assert not np.allclose(others[2], images[2], atol=1e-6)
    np.testing.assert_allclose(np.delete(others, 2, 0), np.delete(images, 2, 0), atol=1e-5)
    if version == "dragan":  # its paper's discriminator reads labels
        score, logits = networks.classifier(images)
        assert score.shape == (4, 1) and logits.shape == (4, 5)
        assert len(discriminator.inputs) == 1
        return
    assert networks.classifier is None
    scores, of_others = (np.asarray(discriminator([images, c])) for c in (CODES, changed))
    assert scores.shape == (4, 1) and scores[2] != of_others[2]
    assert discriminator.layers[-1].name == "judged"  # nothing before the score depends on labels
    np.testing.assert_allclose(np.delete(of_others, 2, 0), np.delete(scores, 2, 0), atol=1e-6)
    assert ((scores >= 0).all() and (scores <= 1).all()) or not VERSIONS[version].sigmoid
    assert mixes_batch(discriminator) == mixes_batch(
        build(
            load_config(
                None,
                [
                    f"version={version}",
                    "model.width=0.02",
                    "model.latent_dim=8",
                    "model.resolution=32",
                ],
            )
        ).discriminator
    )


@pytest.mark.backends
def test_joined_latents_against_numpy():
    """z stays as it is; after it comes a row of the table for each attribute, 0 the null label."""
    layer, z = JoinLabels(VALUES), np.arange(8, dtype="float32").reshape(4, 2)
    joined = np.asarray(layer([z, CODES]))
    table = np.asarray(layer.table)
    rows = np.hstack([table[CODES[:, 0]], table[4 + CODES[:, 1]]])
    np.testing.assert_allclose(joined, np.hstack([z, rows]), rtol=1e-6)
    assert joined.shape == (4, 2 + 2 * UNITS)
    # All labels together are as long as the latent.
    wide = JoinLabels({"a": tuple(map(str, range(60)))})
    wide([np.zeros((1, 256), "float32"), np.ones((1, 1), "int32")])
    assert np.square(np.asarray(wide.table)).sum(1).mean() == pytest.approx(256, rel=0.2)


@pytest.mark.backends
def test_projection_against_numpy():
    """The score plus the outputs of the labels; unknown ones add nothing (Miyato 2018, eq. 3)."""
    draw = np.random.default_rng(0)
    score, outputs = (draw.normal(size=(4, n)).astype("float32") for n in (1, 5))
    judged = np.asarray(Projection(VALUES)([score, outputs, CODES]))[:, 0]
    added = [0, outputs[1, 0], outputs[2, 2] + outputs[2, 4], outputs[3, 1] + outputs[3, 3]]
    np.testing.assert_allclose(judged, score[:, 0] + np.array(added), rtol=1e-5)


def test_labels_are_sampled_as_in_the_training_set():
    """By their shares, unknown ones too; a seed alone decides its labels."""
    layer = JoinLabels(VALUES)
    layer.build([(None, 2), (None, 2)])
    even = layer.sample(range(3000))
    assert even.min() == 1  # before a set is known, all values are as frequent
    np.testing.assert_allclose(np.bincount(even[:, 0])[1:] / 3000, 1 / 3, atol=0.03)
    layer.set_shares(np.array([[0, 1], [3, 1], [3, 1], [3, 2]]))
    sampled = layer.sample(range(3000))
    shares = [np.bincount(column, minlength=3) / 3000 for column in sampled.T]
    np.testing.assert_allclose(shares[0], [0.25, 0, 0, 0.75], atol=0.03)
    np.testing.assert_allclose(shares[1], [0, 0.75, 0.25], atol=0.03)
    np.testing.assert_array_equal(layer.sample([7, 2999]), sampled[[7, 2999]])
    assert layer.share(0, 3) == 0.75


@pytest.mark.backends
@pytest.mark.parametrize("version", ["v5", "sagan"])
def test_files_keep_the_words(tmp_path, version):
    """A .keras file says which labels its network knows, and the report's weights file opens."""
    networks = build(config_of(version, "discriminator.dropout=0.1"))
    label_layer(networks.generator).set_shares(np.array([[1, 2], [1, 1]]))
    inputs = inputs_from_seeds(networks.generator, range(3))
    wanted = np.asarray(networks.generator(inputs))
    networks.generator.save(tmp_path / "generator_1.keras")
    opened = load_model(tmp_path / "generator_1.keras")
    assert label_layer(opened).attributes == VALUES
    again = inputs_from_seeds(opened, range(3))
    np.testing.assert_array_equal(again[1], inputs[1])
    np.testing.assert_array_equal(np.asarray(opened(again)), wanted)
    networks.discriminator.save(tmp_path / "d.keras")
    judged = [wanted, inputs[1]]
    scores = np.asarray(networks.discriminator(judged))
    np.testing.assert_array_equal(np.asarray(load_model(tmp_path / "d.keras")(judged)), scores)
    save_weights(networks.combined(), tmp_path / "gan.weights.h5")
    other = build(config_of(version, "discriminator.dropout=0.1"))
    load_weights(other.combined(), tmp_path / "gan.weights.h5")
    np.testing.assert_array_equal(np.asarray(other.generator(inputs)), wanted)


@pytest.mark.backends
def test_the_other_style_has_the_same_labels():
    """Style mixing takes new latents, and keeps the labels of the image."""
    own = own_network(build(config_of("stylegan2")).generator)
    layer = next(x for x in own.layers if isinstance(x, ResampleLatents))
    assert layer.keep == 2 * UNITS
    joined = np.random.default_rng(0).normal(size=(3, 8 + 2 * UNITS)).astype("float32")
    other = np.asarray(layer(joined, training=True))
    np.testing.assert_array_equal(other[:, 8:], joined[:, 8:])
    assert (other[:, :8] != joined[:, :8]).all()
    assert ResampleLatents.from_config(layer.get_config()).keep == layer.keep


def test_the_latents_that_are_read_back_are_those_of_the_noise():
    """The predictor of illustration does not read the labels, which would shrink to nothing."""
    predictor = build(config_of("illustration")).predictor
    assert predictor.output_shape[1] == (None, 8)


def test_without_values_networks_cannot_be_built():
    """The number of values decides shapes, and only the images of a run say it."""
    with pytest.raises(UserError, match=r"model\.labels names attributes"):
        build(load_config(None, ["model.labels=[hair]"]))


@pytest.mark.parametrize("version", ["v5", "r3gan"])
def test_networks_without_labels_are_as_they_were(version):
    """No new layer, input or weight where no labels are asked for."""
    networks = build(load_config(None, [f"version={version}", "model.width=0.02"]))
    kinds = {
        type(layer).__name__
        for model in (networks.generator, networks.discriminator)
        for layer in model.layers
    }
    assert not kinds & {"JoinLabels", "Projection"} and networks.classifier is None
    assert isinstance(networks.generator.input, keras.KerasTensor)
    assert own_network(networks.generator) is networks.generator
    (latents,) = inputs_from_seeds(networks.generator, [3])
    assert latents.shape == (1, networks.generator.input_shape[1])
