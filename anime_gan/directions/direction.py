"""Directions, and their file beside the weights of a generator.

Importing this module imports no Keras.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anime_gan.errors import UserError
from anime_gan.files import sha256, whole_file
from anime_gan.generation.output import stem_of


@dataclass(frozen=True)
class Direction:
    """A way to change an image.

    Attributes:
        name: a short word, as for the command line.
        vector: float32 (latent_dim,), of one standard deviation; it is added to w, or to z where
            there is no mapping network.
        layers: the layers whose w it changes; None for all.
        text: what it changes: "hair: dark to light".
        method: how it was found.
    """

    name: str
    vector: np.ndarray
    layers: tuple[int, ...] | None = None
    text: str = ""
    method: str = ""

    @property
    def label(self) -> str:
        """What it changes, and its name: "hair: dark to light (c3)"."""
        return f"{self.text} ({self.name})" if self.text else self.name


@dataclass(frozen=True)
class Directions:
    """The directions of a generator, and what they change.

    Attributes:
        directions: in the order in which they are shown.
        measures: names of what was measured.
        spreads: (M,), the standard deviation of each measure over the generator's faces.
        effects: (K, M), the mean change of each measure by one standard deviation of a direction,
            in units of its spread.
        agreement: (K,), the share of faces that a direction changes the way its text says.
        weights: SHA-256 of the weights file.
    """

    directions: Sequence[Direction]
    measures: Sequence[str]
    spreads: np.ndarray
    effects: np.ndarray
    agreement: np.ndarray
    weights: str

    def called(self, name: str) -> Direction:
        """Return the direction of a name; UserError if there is none."""
        found = {direction.name: direction for direction in self.directions}
        if name not in found:
            raise UserError(f"there is no direction {name}; there are {', '.join(found)}.")
        return found[name]

    def save(self, path: Path) -> None:
        """Write them to an .npz file, the same bytes for the same directions."""
        about = {
            "directions": [[x.name, x.layers, x.text, x.method] for x in self.directions],
            "measures": list(self.measures),
            "weights": self.weights,
        }
        arrays = {name: getattr(self, name) for name in ("spreads", "effects", "agreement")}
        vectors = np.stack([x.vector for x in self.directions]).astype("float32")
        with whole_file(path) as temporary:
            np.savez_compressed(temporary, vectors=vectors, about=json.dumps(about), **arrays)


def path_beside(weights: Path) -> Path:
    """Return the path of the directions of a weights file: directions_generator_500.npz."""
    return weights.with_name(f"directions_{stem_of(weights)}.npz")


def load_directions(weights: Path) -> Directions | None:
    """Return the directions beside a weights file; None if there are none for these weights.

    UserError if their file is damaged.
    """
    path = path_beside(weights)
    if not path.is_file():
        return None
    try:
        with path.open("rb") as data, np.load(data, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            numbers = {n: file[n] for n in ("spreads", "effects", "agreement")}
            directions = [
                Direction(str(name), vector, layers and tuple(layers), str(text), str(method))
                for (name, layers, text, method), vector in zip(
                    about["directions"], file["vectors"], strict=True
                )
            ]
        found = Directions(directions, about["measures"], **numbers, weights=about["weights"])
    except Exception as error:  # a damaged file raises anything
        raise UserError(
            f"the directions in {path} can't be read ({type(error).__name__}); remove the file, "
            "and find them again."
        ) from None
    return found if found.weights == sha256(weights) else None
