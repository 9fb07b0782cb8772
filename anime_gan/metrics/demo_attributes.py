"""Which attributes generated images of the built-in faces show.

Hair color, eye color and background of a built-in face can be read from its pixels
(`data/demo/reader.py`), so the diversity of a generator is counted here, not estimated.
"""

from collections import Counter

import numpy as np
from PIL.Image import Resampling

from anime_gan.data.demo.dataset import WORDS
from anime_gan.data.demo.reader import COMBINATIONS, read_attributes
from anime_gan.data.pixels import to_image

BOX = Resampling.BOX


def read(images: np.ndarray) -> dict[str, list[str]]:
    """Return the words for hair, eyes and background of each image, uint8 (N, H, W, 3)."""
    size = (64, 64)  # of the faces for which the reader's regions are
    if images.shape[1:3] != size:
        images = np.stack([np.asarray(to_image(x).resize(size, BOX)) for x in images])
    columns = zip(*read_attributes(images), strict=True)
    return dict(zip(WORDS, map(list, columns), strict=True))


def measure(fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Compare the combinations of attributes in two sets of uint8 images (N, 64, 64, 3).

    Returns:
        coverage: the share of all combinations that `fake` shows.
        divergence: Jensen-Shannon divergence of the combinations' frequencies, in bits: 0 if equal,
            1 if the sets have no combination in common.

        Both depend on the number of images, so compare them with those of as many real images.
    """
    fakes, reals = (Counter(read_attributes(images)) for images in (fake, real))
    found = sorted(fakes | reals)
    p, q = (np.array([n[key] for key in found]) / n.total() for n in (fakes, reals))
    divergence = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
    return {"coverage": len(fakes) / COMBINATIONS, "divergence": float(max(0, divergence))}


def _entropy(shares: np.ndarray) -> float:
    shares = shares[shares > 0]
    return -(shares * np.log2(shares)).sum()
