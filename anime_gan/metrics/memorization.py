"""Whether a generator reproduces its training images.

An image's relative distance is the distance to its nearest training image over the mean of those to
its 50 nearest (Carlini et al. 2023, arXiv 2301.13188). It is small for a copy, but not for a
blurred mean face, which is near to many images. Real images, each compared with all others, show
how small it is without copying (after Meehan et al. 2020, arXiv 2004.05675). The distance may be
in any space: pixels or features.
"""

from dataclasses import dataclass

import numpy as np

SURROUNDINGS = 50
TAIL = 0.01  # the share of held-out real images that counts as suspiciously near
DUPLICATE = 0.1  # below this relative distance, two real images are the same one
SIGNIFICANCE = 1e-3
_CHUNK = 256


@dataclass(frozen=True)
class Verdict:
    """Relative distances of generated images, compared with those of held-out real images."""

    near: float  # share of generated images below the 1st percentile of the held-out ones
    expected: float  # share of held-out images there
    copied: bool  # whether there are more such images than chance explains
    twins: float  # share of held-out images that are in the training set twice, left out above

    def __str__(self) -> str:
        text = f"{self.near:.1%} suspiciously near a training image, {self.expected:.1%} by chance."
        if self.copied:
            text += " There are copies of training images."
        if self.twins >= TAIL:
            text += f" {self.twins:.0%} of the real images are in the data more than once."
        return text


def nearest(queries, images, own: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return index and relative distance, (M,) each, of the nearest image to each query.

    Args:
        queries, images: (M, ...) and (N, ...), both uint8 or float.
        own: (M,) indices of the queries among the images, which are left out; None if they are not
            among them.
    """
    images = _rows(images)
    center = images.mean(axis=0)  # centered, large squares cancel less
    images -= center
    squares = _squares(images)
    count = min(SURROUNDINGS, len(images) - (own is not None))
    parts = []
    for start in range(0, len(queries), _CHUNK):
        chunk = _rows(queries[start : start + _CHUNK]) - center
        lengths = squares[None] + _squares(chunk)[:, None] - 2 * chunk @ images.T
        if own is not None:
            lengths[np.arange(len(chunk)), own[start : start + _CHUNK]] = np.inf
        first = lengths.argmin(axis=1)
        near = np.partition(lengths, count - 1, axis=1)[:, :count]
        # The smallest distance decides, so it is computed again without cancellation.
        exact = np.sqrt(_squares(chunk - images[first]))
        mean = np.sqrt(np.maximum(near, 0)).mean(axis=1)
        parts.append((first, exact / np.maximum(mean, 1e-12)))
    index, relative = (np.concatenate(part) for part in zip(*parts, strict=True))
    return index, relative


def verdict(fake: np.ndarray, held_out: np.ndarray) -> Verdict:
    """Compare generated images' relative distances with those of real images to the other ones."""
    from scipy.stats import fisher_exact  # it imports half of SciPy

    distinct = held_out[held_out >= DUPLICATE]
    limit = np.quantile(distinct, TAIL) if len(distinct) else DUPLICATE
    near, expected = (int((relative <= limit).sum()) for relative in (fake, distinct))
    count = len(distinct) or len(held_out)
    table = [[near, len(fake) - near], [expected, count - expected]]
    chance = fisher_exact(table, alternative="greater").pvalue
    return Verdict(
        near / len(fake),
        expected / count,
        bool(chance < SIGNIFICANCE),
        1 - len(distinct) / len(held_out),
    )


def _squares(rows: np.ndarray) -> np.ndarray:
    return np.einsum("nf,nf->n", rows, rows)


def _rows(images) -> np.ndarray:
    """Return images as float32 rows, bytes scaled to [0, 1]."""
    images = np.asarray(images)
    rows = images.reshape(len(images), -1).astype("float32")
    if images.dtype == np.uint8:
        rows /= 255
    return rows
