"""Conditional networks: any version's, with labels as a second input.

Labels are codes, int32 (B, A): 0 for unknown, n for the n-th value of the attribute. The generator
joins them with its latents; after that comes the version's own network, for a longer latent. The
discriminator takes them too, or has a second output that reads them from images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import keras
import numpy as np
from keras import layers

from anime_gan.networks.latents import latents_from_seeds
from anime_gan.networks.layers.labels import UNITS, JoinLabels, Projection
from anime_gan.networks.layers.style import ResampleLatents

Attributes = Mapping[str, Sequence[str]]


def joined_dim(latent_dim: int, attributes: Attributes) -> int:
    """Return the length of latents that are joined with labels."""
    return latent_dim + UNITS * len(attributes)


def conditional_generator(
    own: keras.Model, latent_dim: int, attributes: Attributes, predictor: keras.Model | None = None
) -> tuple[keras.Model, keras.Model | None]:
    """Return the generator from [latents (B, latent_dim), labels (B, A)] to images.

    Args:
        own: the version's generator, of latents that are `joined_dim` long.
        predictor: the version's, which shares the generator's layers.

    Returns:
        The generator; and the predictor, from the same inputs to [images, latents read back].
    """
    for layer in own.layers:
        if isinstance(layer, ResampleLatents):
            layer.keep = UNITS * len(attributes)  # the other style is of the same labels
    latent, labels = layers.Input((latent_dim,)), _labels_input(attributes)
    joined = JoinLabels(attributes, name="joined")([latent, labels])
    generator = keras.Model([latent, labels], own(joined), name="generator")
    if predictor:
        image, guess = predictor(joined)
        outputs = [image, guess[:, :latent_dim]]
        predictor = keras.Model([latent, labels], outputs, name="predictor")
    return generator, predictor


def projecting(discriminator: keras.Model, attributes: Attributes) -> keras.Model:
    """Return the discriminator from [images, labels] to scores (B, 1), by projection.

    The vectors of the labels are a layer like the last one, on the same features.
    """
    last = discriminator.layers[-1]
    features, labels = last.input, _labels_input(attributes)
    activation = last.get_config().get("activation", "linear")
    score = _like(last, last.get_config()["units"], last.name)(features)
    outputs = _like(last, _count(attributes), "projection", bias=False)(features)
    judged = Projection(attributes, activation, name="judged", dtype="float32")
    scores = judged([score, outputs, labels])
    return keras.Model([discriminator.input, labels], scores, name="discriminator")


def classifying(discriminator: keras.Model, attributes: Attributes) -> keras.Model:
    """Return the discriminator with a second output, (B, K): logits of the values of all labels.

    It shares the discriminator's layers (Odena et al. 2017, arXiv 1610.09585).
    """
    last = discriminator.layers[-1]
    logits = _like(last, _count(attributes), "classes")(last.input)
    return keras.Model(discriminator.input, [discriminator.output, logits], name="classifier")


def label_layer(network: keras.Model) -> JoinLabels | None:
    """Return the layer of a generator that takes labels, None if it takes none."""
    return next((layer for layer in network.layers if isinstance(layer, JoinLabels)), None)


def own_network(network: keras.Model) -> keras.Model:
    """Return the version's own network in a generator, from (joined) latents to images."""
    return network.layers[-1] if label_layer(network) else network


def with_labels(inputs, labels):
    """Return the inputs of a network: with labels, None where it takes none."""
    return inputs if labels is None else [inputs, labels]


def inputs_from_seeds(network: keras.Model, seeds: Iterable[int]) -> list[np.ndarray]:
    """Return a generator's inputs of seeds: [latents], or [latents, labels as in its set]."""
    seeds, layer = list(seeds), label_layer(network)
    shape = network.inputs[0].shape
    latents = latents_from_seeds(seeds, shape[1])
    return [latents] if layer is None else [latents, layer.sample(seeds)]


def _labels_input(attributes: Attributes):
    return layers.Input((len(attributes),), dtype="int32", name="label_codes")


def _count(attributes: Attributes) -> int:
    return sum(map(len, attributes.values()))


def _like(last: layers.Layer, units: int, name: str, bias: bool = True) -> layers.Layer:
    """Return a new layer of the class and initialization of a dense one, without activation."""
    config = last.get_config() | {"units": units, "name": name}
    if "activation" in config:
        config["activation"] = "linear"
    if not bias:
        config |= {"use_bias": False} if "use_bias" in config else {"bias": None}
    return type(last).from_config(config)
