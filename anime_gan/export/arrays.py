"""A generator's weights as NumPy arrays, with its architecture: readable without Keras."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import keras
import numpy as np

from anime_gan.export.card import CARD, as_text
from anime_gan.generation.generator import Generator

CONFIG = "config.json"


def write(
    generator: Generator, network: None, float16: bool, card: Mapping[str, str], path: Path
) -> None:
    """Write all of a generator's weights as an .npz file, by the names of their layers.

    The archive also holds the architecture, as Keras's JSON, and the card.
    """
    arrays = {
        name: _halved(array) if float16 else array
        for name, array in ((n, np.asarray(w)) for n, w in _weights(generator.whole))
    }
    with path.open("wb") as file:
        np.savez(file, **arrays)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((CONFIG, generator.whole.to_json()), (CARD, as_text(card))):
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)


def _weights(network: keras.Model, above: str = "") -> Iterator[tuple[str, keras.Variable]]:
    """Yield all weights with the names of their layers, such as "mapping/dense0/kernel"."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _weights(layer, f"{above}{layer.name}/")
        else:
            yield from ((above + weight.path, weight) for weight in layer.weights)


def _halved(array: np.ndarray) -> np.ndarray:
    """Return an array in half precision; as it is, if a value is beyond its range."""
    is_near = np.abs(array).max(initial=0) <= np.finfo("float16").max
    return array.astype("float16") if is_near else array


def open_file(path: Path) -> Callable[..., np.ndarray]:
    """Return the function of the network in an .npz file, from arrays by name to its output."""
    with np.load(path) as file:
        network = keras.models.model_from_json(file[CONFIG].decode())
        for name, weight in _weights(network):
            weight.assign(file[name].astype("float32"))
    generator = Generator(network)

    def run(latent, labels=None, truncation=1.0, noise=1.0) -> np.ndarray:
        z = latent if labels is None else generator.joined(latent, labels)
        w = generator.w_from_latents(keras.ops.convert_to_numpy(z), float(truncation))
        return generator.outputs(w, "const" if noise else "none")

    return run
