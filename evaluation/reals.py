"""The real pictures that generated ones are compared with, and their features, kept on disk."""

import hashlib
import inspect
import json
from pathlib import Path

import numpy as np

from errors import UserError
from evaluation import distances
from evaluation.features import FeatureNetwork

LEAST = 20


class Reals:
    """Real pictures and which of them a comparison takes.

    pictures: uint8 (N, H, W, C). key: what tells this set of pictures from others. cache: the
    folder where features are kept. count: how many pictures a comparison takes at most.

    sample: indices of those it takes. halves: indices of two disjoint sets of up to as many, for
    the floor: what a number is between real pictures and real pictures.
    """

    def __init__(self, pictures, key: str, cache: Path, count: int, seed: int = 0):
        require_pictures(len(pictures), "real")
        self.pictures, self._key, self._cache = pictures, key, cache
        order = np.random.default_rng(seed).permutation(len(pictures))
        half = min(count, len(order) // 2)
        self.sample = order[:count]
        self.halves = order[:half], order[half : 2 * half]

    @property
    def taken(self) -> np.ndarray:
        """Indices of all that a comparison takes, for the floor too."""
        return np.unique(np.concatenate([self.sample, *self.halves]))

    def missing(self, network: FeatureNetwork, indices, side: int | None = None) -> np.ndarray:
        """Return those of the indices whose features are not known yet."""
        store = self._open(network, side)
        # A fresh file reads as zeros, and no picture's features are zeros throughout.
        return np.array([i for i in indices if not store[i].any()], int)

    def features(
        self, network: FeatureNetwork, indices, side: int | None = None, bar: str | None = None
    ) -> np.ndarray:
        """Return the features (len(indices), F) of some pictures; what is known is not redone.

        side, bar: as the network takes them.
        """
        store, missing = self._open(network, side), self.missing(network, indices, side)
        for some, features in network.batches(self.pictures, missing, side, bar):
            store[some] = features
        return np.array(store[indices])

    def floor(self, network: FeatureNetwork, side: int | None = None) -> dict[str, float]:
        """Return the distances between the two halves, kept beside their features."""
        halves = [self.features(network, half, side) for half in self.halves]
        told_by = hashlib.sha256(inspect.getsource(distances).encode())
        for half in halves:
            told_by.update(half)
        path = self._cache / f"floor.{told_by.hexdigest()[:20]}.json"
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):
            pass  # not known yet, or damaged
        floor = distances.compare(*halves)
        path.write_text(json.dumps(floor))
        return floor

    def _open(self, network: FeatureNetwork, side: int | None) -> np.memmap:
        """Return the file of features, made if there is none that fits."""
        path = self._cache / f"{self._key}.{network.key}.{side or 'whole'}.npy"
        try:
            store = np.lib.format.open_memmap(path, "r+")
            if len(store) == len(self.pictures):
                return store
        except (OSError, ValueError):
            pass  # missing or damaged: made again
        path.parent.mkdir(parents=True, exist_ok=True)
        width = network.features(self.pictures[:1]).shape[1]
        shape = (len(self.pictures), width)
        return np.lib.format.open_memmap(path, "w+", dtype="float32", shape=shape)


def require_pictures(count: int, kind: str) -> None:
    """Raise UserError if there are too few pictures of a kind to compare."""
    if count < LEAST:
        raise UserError(
            f"there are {count} {kind} pictures, but a comparison needs at least {LEAST}, and a "
            "telling one thousands."
        )
