"""Distances between two sets of images, computed from their features.

Features are (N, F), one row an image, from the same network for both sets; everything is computed
in float64. Every number depends on the network and on the number of images, so it is reported with
both, and beside the same number between two disjoint sets of real images.
"""

import numpy as np

VERSION = 1  # raise it when `compare` gives other numbers: stored ones are then computed again
FIDELITY_NEIGHBORS, COVERAGE_NEIGHBORS = 3, 5  # k as in the papers
_NEIGHBORS = [FIDELITY_NEIGHBORS, COVERAGE_NEIGHBORS]
_BLOCK = 500


def compare(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Return every distance between features of real images (N, F) and fake ones (M, F) by name."""
    pairs = products(real, fake)
    value, error = kernel(*pairs, real.shape[1])
    found = {"frechet": frechet(real, fake), "kernel": value, "kernel_error": error}
    return found | overlap(*pairs)


def frechet(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the Fréchet distance of two normal distributions with the sets' means and covariances.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson and Landau 1982; Heusel et al. 2017, arXiv
    1706.08500). With C = R'R the last trace is the sum of the singular values of R1 R2', so no
    matrix root is needed, and there may be fewer images than features.
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    difference = real.mean(axis=0) - fake.mean(axis=0)
    first, second = _root(real), _root(fake)
    shared = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    return float(difference @ difference + (first**2).sum() + (second**2).sum() - 2 * shared)


def _root(features: np.ndarray) -> np.ndarray:
    """Return R, (at most F or N, F), of features (N, F), where R'R is their covariance."""
    centered = features - features.mean(axis=0)
    if len(features) > features.shape[1]:
        centered = np.linalg.qr(centered, mode="r")
    return centered / np.sqrt(len(features) - 1)


def products(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inner products, float64, within (N, F), within (M, F) and across, (N, M)."""
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    # NumPy computes x @ x.T in half the time of x @ y.T.
    return real @ real.T, fake @ fake.T, real @ fake.T


def kernel(real, fake, across, features: int) -> tuple[float, float]:
    """Return the kernel distance and its standard error, of `products` of F features.

    The distance is the unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3
    (Bińkowski et al. 2018, arXiv 1801.01401), so it can be below 0. It uses all pairs: an average
    over blocks has a larger variance, and misses an image that is repeated in another block.

    The error is from the standard deviation over disjoint blocks of up to 500 images a side, at
    least two. It is too large where the sets are alike; overlapping blocks would make it too small.
    """
    count = min(across.shape)
    blocks = max(2, count // _BLOCK)
    size = count // blocks
    parts = [slice(None), *(slice(i * size, (i + 1) * size) for i in range(blocks))]
    within = sum(_kernel_means(among, features, parts, True) for among in (real, fake))
    value, *estimates = within - 2 * _kernel_means(across, features, parts, False)
    return float(value), float(np.std(estimates, ddof=1) / np.sqrt(blocks))


def _kernel_means(inner, features: int, parts: list[slice], same_set: bool) -> np.ndarray:
    """Return the kernel's mean within each part; of the same set, without the diagonal."""
    base = inner / features + 1
    kernels = base * base * base  # base**3 is ten times slower
    means = []
    for part in parts:
        block = kernels[part, part]
        n = len(block)
        means.append((block.sum() - np.trace(block)) / (n * (n - 1)) if same_set else block.mean())
    return np.array(means)


def overlap(real, fake, across) -> dict[str, float]:
    """Return precision, recall, density and coverage, of `products`.

    An image's neighborhood reaches to its k-th nearest neighbor within its own set.

    Precision is the share of fake images in the neighborhood of some real image, and recall the
    share of real ones in that of some fake image (Kynkäänniemi et al. 2019, arXiv 1904.06991,
    k = 3). Density is the mean number of real neighborhoods that a fake image is in, over k, and
    coverage the share of real images with a fake one in their neighborhood (Naeem et al. 2020,
    arXiv 2002.09797, k = 5).
    """
    squares = [np.diagonal(among) for among in (real, fake)]

    def squared_distances(inner, first, second):
        lengths = inner * -2 + first[:, None] + second
        return np.maximum(lengths, 0, out=lengths)

    # The 0-th nearest is the image itself.
    real_distances = squared_distances(real, squares[0], squares[0])
    real_radius = np.partition(real_distances, _NEIGHBORS, axis=1)[:, _NEIGHBORS]
    fake_distances = squared_distances(fake, squares[1], squares[1])
    fake_radius = np.partition(fake_distances, FIDELITY_NEIGHBORS, axis=1)[:, FIDELITY_NEIGHBORS]
    distances = squared_distances(across, *squares)
    covering = distances <= real_radius[:, 1:]
    return {
        "precision": float((distances <= real_radius[:, :1]).any(axis=0).mean()),
        "recall": float((distances <= fake_radius[None]).any(axis=1).mean()),
        "density": float(covering.sum(axis=0).mean() / COVERAGE_NEIGHBORS),
        "coverage": float(covering.any(axis=1).mean()),
    }
