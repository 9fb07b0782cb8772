"""The features of a trained discriminator, layer by layer.

As in Radford et al. 2016 (arXiv 1511.06434), section 5.1: the maps of each size are reduced to 4x4
by taking the maximum in each cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import keras
import numpy as np
from keras import layers, ops
from tqdm import tqdm

from anime_gan.data.pixels import to_float
from anime_gan.errors import UserError
from anime_gan.networks.blocks import parents_of
from anime_gan.networks.layers.fade import FadeIn

GRID = 4  # cells a side that maps are reduced to
_PIXELS = 2**19  # of the images of a batch, at most
_MOST = 64  # images of a batch
# They only arrange vectors, or leave them as they are except in training.
_SAME = (layers.Flatten, layers.Reshape, layers.Dropout)


@dataclass(frozen=True)
class FeatureLayer:
    """A layer whose output gives features.

    name: of its features, such as maps_32x32 or vector_512.
    layer: the layer's own name.
    shape: of its output, (H, W, C) or (F,).
    output: the Keras tensor.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    output: keras.KerasTensor

    @property
    def size(self) -> int:
        """How many features an image has here."""
        cells = [min(GRID, side) for side in self.shape[:-1]]
        return prod(cells) * self.shape[-1]


def feature_layers(discriminator: keras.Model) -> list[FeatureLayer]:
    """Return the last maps of each size and the last vector of each length, image to score.

    Only layers on which the whole rest of the network depends count: not those within a residual
    branch. The score is left out, and so are all layers from the first one that compares the images
    of a batch: an image's features do not depend on other images. While a size is faded in, the
    features are those of its own layers.
    """
    found: dict[str, FeatureLayer] = {}
    for operation in _waists(discriminator):
        shape = tuple(operation.output.shape[1:])
        if len(shape) == 3:
            name = f"maps_{shape[0]}x{shape[1]}"
        elif len(shape) == 1 and not isinstance(operation, _SAME):
            name = f"vector_{shape[0]}"
        else:
            continue
        found[name] = FeatureLayer(name, operation.name, shape, operation.output)
    return [*found.values()]


def _waists(model: keras.Model) -> list:
    """Return the operations after the image and before the output that every path goes through.

    The list ends before the first layer that compares the images of a batch, or that depends on
    another input, as the labels of a conditional network.
    """
    sources = {
        operation: before[-1:] if isinstance(operation, FadeIn) else before  # of [old, new]
        for operation, before in parents_of(model).items()
    }
    needed, waiting = set(), [model.outputs[0]._keras_history.operation]
    while waiting:
        operation = waiting.pop()
        if operation not in needed:
            needed.add(operation)
            waiting += sources[operation]
    order = [operation for operation in sources if operation in needed]
    place = {operation: number for number, operation in enumerate(order)}
    last_use = dict.fromkeys(order, 0)
    for operation in order:
        for source in sources[operation]:
            last_use[source] = max(last_use[source], place[operation])
    others = {tensor._keras_history.operation for tensor in model.inputs[1:]}
    found, furthest = [], 0  # the last place that takes what an operation before this one gave
    for operation in order[:-1]:
        if operation in others:
            continue
        compares = getattr(operation, "mixes_batch", False)
        if compares or not others.isdisjoint(sources[operation]):
            break
        if furthest <= place[operation] and sources[operation]:
            found.append(operation)
        furthest = max(furthest, last_use[operation])
    return found


def judge(discriminator: keras.Model) -> keras.Model:
    """Return the network from images (B, H, W, 3) in [-1, 1] to features (B, F), for distances.

    They are the means of the last maps, as those of other feature networks; of a network without
    maps, its last vector.
    """
    found = require_layers(discriminator)
    image = discriminator.inputs[0]
    taken = ([x for x in found if len(x.shape) == 3] or found)[-1].output
    if len(taken.shape) == 4:
        taken = ops.mean(ops.cast(taken, "float32"), axis=(1, 2))
    network = keras.Model(image, taken)
    if image.shape[3] == 3:
        return network
    color = layers.Input((*image.shape[1:3], 3))
    gray = ops.sum(color * np.array([0.299, 0.587, 0.114], "float32"), axis=-1, keepdims=True)
    return keras.Model(color, network(gray))


def require_layers(discriminator: keras.Model) -> list[FeatureLayer]:
    """Return the feature layers of a discriminator, which computes in float32 from now on.

    UserError if there are none.
    """
    for layer in discriminator._flatten_layers():
        layer.dtype_policy = "float32"  # the same features on all devices
    found = feature_layers(discriminator)
    if not found:
        raise UserError(
            f"the network {discriminator.name} has no layer before its output whose features can "
            "be taken; take another version."
        )
    return found


class DiscriminatorFeatures:
    """Computes the features of images in all feature layers of a discriminator, in float32.

    Batch normalization uses its moving averages, as for any trained network.

    Args:
        discriminator: from images (B, H, W, C) to scores.

    Attributes:
        layers: as `feature_layers` returns them.
        resolution, channels: of the images.
    """

    def __init__(self, discriminator: keras.Model):
        self.layers = require_layers(discriminator)
        image = discriminator.inputs[0]
        self.resolution, self.channels = image.shape[1], image.shape[3]
        self._model = keras.Model(image, [_pooled(layer.output) for layer in self.layers])
        # A batch is no larger for large images.
        self.batch = max(1, min(_MOST, _PIXELS // self.resolution**2))

    def batches(self, images, bar: str | None = None) -> Iterator[list[np.ndarray]]:
        """Yield the features of images in order, batch by batch.

        Args:
            images: uint8 (N, H, W, C), an array or Mapped or Encoded.
            bar: label of a progress bar, None for no bar.

        Yields:
            For each layer, float32 (B, size).
        """
        starts = range(0, len(images), self.batch)
        for start in tqdm(starts, bar, disable=bar is None or None, leave=False):
            part = _read(images, start, min(start + self.batch, len(images)))
            # Padded to one shape, the network is compiled once.
            padded = np.zeros((self.batch, *part.shape[1:]), "float32")
            padded[: len(part)] = part
            found = self._model.predict_on_batch(padded)
            found = found if isinstance(found, list) else [found]
            yield [np.asarray(features, "float32")[: len(part)] for features in found]


def _read(images, start: int, stop: int) -> np.ndarray:
    """Return images as a network takes them; those of a mapped file do not stay in memory."""
    if hasattr(images, "take") and not isinstance(images, np.ndarray):
        return images.take(np.arange(start, stop), np.zeros(stop - start, bool))
    return to_float(images[start:stop])


def _pooled(x):
    """Return the maximum in each cell of maps (B, H, W, C) as (B, 16 C), in the order H, W, C.

    Sides that are no multiple of 4 have cells that overlap by a pixel, and those below 4 have a
    cell for each pixel. Vectors stay as they are.
    """
    if len(x.shape) == 2:
        return ops.cast(x, "float32")
    rows, columns = (_cells(side) for side in x.shape[1:3])
    cells = [ops.max(x[:, a:b, c:d], axis=(1, 2)) for a, b in rows for c, d in columns]
    return ops.cast(ops.concatenate(cells, axis=1), "float32")


def _cells(side: int) -> list[tuple[int, int]]:
    """Return the start and the end of each cell of a side."""
    count = min(GRID, side)
    return [(i * side // count, -(-(i + 1) * side // count)) for i in range(count)]
