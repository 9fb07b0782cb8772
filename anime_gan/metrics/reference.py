"""The real pictures that generated ones are compared with, and their features, kept on disk."""

import hashlib
import inspect
import json
import os
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.files import require_space, whole_file
from anime_gan.metrics import distances

LEAST = 10  # on each side
_FLOOR = TypeAdapter(dict[str, Annotated[float, Field(strict=True, allow_inf_nan=False)]])


class ReferenceSet:
    """Real pictures and which of them a comparison takes.

    pictures: uint8 (N, H, W, C). key: what tells this set of pictures from others. cache: the
    folder where features are kept. count: how many pictures there are at most on each side.

    sample: indices of those that generated pictures are compared with, up to half of all. others:
    indices of as many that are not among them, for the floor: what a number is between real
    pictures and real pictures. All numbers change with the count, so it is one for both. order: all
    indices in the order in which both are taken.
    """

    def __init__(self, pictures, key: str, cache: Path, count: int, seed: int = 0):
        require_images(len(pictures), 2 * LEAST, "real", ", half of them for its floor")
        self.images, self._key, self._cache = pictures, key, cache
        self.order = np.random.default_rng(seed).permutation(len(pictures))
        count = min(count, len(pictures) // 2)
        self.sample, self.others = self.order[:count], self.order[count : 2 * count]

    @property
    def taken(self) -> np.ndarray:
        """Indices of all that a comparison takes, for the floor too."""
        return np.concatenate([self.sample, self.others])

    def missing(self, network: FeatureNetwork, indices, side: int | None = None) -> np.ndarray:
        """Return those of the indices whose features are not known yet."""
        return _missing(self._open(network, side), indices)

    def features(
        self, network: FeatureNetwork, indices, side: int | None = None, bar: str | None = None
    ) -> np.ndarray:
        """Return the features (len(indices), F) of some pictures; what is known is not redone.

        side, bar: as the network takes them.
        """
        store = self._open(network, side)
        for some, features in network.batches(self.images, _missing(store, indices), side, bar):
            store[some] = features
        return np.array(store[indices])

    def floor(self, network: FeatureNetwork, side: int | None = None) -> dict[str, float]:
        """Return the distances between sample and others, kept beside their features."""
        sets = [self.features(network, some, side) for some in (self.sample, self.others)]
        if not np.ptp(np.concatenate(sets), axis=0).any():
            raise UserError(
                f"{network.name} gives the same features for all real pictures, so it compares "
                "nothing; look at --scale and --layer, and whether the pictures differ."
            )
        told_by = hashlib.sha256(inspect.getsource(distances).encode())
        for features in sets:
            told_by.update(features)
        path = self._cache / f"floor.{told_by.hexdigest()[:20]}.json"
        try:
            return _FLOOR.validate_json(path.read_bytes())
        except (OSError, ValidationError):
            pass  # not known yet, or damaged
        floor = distances.compare(*sets)
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(floor))
        return floor

    def _open(self, network: FeatureNetwork, side: int | None) -> np.memmap:
        """Return the file of features, made if there is none that fits."""
        path = self._cache / f"{self._key}.{network.key}.{side or 'whole'}.npy"
        try:
            whole = np.load(path, mmap_mode="r")  # refuses a file that was cut off
            fits = whole.dtype == np.float32 and whole.shape[:-1] == (len(self.images),)
            if fits and whole.offset + whole.nbytes == path.stat().st_size:
                return np.lib.format.open_memmap(path, "r+")
        except (OSError, ValueError):
            pass  # missing or damaged: made again
        path.parent.mkdir(parents=True, exist_ok=True)
        width = network.features(self.images[:1]).shape[1]
        shape = (len(self.images), width)
        require_space(path.parent, 4 * shape[0] * shape[1] + 2**20)
        # Another process that made it meanwhile keeps its own, and nothing is mixed.
        with whole_file(path) as temporary:
            store = np.lib.format.open_memmap(temporary, "w+", dtype="float32", shape=shape)
            # Where there is no room later, writing to a mapped file would kill the process.
            if hasattr(os, "posix_fallocate"):
                with temporary.open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, temporary.stat().st_size)
            return store


def _missing(store: np.ndarray, indices) -> np.ndarray:
    """Return those of the indices whose features are not in the store.

    A fresh file reads as zeros, and no picture's features are zeros throughout.
    """
    return np.array([i for i in indices if not store[i].any()], int)


def require_images(count: int, least: int, kind: str, why: str = "") -> None:
    """Raise UserError if there are too few pictures of a kind to compare."""
    if count < least:
        raise UserError(
            f"there are {count} {kind} pictures, but a comparison needs at least {least}{why}; and "
            "a telling one thousands."
        )
