"""A generator as a TensorFlow SavedModel, by Keras's exporter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np

from anime_gan import backend
from anime_gan.export.card import CARD, as_text
from anime_gan.export.network import signature
from anime_gan.generation.generator import Generator


def write(
    generator: Generator, network: keras.Model, float16: bool, card: Mapping[str, str], path: Path
) -> None:
    """Write a network as the folder of a SavedModel, with its card beside it."""
    exporters = backend.exporters()
    compute = _of_halves(network) if float16 else lambda inputs: network(inputs, training=False)
    exporters.write_saved_model(compute, signature(network), path)
    (path / CARD).write_text(as_text(card), encoding="utf-8")


def _of_halves(network: keras.Model) -> Callable:
    """Return the network's function, of weights that are stored in half precision."""
    lists = [network.trainable_variables, network.non_trainable_variables]
    stored = [[_stored(variable) for variable in variables] for variables in lists]

    def compute(inputs):
        wide = [
            [keras.ops.cast(kept, variable.dtype) for kept, variable in zip(*pair, strict=True)]
            for pair in zip(stored, lists, strict=True)
        ]
        return network.stateless_call(*wide, inputs, training=False)[0]

    return compute


def _stored(variable: keras.Variable) -> keras.Variable:
    """Return a variable in half precision; as it is, if it is no float32 or out of range."""
    array = keras.ops.convert_to_numpy(variable)
    if array.dtype != "float32" or not np.abs(array).max() <= np.finfo("float16").max:
        return variable
    return keras.Variable(array.astype("float16"), dtype="float16", trainable=False)


def open_file(path: Path) -> Callable[..., np.ndarray]:
    """Return the function in a SavedModel, from arrays by name to its output."""
    return backend.exporters().open_saved_model(path)
