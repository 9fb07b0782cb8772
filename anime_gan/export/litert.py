"""A generator as a LiteRT (TensorFlow Lite) file, by Keras's exporter on TensorFlow."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np

from anime_gan import backend
from anime_gan.export.card import CARD, as_text
from anime_gan.export.network import grouped_as_one, signature
from anime_gan.generation.generator import Generator


def write(
    generator: Generator, network: keras.Model, float16: bool, card: Mapping[str, str], path: Path
) -> None:
    """Write a network as a LiteRT file, with its card at the end.

    The card is an associated file, as TensorFlow Lite's metadata has them: the file is also a ZIP
    archive, which readers of the network do not notice.
    """
    exporters = backend.exporters()
    with grouped_as_one(network):
        exporters.write_litert(network, signature(network), path, float16)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(CARD), as_text(card))


def open_file(path: Path) -> Callable[..., np.ndarray]:
    """Return the function in a LiteRT file, from arrays by name to its output."""
    return backend.exporters().open_litert(path)
