"""What generated pictures of the built-in faces show, read back and counted.

The drawn faces' hair colour, eye colour and background are known, and `drawn.reader` reads them
from pixels; so what a generator covers of the data is known here and not estimated.
"""

from collections import Counter

import numpy as np

from anime_gan.data.demo.reader import COMBINATIONS, read_attributes


def measure(fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Return what uint8 pictures (N, 64, 64, 3) cover of the kinds of drawn faces.

    coverage: kinds seen over kinds there are. divergence: Jensen and Shannon's, in bits, between
    the kinds' shares in both sets: 0 if they are alike, 1 if nothing is shared. Of n pictures not
    all kinds can be seen and chance alone diverges: compare with the same of n real pictures.
    """
    fakes, reals = (Counter(read_attributes(pictures)) for pictures in (fake, real))
    return {
        "coverage": len(fakes) / COMBINATIONS,
        "divergence": divergence(fakes, reals),
    }


def divergence(first: Counter, second: Counter) -> float:
    """Return the Jensen-Shannon divergence of two counts' shares, in bits."""
    kinds = sorted(set(first) | set(second))
    p, q = (
        np.array([counts[kind] for kind in kinds], "float64") / counts.total()
        for counts in (first, second)
    )

    def entropy(shares):
        shares = shares[shares > 0]
        return -(shares * np.log2(shares)).sum()

    return float(max(0, entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2))
