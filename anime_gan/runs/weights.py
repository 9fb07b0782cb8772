"""Weights files of whole networks, which plain Keras loads too, with a checksum.

HDF5 has none by itself: a bit that flipped on a disk would be another weight, in silence.
"""

import hashlib
import re
import tempfile
from pathlib import Path

import h5py
import keras

from anime_gan.networks.layers.register import FORMER_NAMES

_SUM = "sha256"  # an attribute of the file, which Keras passes over


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a .weights.h5 with its checksum."""
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        file.attrs[_SUM] = _digest(file)


def load_weights(model: keras.Model, path: Path) -> None:
    """Load a .weights.h5; ValueError if its values are not those that were written.

    A file without a checksum, such as plain Keras writes, is taken as it is. Raises whatever Keras
    and HDF5 raise.
    """
    with h5py.File(path) as file:
        if _SUM in file.attrs and file.attrs[_SUM] != _digest(file):
            raise ValueError("its values do not fit its checksum")
        former = _former_groups(file)
        if former:
            with tempfile.NamedTemporaryFile(suffix=".weights.h5") as renamed:
                with h5py.File(renamed.name, "w") as copy:
                    for old, new in former.items():
                        file.copy(old, copy, new)
                model.load_weights(renamed.name)
            return
    model.load_weights(path)


def _former_groups(file: h5py.File) -> dict[str, str]:
    """Return the datasets of a file by their names and those of today; {} if none has changed.

    Keras names groups by their layers' classes: `equal_conv_2` is the third EqualConv.
    """
    snake = keras.src.utils.naming.to_snake_case
    words = {snake(old): snake(new) for old, new in FORMER_NAMES.items()}
    pattern = re.compile(rf"(?<=/)({'|'.join(words)})(?=(_[0-9]+)?/)")
    names: dict[str, str] = {}

    def take(name: str, item) -> None:
        if isinstance(item, h5py.Dataset):
            names[name] = pattern.sub(lambda match: words[match[1]], f"/{name}")[1:]

    file.visititems(take)
    return names if any(old != new for old, new in names.items()) else {}


def _digest(file: h5py.File) -> str:
    """Return the SHA-256 of everything that is read from a file: names, types, shapes, numbers."""
    found = hashlib.sha256()

    def take(name: str, item) -> None:
        found.update(name.encode())
        if isinstance(item, h5py.Dataset):
            values = item[()]
            found.update(f"{item.dtype.str} {item.shape}".encode())
            found.update(values.tobytes())

    file.visititems(take)
    return found.hexdigest()
