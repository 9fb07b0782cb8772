"""Weights files of whole networks, which plain Keras loads too, with a checksum.

HDF5 has none by itself: a bit that flipped on a disk would be another weight, in silence.
"""

import hashlib
from pathlib import Path

import h5py
import keras

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
    model.load_weights(path)


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
