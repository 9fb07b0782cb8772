"""A table of what the layers of trained discriminators know, beside pixels and Lite0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from anime_gan.errors import UserError
from anime_gan.features import probe
from anime_gan.features.discriminator import DiscriminatorFeatures
from anime_gan.features.network import open_network

Labels = Mapping[str, np.ndarray]  # by attribute, a text for each image


@dataclass(frozen=True)
class Row:
    """A line of the table: whose features, of which layer, and what is read from them.

    accuracy: by attribute. untrained: the same for the network with new weights, None for features
    that no GAN learned.
    """

    features: str
    layer: str
    shape: str
    size: int
    accuracy: dict[str, float]
    untrained: dict[str, float] | None = None


def baselines(images: np.ndarray, labels: Labels, rows: probe.Split) -> Iterator[Row]:
    """Yield the rows of the pixels and of EfficientNet-Lite0's features of uint8 images."""
    pixels = images.reshape(len(images), -1).astype("float32")
    shape = "x".join(map(str, images.shape[1:]))
    yield Row("pixels", "", shape, pixels.shape[1], probe.accuracies(pixels, labels, rows))
    network = open_network("lite0")
    found = network.features(images, bar="Lite0")
    yield Row(network.name, "", "", found.shape[1], probe.accuracies(found, labels, rows))


def of_discriminator(
    name: str, discriminator: keras.Model, images, labels: Labels, rows: probe.Split, seed: int
) -> Iterator[Row]:
    """Yield a row for each layer of a discriminator, and one of all layers together.

    Args:
        name: what the table calls it.
        images: uint8 (N, H, W, C), of its resolution.
        labels, rows: as for `probe.accuracies`.
        seed: of the untrained network's weights.
    """
    trained = DiscriminatorFeatures(discriminator)
    keras.utils.set_random_seed(seed)
    untrained = DiscriminatorFeatures(keras.models.clone_model(discriminator))
    pairs = [_collect(network, images, name) for network in (trained, untrained)]
    layers = trained.layers
    described = [(x.layer, "x".join(map(str, x.shape)), x.size) for x in layers]
    if len(layers) > 1:
        pairs = [[*found, np.concatenate(found, axis=1)] for found in pairs]
        described.append(("all together", "", sum(x.size for x in layers)))
    for (layer, shape, size), *both in zip(described, *pairs, strict=True):
        found = [probe.accuracies(features, labels, rows) for features in both]
        yield Row(name, layer, shape, size, *found)


def _collect(network: DiscriminatorFeatures, images, bar: str) -> list[np.ndarray]:
    """Return the features of all images for each layer."""
    found = [np.empty((len(images), layer.size), "float32") for layer in network.layers]
    start = 0
    for features in network.batches(images, bar):
        for whole, part in zip(found, features, strict=True):
            whole[start : start + len(part)] = part
        start += len(features[0])
    return found


def choose(labels: Labels, count: int, seed: int) -> np.ndarray:
    """Return the places of images with all labels, at most `count`, chosen at random, sorted.

    UserError if there are too few.
    """
    known = np.flatnonzero(np.all([values != "" for values in labels.values()], axis=0))
    if len(known) < probe.LEAST:
        raise UserError(
            f"only {len(known)} images have a label for {' and '.join(labels)}, but at least "
            f"{probe.LEAST} are needed; check that the labels name the files of these images."
        )
    chosen = np.random.default_rng(seed).permutation(known)[:count]
    return np.sort(chosen)


def lines(rows: list[Row], attributes: list[str]) -> list[str]:
    """Return the table as text, with a line of heads."""
    heads = ["features", "layer", "output", "numbers"]
    for name in attributes:
        heads += [name, "untrained"]
    cells = [
        heads,
        *(_cells(row, before) for before, row in zip([None, *rows], rows, strict=False)),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return [
        "  ".join(
            text.ljust(width) if column < 3 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _cells(row: Row, before: Row | None) -> list[str]:
    """Return the texts of a line; the name is not repeated."""
    is_same = before is not None and before.features == row.features
    found = ["" if is_same else row.features, row.layer, row.shape, f"{row.size:,}"]
    for name, accuracy in row.accuracy.items():
        found.append(f"{accuracy:.1%}")
        found.append(f"{row.untrained[name]:.1%}" if row.untrained else "")
    return found
