"""How sure a share or a mean is, when persons answered about the same faces.

Two answers of one person are alike, and so are two answers about one face. Both are samples: the
question is about other persons and other faces too. So the variance is that of two-way clusters,
persons plus faces minus single answers (Cameron, Gelbach and Miller 2011, J. Business and Economic
Statistics 29), with n / (n - 1) for each and not below that of independent answers. The degrees of
freedom are Satterthwaite's (1946). The interval of a share is Korn and Graubard's (1998, Survey
Methodology 24): Clopper and Pearson's for as many independent answers as would be as uncertain. It
stays between 0 and 1 and holds for few persons. benchmarks/quiz_studies.py measures its coverage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A share (0 to 1), a mean or a difference, with its interval.

    low, high: None for fewer than two persons or two faces, of whose variance nothing is known.
    right: answers that count as 1, of a share.
    p: two-sided p-value of the binomial test against one half, of a share. It takes all answers
        for independent.
    """

    value: float
    low: float | None
    high: float | None
    answers: int
    persons: int
    faces: int
    right: int | None = None
    p: float | None = None


def share(values: Sequence[bool], persons: Sequence[int], faces: Sequence[int]) -> Estimate:
    """Return the share of answers that are true; persons, faces: of each answer, as numbers."""
    values = np.asarray(values, float)
    count, right = len(values), int(np.sum(values))
    value = right / count
    variance, freedom = _variance((values - value) / count, persons, faces)
    low = high = None
    if freedom:
        independent = value * (1 - value) / variance if variance else count
        ratio = stats.norm.ppf((1 + LEVEL) / 2) / stats.t.ppf((1 + LEVEL) / 2, freedom)
        low, high = _exact(value, min(independent, count) * ratio**2)
    p = float(stats.binomtest(right, count).pvalue)
    return Estimate(value, low, high, count, *_counts(persons, faces), right, p)


def alone(right: int, count: int) -> tuple[float, float, float]:
    """Return Clopper and Pearson's interval of one person's share, and its binomial test's p."""
    return *_exact(right / count, count), float(stats.binomtest(right, count).pvalue)


def mean(values: Sequence[float], persons: Sequence[int], faces: Sequence[int]) -> Estimate:
    """Return the mean of numbers, such as ratings."""
    values = np.asarray(values, float)
    value = float(values.mean())
    return _estimate(value, (values - value) / len(values), persons, faces)


def difference(
    values: Sequence[float], second: Sequence[bool], persons: Sequence[int], faces: Sequence[int]
) -> Estimate:
    """Return the mean of the values of a second group less that of the first.

    second: whether each value is of the second group; persons may answer for both groups.
    """
    values, second = np.asarray(values, float), np.asarray(second, bool)
    deviations, means = np.zeros(len(values)), []
    for group, sign in ((~second, -1), (second, 1)):
        means.append(values[group].mean())
        deviations[group] = sign * (values[group] - means[-1]) / group.sum()
    return _estimate(float(means[1] - means[0]), deviations, persons, faces)


def _estimate(value: float, deviations: np.ndarray, persons, faces) -> Estimate:
    variance, freedom = _variance(deviations, persons, faces)
    half = stats.t.ppf((1 + LEVEL) / 2, freedom) * variance**0.5 if freedom else None
    low, high = (None, None) if half is None else (float(value - half), float(value + half))
    return Estimate(value, low, high, len(deviations), *_counts(persons, faces))


def _counts(persons, faces) -> tuple[int, int]:
    return len(set(persons)), len(set(faces))


def _variance(deviations: np.ndarray, persons, faces) -> tuple[float, float]:
    """Return the variance of a sum of deviations, and its degrees of freedom.

    The latter are 0 if there are fewer than two persons or faces.
    """
    parts, freedoms = [], []
    for groups in (persons, faces):
        _, place = np.unique(np.asarray(groups), return_inverse=True)
        sums = np.bincount(place, deviations)
        freedoms.append(len(sums) - 1)
        if not freedoms[-1]:
            return 0.0, 0.0
        parts.append(np.sum(sums**2) * len(sums) / freedoms[-1])
    single = np.sum(deviations**2)
    variance = max(parts[0] + parts[1] - single, single)
    if not variance:  # all answers are equal
        return 0.0, float(min(freedoms))
    spread = sum(part**2 / freedom for part, freedom in zip(parts, freedoms, strict=True))
    freedom = max(1.0, variance**2 / spread) if spread else min(freedoms)
    return float(variance), float(freedom)


def _exact(value: float, count: float) -> tuple[float, float]:
    """Return Clopper and Pearson's interval; the count may be a fraction."""
    right, tail = value * count, (1 - LEVEL) / 2
    low = stats.beta.ppf(tail, right, count - right + 1) if value > 0 else 0.0
    high = stats.beta.ppf(1 - tail, right + 1, count - right) if value < 1 else 1.0
    return float(low), float(high)
