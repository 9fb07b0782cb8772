"""What only TensorFlow can write and read: SavedModel and LiteRT files. See `__init__.py`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from anime_gan.backend.startup import quiet_start


@contextmanager
def os_errors() -> Iterator[None]:
    """Turn TensorFlow's errors, such as of a full disk, into OSError with their last part."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(error.message.rpartition("; ")[2].partition(" [Op:")[0]) from error


def write_litert(network: keras.Model, signature: list, path: Path, float16: bool = False) -> None:
    """Write a network as a LiteRT file (.tflite) of LiteRT's own operations only.

    Args:
        network: its inputs and outputs are dicts.
        signature: of the inputs, as Keras's exporters take it.
        path: ends in .tflite.
        float16: store the weights in half precision; they are computed with in float32.
    """
    options = {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}
    if float16:
        options["optimizations"] = [tf.lite.Optimize.DEFAULT]
        options["target_spec"]["supported_types"] = [tf.float16]
    with quiet_start(), os_errors():
        network.export(path, format="litert", verbose=False, input_signature=signature, **options)


def open_litert(path: Path) -> Callable[..., np.ndarray]:
    """Return the function in a LiteRT file, from arrays by name to its output."""
    with quiet_start(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it is a package of its own now
        runner = tf.lite.Interpreter(str(path)).get_signature_runner()

    def run(**inputs: np.ndarray) -> np.ndarray:
        with quiet_start():  # when it is first called, it says how it computes
            return next(iter(runner(**inputs).values()))

    return run


def write_saved_model(compute: Callable, signature: list, path: Path) -> None:
    """Write a SavedModel whose signature `serve` is a function of a dict of tensors.

    Args:
        compute: returns a dict of tensors.
        signature: of the inputs, as Keras's exporters take it.
        path: of a new folder. It holds the variables that `compute` reads.

    Raises:
        OSError: the system refuses to write.
    """
    # `keras.Model.export` would store each variable twice: as Keras's and as TensorFlow's.
    archive = keras.export.ExportArchive()
    archive.add_endpoint("serve", compute, signature)
    with os_errors():
        archive.write_out(str(path), verbose=False)


def open_saved_model(path: Path) -> Callable[..., np.ndarray]:
    """Return the function `serve` of a SavedModel, from arrays by name to its output."""
    loaded = tf.saved_model.load(str(path))

    def run(**inputs: np.ndarray) -> np.ndarray:
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        return next(iter(loaded.signatures["serve"](**tensors).values())).numpy()

    return run
