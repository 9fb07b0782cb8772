"""Whether a generator shows its training pictures again.

A picture's relative distance is that to its nearest training picture over the mean of those to its
50 nearest (Carlini et al. 2023, arXiv 2301.13188): a blurred mean face lies near many pictures and
a copy near one. Real pictures, each held out and looked for among the rest, say how small it gets
without copying (the idea of Meehan et al. 2020, arXiv 2004.05675). It holds in any space: pixels or
features.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact

SURROUNDINGS = 50
TAIL = 0.01  # what share of held-out pictures counts as unusually near
TWIN = 0.1  # a real picture so near to another is the same once more, coded anew perhaps
CERTAINTY = 1e-3
_CHUNK = 256


@dataclass(frozen=True)
class Neighbours:
    """For each of N pictures: its nearest's index, the distance to it, and relative distance."""

    index: np.ndarray
    distance: np.ndarray
    relative: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """What the relative distances of generated pictures say beside those of held-out ones.

    near, expected: shares of generated pictures below the lowest 1% of the held-out ones', and the
    held-out share there. copied: whether that is too many for chance. twins: the share of held-out
    pictures that are in the training set once more; from these nothing can be told.
    """

    near: float
    expected: float
    copied: bool
    twins: float

    def __str__(self) -> str:
        found = f"{self.near:.1%} of the generated pictures lie as near to one training picture as "
        found += f"{self.expected:.1%} of held-out real ones do: "
        found += "copies are among them." if self.copied else "no sign of copying."
        if self.twins >= TAIL:
            found += f" {self.twins:.0%} of the real pictures are in the data more than once."
        return found


def nearest(queries, pictures, own=None) -> Neighbours:
    """Return each query's nearest of `pictures`, both (N, F) in any numbers.

    own: (N,) the queries' own places among the pictures, which are left out; None if there are
        none.
    """
    pictures = _rows(pictures)
    centre = pictures.mean(axis=0)  # less of it cancels when big squares are subtracted
    pictures -= centre
    squares = _squares(pictures)
    around = min(SURROUNDINGS, len(pictures) - (own is not None))
    index, distance, relative = [], [], []
    for start in range(0, len(queries), _CHUNK):
        some = _rows(queries[start : start + _CHUNK]) - centre
        rows = np.arange(len(some))
        lengths = squares[None] + _squares(some)[:, None] - 2 * some @ pictures.T
        if own is not None:
            lengths[rows, own[start : start + _CHUNK]] = np.inf
        first = lengths.argmin(axis=1)
        near = np.partition(lengths, around - 1, axis=1)[:, :around]
        # The one that a copy is told by is measured as it is, without cancellation.
        exact = np.sqrt(_squares(some - pictures[first]))
        index.append(first)
        distance.append(exact)
        mean = np.sqrt(np.maximum(near, 0)).mean(axis=1)
        relative.append(exact / np.maximum(mean, 1e-12))
    return Neighbours(*(np.concatenate(part) for part in (index, distance, relative)))


def judge(fake: Neighbours, held_out: Neighbours) -> Verdict:
    """Return the verdict on generated pictures by real ones held out from the training set."""
    different = held_out.relative[held_out.relative >= TWIN]
    limit = np.quantile(different, TAIL) if len(different) else TWIN
    near, usual = (int((relative <= limit).sum()) for relative in (fake.relative, different))
    count = len(different) or len(held_out.relative)
    table = [[near, len(fake.relative) - near], [usual, count - usual]]
    chance = fisher_exact(table, alternative="greater").pvalue
    return Verdict(
        near / len(fake.relative),
        usual / count,
        bool(chance < CERTAINTY),
        1 - len(different) / len(held_out.relative),
    )


def _squares(rows: np.ndarray) -> np.ndarray:
    """Return each row's squared length."""
    return np.einsum("nf,nf->n", rows, rows)


def _rows(pictures) -> np.ndarray:
    """Return pictures as float32 rows, bytes scaled to [0, 1]."""
    pictures = np.asarray(pictures)
    rows = pictures.reshape(len(pictures), -1).astype("float32")
    if pictures.dtype == np.uint8:
        rows /= 255
    return rows
