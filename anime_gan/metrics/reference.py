"""The real images that generated ones are compared with, and their features, kept on disk."""

import hashlib
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

LEAST = 10  # images on each side
HALVES = ", half of them for real vs real"  # why twice as many real images
_DISTANCES = TypeAdapter(dict[str, Annotated[float, Field(strict=True, allow_inf_nan=False)]])


class ReferenceSet:
    """Real images, and which of them a comparison uses.

    order: all N indices in a random order, from which `sample` and `others` are taken.
    sample: indices of the images that generated ones are compared with.
    others: indices of as many other images, for real vs real.
    """

    def __init__(self, images, key: str, cache: Path, count: int, seed: int = 0):
        """Choose the images; UserError if there are too few.

        Args:
            images: uint8 (N, H, W, C); equal keys mean equal images.
            cache: the folder for their features.
            count: images in `sample`; at most half of all are taken.
        """
        require_images(len(images), 2 * LEAST, "real", HALVES)
        self.images, self._key, self._cache = images, key, cache
        self.order = np.random.default_rng(seed).permutation(len(images))
        count = min(count, len(images) // 2)
        self.sample, self.others = self.order[:count], self.order[count : 2 * count]

    @property
    def taken(self) -> np.ndarray:
        """Indices of all images that a comparison uses."""
        return np.concatenate([self.sample, self.others])

    def shown(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of `count` random images, ascending, and these images."""
        chosen = np.sort(self.order[:count])
        return chosen, self.images[chosen]

    def missing(self, network: FeatureNetwork, indices, side: int | None = None) -> np.ndarray:
        """Return those of the indices whose features are not stored yet."""
        return _missing(self._open(network, side), indices)

    def features(
        self, network: FeatureNetwork, indices, side: int | None = None, bar: str | None = None
    ) -> np.ndarray:
        """Return the features (len(indices), F) of images; only missing ones are computed.

        `side` and `bar` are those of `FeatureNetwork.features`.
        """
        store = self._open(network, side)
        for group, found in network.batches(self.images, _missing(store, indices), side, bar):
            store[group] = found
        return np.array(store[indices])

    def real_vs_real(self, network: FeatureNetwork, side: int | None = None) -> dict[str, float]:
        """Return the distances between `sample` and `others`, stored beside their features."""
        sets = [self.features(network, indices, side) for indices in (self.sample, self.others)]
        if not np.ptp(np.concatenate(sets), axis=0).any():
            raise UserError(
                f"{network.name} gives the same features for all real images; check its input "
                "range and its layer, and whether the images differ."
            )
        key = hashlib.sha256(f"{distances.VERSION}".encode())
        for features in sets:
            key.update(features)
        path = self._cache / f"real_vs_real.{key.hexdigest()[:20]}.json"
        try:
            return _DISTANCES.validate_json(path.read_bytes())
        except (OSError, ValidationError):
            pass  # not stored yet, or damaged
        found = distances.compare(*sets)
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(found))
        return found

    def _open(self, network: FeatureNetwork, side: int | None) -> np.memmap:
        """Return the file of features, mapped; it is made if there is none that fits."""
        path = self._cache / f"{self._key}.{network.key}.{side or 'whole'}.npy"
        try:
            stored = np.load(path, mmap_mode="r")  # refuses a file that was cut off
            fits = stored.dtype == np.float32 and stored.shape[:-1] == (len(self.images),)
            if fits and stored.offset + stored.nbytes == path.stat().st_size:
                return np.lib.format.open_memmap(path, "r+")
        except (OSError, ValueError):
            pass  # missing or damaged: it is made again
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (len(self.images), network.features(self.images[:1]).shape[1])
        require_space(path.parent, 4 * shape[0] * shape[1] + 2**20)
        # If another process makes the file at the same time, each keeps the one that it opened.
        with whole_file(path) as temporary:
            store = np.lib.format.open_memmap(temporary, "w+", dtype="float32", shape=shape)
            # Without space, a later write to the mapped file would kill the process.
            with temporary.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, temporary.stat().st_size)
            return store


def _missing(store: np.ndarray, indices: np.ndarray) -> np.ndarray:
    # A new file reads as zeros, and no image has features that are all zero.
    return np.array([i for i in indices if not store[i].any()], int)


def require_images(count: int, least: int, kind: str, why: str = "") -> None:
    """Raise UserError if there are too few images of a kind to compare."""
    if count < least:
        raise UserError(
            f"there are {count} {kind} images, but at least {least} are needed{why}; use thousands "
            "for reliable results."
        )
