"""How far a set of pictures is from another, as numbers on their features.

Features are (N, F), a row a picture, from one network for both sets; everything is computed in
float64. None of these numbers means anything without the network, the counts and the floor: the
same number between two disjoint sets of real pictures.
"""

import numpy as np

FIDELITY_NEIGHBOURS, COVERAGE_NEIGHBOURS = 3, 5  # what each paper takes
_BLOCK = 500


def frechet(real, fake) -> float:
    """Return the Fréchet distance of two normal distributions with the sets' means and covariances.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson and Landau 1982; Heusel et al. 2017, arXiv
    1706.08500). The last trace is taken from the eigenvalues of the symmetric C1^(1/2) C2 C1^(1/2),
    which are real and, but for rounding, not negative even where there are fewer pictures than
    features.
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    difference = real.mean(axis=0) - fake.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (real, fake))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * _roots(values)) @ vectors.T
    shared = _roots(np.linalg.eigvalsh(root @ second @ root)).sum()
    return float(difference @ difference + np.trace(first) + np.trace(second) - 2 * shared)


def _roots(eigenvalues):
    """Return square roots; what is 0 but for rounding, whose root would be no small thing, is 0."""
    rounding = len(eigenvalues) * np.finfo("float64").eps * eigenvalues.max()
    return np.sqrt(np.where(eigenvalues > rounding, eigenvalues, 0))


def kernel(real, fake) -> tuple[float, float]:
    """Return the kernel distance and its standard error.

    The squared maximum mean discrepancy with the kernel (x.y / F + 1)^3, without bias (Bińkowski et
    al. 2018, arXiv 1801.01401), so that it can fall below 0. It is the mean over disjoint blocks
    of up to 500 pictures a side, at least two of them; their spread gives the error, which that of
    overlapping draws would understate.
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    count = min(len(real), len(fake))
    blocks = max(2, count // _BLOCK)
    size = count // blocks
    estimates = [
        _discrepancy(real[i * size : (i + 1) * size], fake[i * size : (i + 1) * size])
        for i in range(blocks)
    ]
    return float(np.mean(estimates)), float(np.std(estimates, ddof=1) / np.sqrt(blocks))


def _discrepancy(first, second) -> float:
    """Return the unbiased estimate from two blocks of one size, (n, F) each."""
    n, features = first.shape

    def mean_of_pairs(a, b, same):
        kernel = (a @ b.T / features + 1) ** 3
        return (kernel.sum() - np.trace(kernel)) / (n * (n - 1)) if same else kernel.mean()

    return (
        mean_of_pairs(first, first, True)
        + mean_of_pairs(second, second, True)
        - 2 * mean_of_pairs(first, second, False)
    )


def overlap(real, fake) -> dict[str, float]:
    """Return precision, recall, density and coverage.

    precision: share of fakes within some real picture's neighbourhood; recall: the reverse
    (Kynkäänniemi et al. 2019, arXiv 1904.06991, k = 3). density: how many neighbourhoods of real
    pictures a fake lies in, over k; coverage: share of real pictures with a fake in theirs (Naeem
    et al. 2020, arXiv 2002.09797, k = 5). A neighbourhood reaches to the k-th nearest of its kind.
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    among_real, among_fake, across = (
        squared_distances(real, real),
        squared_distances(fake, fake),
        squared_distances(real, fake),
    )
    reach = {
        k: np.partition(among_real, k, axis=1)[:, k]  # the 0-th is the picture itself
        for k in (FIDELITY_NEIGHBOURS, COVERAGE_NEIGHBOURS)
    }
    fake_reach = np.partition(among_fake, FIDELITY_NEIGHBOURS, axis=1)[:, FIDELITY_NEIGHBOURS]
    within = across <= reach[COVERAGE_NEIGHBOURS][:, None]
    return {
        "precision": float((across <= reach[FIDELITY_NEIGHBOURS][:, None]).any(axis=0).mean()),
        "recall": float((across <= fake_reach[None]).any(axis=1).mean()),
        "density": float(within.sum(axis=0).mean() / COVERAGE_NEIGHBOURS),
        "coverage": float(within.any(axis=1).mean()),
    }


def squared_distances(first, second) -> np.ndarray:
    """Return the squared Euclidean distances of all pairs, (len(first), len(second))."""
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    products = first @ second.T  # of a set with itself, half the work
    products *= -2
    products += (first**2).sum(axis=1)[:, None]
    products += (second**2).sum(axis=1)[None]
    return np.maximum(products, 0, out=products)


def compare(real, fake) -> dict[str, float]:
    """Return every distance between two sets of features by name."""
    value, error = kernel(real, fake)
    return {
        "frechet": frechet(real, fake),
        "kernel": value,
        "kernel_error": error,
        **overlap(real, fake),
    }
