"""How far a set of pictures is from another, as numbers on their features.

Features are (N, F), a row a picture, from one network for both sets; everything is computed in
float64. None of these numbers means anything without the network, the counts and the floor: the
same number between two disjoint sets of real pictures.
"""

from dataclasses import dataclass

import numpy as np

FIDELITY_NEIGHBOURS, COVERAGE_NEIGHBOURS = 3, 5  # what each paper takes
_NEIGHBOURS = [FIDELITY_NEIGHBOURS, COVERAGE_NEIGHBOURS]
_BLOCK = 500


def frechet(real, fake) -> float:
    """Return the Fréchet distance of two normal distributions with the sets' means and covariances.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson and Landau 1982; Heusel et al. 2017, arXiv
    1706.08500). With C = R'R the last trace is the sum of the singular values of R1 R2', so that no
    root of a matrix is taken, and fewer pictures than features are no special case.
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    difference = real.mean(axis=0) - fake.mean(axis=0)
    first, second = _root(real), _root(fake)
    shared = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    return float(difference @ difference + (first**2).sum() + (second**2).sum() - 2 * shared)


def _root(features) -> np.ndarray:
    """Return R (up to N or F, F) of features (N, F), where R'R is their covariance."""
    centred = features - features.mean(axis=0)
    if len(features) > features.shape[1]:
        centred = np.linalg.qr(centred, mode="r")
    return centred / np.sqrt(len(features) - 1)


@dataclass(frozen=True)
class Products:
    """Inner products of all pairs of features, float64, of which everything but the Fréchet
    distance is made: among N real pictures (N, N), among M fakes (M, M), and across (N, M).

    features: how many there are of each picture.
    """

    real: np.ndarray
    fake: np.ndarray
    across: np.ndarray
    features: int


def products(real, fake) -> Products:
    """Return the inner products of two sets of features, (N, F) and (M, F)."""
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    # Of a set with itself NumPy does half the work.
    return Products(real @ real.T, fake @ fake.T, real @ fake.T, real.shape[1])


def kernel(pairs: Products) -> tuple[float, float]:
    """Return the kernel distance and its standard error.

    The squared maximum mean discrepancy with the kernel (x.y / F + 1)^3, without bias (Bińkowski et
    al. 2018, arXiv 1801.01401), so that it can fall below 0. It is taken of all pairs: of pictures
    in blocks alone it wanders more, and a picture repeated in another block goes unseen. The error
    is the spread over disjoint blocks of up to 500 a side, at least two of them: where the sets are
    alike it is too large, and that of overlapping draws would be too small.
    """
    count = min(pairs.across.shape)
    blocks = max(2, count // _BLOCK)
    size = count // blocks
    parts = [slice(None), *(slice(i * size, (i + 1) * size) for i in range(blocks))]
    own = sum(
        _kernel_means(among, pairs.features, parts, True) for among in (pairs.real, pairs.fake)
    )
    value, *estimates = own - 2 * _kernel_means(pairs.across, pairs.features, parts, False)
    return float(value), float(np.std(estimates, ddof=1) / np.sqrt(blocks))


def _kernel_means(inner, features: int, parts: list[slice], own: bool) -> np.ndarray:
    """Return the kernel's mean over the pairs within each part; own: of two different pictures."""
    base = inner / features + 1
    kernels = base * base * base  # a power is ten times slower
    means = []
    for part in parts:
        some = kernels[part, part]
        n = len(some)
        means.append((some.sum() - np.trace(some)) / (n * (n - 1)) if own else some.mean())
    return np.array(means)


def overlap(pairs: Products) -> dict[str, float]:
    """Return precision, recall, density and coverage.

    precision: share of fakes within some real picture's neighbourhood; recall: the reverse
    (Kynkäänniemi et al. 2019, arXiv 1904.06991, k = 3). density: how many neighbourhoods of real
    pictures a fake lies in, over k; coverage: share of real pictures with a fake in theirs (Naeem
    et al. 2020, arXiv 2002.09797, k = 5). A neighbourhood reaches to the k-th nearest of its kind.
    """
    squares = [np.diagonal(among) for among in (pairs.real, pairs.fake)]

    def distances(inner, first, second):
        lengths = inner * -2
        lengths += first[:, None]
        lengths += second[None]
        return np.maximum(lengths, 0, out=lengths)

    # The 0-th nearest is the picture itself.
    real_reach = np.partition(distances(pairs.real, squares[0], squares[0]), _NEIGHBOURS, axis=1)[
        :, _NEIGHBOURS
    ]
    fake_reach = np.partition(
        distances(pairs.fake, squares[1], squares[1]), FIDELITY_NEIGHBOURS, axis=1
    )[:, FIDELITY_NEIGHBOURS]
    across = distances(pairs.across, *squares)
    within = across <= real_reach[:, 1:]
    return {
        "precision": float((across <= real_reach[:, :1]).any(axis=0).mean()),
        "recall": float((across <= fake_reach[None]).any(axis=1).mean()),
        "density": float(within.sum(axis=0).mean() / COVERAGE_NEIGHBOURS),
        "coverage": float(within.any(axis=1).mean()),
    }


def compare(real, fake) -> dict[str, float]:
    """Return every distance between two sets of features by name."""
    pairs = products(real, fake)
    value, error = kernel(pairs)
    return {
        "frechet": frechet(real, fake),
        "kernel": value,
        "kernel_error": error,
        **overlap(pairs),
    }
