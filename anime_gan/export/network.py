"""The network that is exported: inputs and outputs with names, for every version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import ops

from anime_gan.errors import UserError
from anime_gan.export.formats import PARTS
from anime_gan.generation.generator import Generator
from anime_gan.networks.build import all_layers
from anime_gan.networks.layers.grouped import GroupedConv
from anime_gan.networks.layers.style import AddNoise


def export_network(generator: Generator, part: str = "whole") -> keras.Model:
    """Return a network that shares the generator's weights, with named inputs and outputs.

    All values are float32 but labels, which are int32. B, the number of images, is free.

    Args:
        generator: a trained one.
        part: one of PARTS. Only StyleGANs have the last two.

    Returns:
        For "whole", the network from `latent` (B, latent_dim) to `image` (B, H, W, C), meant for
        [-1, 1]. A StyleGAN's also takes the scalars `truncation`, where 1 is none and 0 the mean
        face, and `noise`, the strength of the noise, where 1 is the network's own and 0 none.
        If the generator takes labels, so do "whole" and "mapping": `labels` (B, A), 0 for unknown
        ones, n for the n-th of an attribute's values.
        For "mapping", from `latent` to `w` (B, latent_dim), without truncation.
        For "synthesis", from `w` (B, layers, latent_dim) and `noise` to `image`.

    Raises:
        UserError: the generator has no such part.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}, but must be one of {', '.join(PARTS)}.")
    latent = keras.Input((generator.normal_dim,), name="latent")
    inputs = {"latent": latent}
    if generator.attributes:
        inputs["labels"] = keras.Input((len(generator.attributes),), dtype="int32", name="labels")
        latent = generator.joined(latent, inputs["labels"])
    if part == "whole" and not generator.has_styles:
        return keras.Model(inputs, {"image": _portable(generator.synthesis)(latent)})
    if not generator.has_styles:
        raise UserError(
            f"the part {part} is of versions with styles, stylegan and stylegan2; this generator "
            "has no such part, so export it whole."
        )
    if part == "mapping":
        return keras.Model(inputs, {"w": generator.mapping(latent)})
    noise = keras.Input(batch_shape=(), name="noise")
    synthesis = _portable(generator.synthesis, noise)
    if part == "synthesis":
        styles = keras.Input((generator.layers, generator.latent_dim), name="w")
        return keras.Model({"w": styles, "noise": noise}, {"image": synthesis([styles, noise])})
    if generator.attributes:
        raise UserError(
            "the truncation of a generator with styles and labels needs the mean w of each label, "
            "which an exported network does not have; export its mapping and its synthesis."
        )
    truncation = keras.Input(batch_shape=(), name="truncation")
    w = generator.mapping(latent)
    w = w + (1 - truncation) * ops.subtract(generator.mean_w, w)  # for 1 it is exactly w
    styles = ops.repeat(w[:, None], generator.layers, axis=1)
    inputs |= {"truncation": truncation, "noise": noise}
    return keras.Model(inputs, {"image": synthesis([styles, noise])})


def _portable(network: keras.Model, noise=None) -> keras.Model:
    """Return a network that shares the layers, of operations that all formats have.

    Args:
        network: a generator, or a synthesis network.
        noise: the scalar input that its noise is multiplied by; None for a network without noise.

    Returns:
        The network from the same input, or from [input, noise].
    """

    def call(layer, *args, **kwargs):
        if isinstance(layer, AddNoise):
            kwargs["noise"] = noise * layer.fixed
        if isinstance(layer, keras.layers.UpSampling2D) and layer.interpolation == "nearest":
            # Keras repeats rows and columns, after which LiteRT no longer knows the maps' sizes.
            sizes = [
                size * times for size, times in zip(args[0].shape[1:3], layer.size, strict=True)
            ]
            return ops.image.resize(args[0], sizes, "nearest", data_format="channels_last")
        return layer(*args, **kwargs)

    inputs = [network.input] if noise is None else [network.input, noise]
    same = keras.Model(inputs, network.output)
    return keras.models.clone_model(same, same.inputs, lambda layer: layer, call)


def signature(network: keras.Model) -> list[dict[str, keras.InputSpec]]:
    """Return the input signature for Keras's exporters, which would make scalars into vectors."""
    inputs = network.input
    return [{name: keras.InputSpec(x.dtype, x.shape, name=name) for name, x in inputs.items()}]


@contextmanager
def grouped_as_one(network: keras.Model) -> Iterator[None]:
    """Within it, a grouped convolution is traced as one operation of its own size."""
    layers = [layer for layer in all_layers(network) if isinstance(layer, GroupedConv)]
    for layer in layers:
        layer.as_one = True
    try:
        yield
    finally:
        for layer in layers:
            layer.as_one = False
