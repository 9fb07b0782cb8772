"""Whether a square of a picture shows an anime face: a second opinion on what animeface found.

A linear classifier on the features of EfficientNet-Lite0, which evaluate.py uses too. Its 1,281
numbers, face_judge.npy, are made by preparation/judge_training.py from sets of faces; the pictures
that the search for faces is measured on had no part in it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from anime_gan.features import lite0

SIDE = lite0.COARSE_SIZE
WEIGHTS = Path(__file__).with_name("face_judge.npy")


class Judge:
    """Says how much a crop looks like a face: above 0 rather one, below rather none."""

    def __init__(self, weights: Path = WEIGHTS, threads: int = 1):
        self._weights = np.load(weights)
        self._features = open_features(threads)

    def __call__(self, crops: list[Image.Image]) -> np.ndarray:
        """Return a number (N,) for each RGB crop, 1 for a typical face and -1 for a typical other.

        In a crop the face takes about 0.6 of the side, as in the sets that it learnt from.
        """
        return self._features(crops) @ self._weights[:-1] + self._weights[-1]


def open_features(threads: int):
    """Return a function from RGB pictures to Lite0's features, float32 (N, 1280), at 96x96."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        lite0.build().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def features(pictures: list[Image.Image]) -> np.ndarray:
        found = [np.zeros((0, 1280), np.float32)]
        for start in range(0, len(pictures), 64):
            batch = [
                np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
                for picture in pictures[start : start + 64]
            ]
            values = np.stack(batch).transpose(0, 3, 1, 2) / 255
            values = values * (lite0.HIGH - lite0.LOW) + lite0.LOW
            found.append(session.run(None, {"pictures": values.astype(np.float32)})[0])
        return np.concatenate(found)

    return features


def cores() -> int:
    """Return how many cores there are."""
    return os.cpu_count() or 1
