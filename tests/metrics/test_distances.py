"""Distances are those of their definitions, and have their properties for any features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from anime_gan.metrics import distances

rng = np.random.default_rng(0)


def features(count, size=6, shift=0.0):
    """Correlated normal features."""
    return rng.normal(size=(count, size)) @ rng.normal(size=(size, size)) + shift


def test_frechet_is_the_formula():
    """As with SciPy's matrix root, to 1e-6 of the value."""
    real, fake = features(200), features(150, shift=1.0)
    c1, c2 = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    difference = real.mean(0) - fake.mean(0)
    expected = difference @ difference + np.trace(c1 + c2 - 2 * linalg.sqrtm(c1 @ c2).real)
    assert distances.frechet(real, fake) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_fewer_images_than_features():
    """Covariances are singular; the root's trace follows from the eigenvalues of their product."""
    real, fake = rng.normal(size=(20, 64)), rng.normal(size=(30, 64)) * 2
    c1, c2 = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    difference = real.mean(0) - fake.mean(0)
    shared = np.sqrt(np.abs(linalg.eigvals(c1 @ c2))).sum()
    expected = difference @ difference + np.trace(c1 + c2) - 2 * shared
    assert distances.frechet(real, fake) == pytest.approx(expected, rel=1e-6)


def test_kernel_is_the_formula():
    """As sums over pairs: all pairs for the value, those of each block for its error."""
    real, fake = features(9), features(8, shift=0.5)

    def k(a, b):
        return (a @ b / 6 + 1) ** 3

    def discrepancy(x, y):
        own = sum(
            k(s[i], s[j]) / (len(s) * (len(s) - 1))
            for s in (x, y)
            for i in range(len(s))
            for j in range(len(s))
            if i != j
        )
        return own - 2 * sum(k(a, b) for a in x for b in y) / (len(x) * len(y))

    blocks = [discrepancy(real[:4], fake[:4]), discrepancy(real[4:8], fake[4:8])]
    value, error = distances.kernel(*distances.products(real, fake), 6)
    assert value == pytest.approx(discrepancy(real, fake), rel=1e-9)
    assert error == pytest.approx(np.std(blocks, ddof=1) / np.sqrt(2), rel=1e-9)


def test_overlap_is_the_definition():
    """As loops over neighborhoods."""
    real, fake = features(40, 3), features(30, 3, shift=0.7)

    def radius(x, i, k):
        return sorted(np.linalg.norm(x - x[i], axis=1))[k]

    near = np.array([[np.linalg.norm(r - f) for f in fake] for r in real])
    three = np.array([radius(real, i, 3) for i in range(40)])[:, None]
    five = np.array([radius(real, i, 5) for i in range(40)])[:, None]
    own = np.array([radius(fake, i, 3) for i in range(30)])[None]
    assert distances.overlap(*distances.products(real, fake)) == {
        "precision": pytest.approx((near <= three).any(0).mean()),
        "recall": pytest.approx((near <= own).any(1).mean()),
        "density": pytest.approx((near <= five).sum() / 30 / 5),
        "coverage": pytest.approx((near <= five).any(1).mean()),
    }


@settings(max_examples=25)
@given(st.integers(12, 60), st.integers(1, 20), st.floats(1e-3, 1e3), st.integers(0, 99))
def test_a_set_has_no_distance_to_itself(count, size, scale, seed):
    """Every distance is finite, and not negative beyond rounding, at any scale."""
    x = np.random.default_rng(seed).normal(size=(count, size)) * scale
    assert abs(distances.frechet(x, x)) < 1e-6 * scale**2 * size
    itself = distances.overlap(*distances.products(x, x))
    assert itself["precision"] == itself["coverage"] == 1
    y = np.random.default_rng(seed + 1).normal(size=(count, size)) * scale
    assert distances.frechet(x, y) > -1e-9 * scale**2 * size
    assert np.isfinite(distances.kernel(*distances.products(x, y), size)).all()
