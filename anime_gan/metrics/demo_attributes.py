"""Which attributes generated images of the built-in faces show.

Hair color, eye color and background of a built-in face can be read from its pixels
(`data/demo/reader.py`), so the diversity of a generator is counted here, not estimated.
"""

from collections import Counter

import numpy as np

from anime_gan.data.demo.reader import COMBINATIONS, read_attributes


def measure(fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Compare the combinations of attributes in two sets of uint8 images (N, 64, 64, 3).

    Returns:
        coverage: the share of all combinations that `fake` shows.
        divergence: Jensen-Shannon divergence of the combinations' frequencies, in bits: 0 if equal,
            1 if the sets have no combination in common.

        Both depend on the number of images, so compare them with those of as many real images.
    """
    fakes, reals = (Counter(read_attributes(images)) for images in (fake, real))
    return {"coverage": len(fakes) / COMBINATIONS, "divergence": divergence(fakes, reals)}


def divergence(first: Counter, second: Counter) -> float:
    """Return the Jensen-Shannon divergence of two counts' frequencies, in bits."""
    keys = sorted(set(first) | set(second))
    p, q = (
        np.array([counts[key] for key in keys], "float64") / counts.total()
        for counts in (first, second)
    )

    def entropy(shares):
        shares = shares[shares > 0]
        return -(shares * np.log2(shares)).sum()

    return float(max(0, entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2))
