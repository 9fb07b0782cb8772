"""Whether a square of an image shows an anime face: a second opinion on animeface's detections.

A linear classifier on the features of EfficientNet-Lite0. benchmarks/face_classifier.py makes its
1,281 weights, face_classifier.npy, from sets of faces. The images that the search for faces is
measured on are not among them.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from anime_gan.features import lite0
from anime_gan.features.onnx_runtime import open_onnx

SIDE = lite0.COARSE_SIZE
WEIGHTS = Path(__file__).with_name("face_classifier.npy")
Classifier = Callable[[list[Image.Image]], np.ndarray]


def open_classifier() -> Classifier:
    """Return a function from RGB crops to a score (N,): 1 for a typical face, -1 for no face.

    The face should take about 0.6 of a crop's side, as in the sets that it was trained on.
    """
    weights, features = np.load(WEIGHTS), open_features(threads=1)
    return lambda crops: features(crops) @ weights[:-1] + weights[-1]


def open_features(threads: int) -> Callable[[list[Image.Image]], np.ndarray]:
    """Return a function from RGB images to Lite0's features at 96x96, float32 (N, 1280)."""
    forward = open_onnx(lite0.onnx_model(), threads)

    def features(images: list[Image.Image]) -> np.ndarray:
        found = [np.zeros((0, 1280), np.float32)]
        for start in range(0, len(images), 64):
            batch = [
                np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
                for image in images[start : start + 64]
            ]
            values = np.stack(batch) / 255
            values = values * (lite0.HIGH - lite0.LOW) + lite0.LOW
            found.append(forward(values.astype(np.float32)))
        return np.concatenate(found)

    return features
