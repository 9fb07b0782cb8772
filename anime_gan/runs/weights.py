"""Save and load files of networks, which Keras alone loads too; damaged ones are refused.

HDF5 has no checksum, and Keras ignores that of a zip: a flipped bit would silently change a weight.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import keras

from anime_gan.errors import UserError
from anime_gan.networks.layers.register import FORMER_NAMES
from anime_gan.runs.whole import check_zip, damaged

_CHECKSUM = "sha256"  # an attribute of a .weights.h5, which Keras ignores


def load_model(path: Path) -> keras.Model:
    """Return the network in a .keras file; UserError if it is missing, damaged, or no network."""
    with _explain_damage(path):
        check_zip(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)


def load_weights(model: keras.Model, path: Path) -> None:
    """Load a .weights.h5, whose checksum must match if it has one; Keras alone writes none.

    UserError if the file is missing, damaged, or of another network.
    """
    with _explain_damage(path), h5py.File(path) as file:
        if _CHECKSUM in file.attrs and file.attrs[_CHECKSUM] != _digest(file):
            raise ValueError("its checksum does not match")
        former = _former_groups(file)
        if not former:
            model.load_weights(path)
            return
        with tempfile.NamedTemporaryFile(suffix=".weights.h5") as renamed:
            with h5py.File(renamed.name, "w") as copy:
                for old, new in former.items():
                    file.copy(old, copy, new)
            model.load_weights(renamed.name)


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a .weights.h5 with its checksum."""
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        file.attrs[_CHECKSUM] = _digest(file)


@contextmanager
def _explain_damage(path: Path) -> Iterator[None]:
    """Turn all errors of Keras and HDF5 into a UserError."""
    try:
        with warnings.catch_warnings():
            # Keras only warns if the network lacks some of the weights, or the file does.
            warnings.simplefilter("error", UserWarning)
            yield
    except UserError:
        raise
    except Exception as error:  # on damaged data they raise errors of every kind
        raise damaged(path, error) from None


def _former_groups(file: h5py.File) -> dict[str, str]:
    """Return a file's datasets by their names and today's; {} if no name has changed.

    Keras names groups by their layers' classes: `equal_conv_2` is the third EqualConv.
    """
    words = {_snake_case(old): _snake_case(new) for old, new in FORMER_NAMES.items()}
    pattern = re.compile(rf"(?<=/)({'|'.join(words)})(?=(_[0-9]+)?/)")
    every: list[str] = []
    file.visit(every.append)
    old = [name for name in every if isinstance(file[name], h5py.Dataset)]
    new = [pattern.sub(lambda match: words[match[1]], f"/{name}")[1:] for name in old]
    return dict(zip(old, new, strict=True)) if new != old else {}


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _digest(file: h5py.File) -> str:
    """Return the SHA-256 of the names, types, shapes and values in a file."""
    digest = hashlib.sha256()

    def take(name: str, item) -> None:
        digest.update(name.encode())
        if isinstance(item, h5py.Dataset):
            values = item[()]
            digest.update(f"{item.dtype.str} {item.shape}".encode())
            digest.update(values.tobytes())

    file.visititems(take)
    return digest.hexdigest()
