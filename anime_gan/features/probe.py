"""What features know: how well a linear classifier reads a label from them.

The classifier is ridge regression from standardized features to one number for each class; the
largest one is the answer. Its only setting, the strength of the penalty, is chosen on a quarter of
the training rows, and then all of them are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

HELD_OUT = 0.25  # share of the rows; and of the training rows, the share that chooses the penalty
LEAST = 20  # rows
PENALTIES = 10.0 ** np.arange(-3, 4)  # for each row, with features of variance 1


@dataclass(frozen=True)
class Split:
    """Rows by which a classifier is fitted, and rows by which it is judged."""

    training: np.ndarray
    held_out: np.ndarray


def split(rows: int, seed: int) -> Split:
    """Return a random split of rows; a quarter is held out."""
    order = np.random.default_rng(seed).permutation(rows)
    count = round(HELD_OUT * rows)
    return Split(np.sort(order[count:]), np.sort(order[:count]))


def chance(labels: np.ndarray, rows: Split) -> float:
    """Return the accuracy on held-out rows of always naming the most common training label."""
    values, counts = np.unique(labels[rows.training], return_counts=True)
    return float(np.mean(labels[rows.held_out] == values[counts.argmax()]))


def accuracies(
    features: np.ndarray, labels: Mapping[str, np.ndarray], rows: Split
) -> dict[str, float]:
    """Return the accuracy on held-out rows of reading each attribute linearly from features.

    Args:
        features: (N, F).
        labels: by attribute, N labels as text.
        rows: numbers of rows, from 0 to N - 1.
    """
    training, held_out = _standardized(features[rows.training], features[rows.held_out])
    parts = split(len(training), seed=0)
    chooser, whole = _Ridge(training[parts.training]), _Ridge(training)
    found = {}
    for name, values in labels.items():
        classes, targets = np.unique(values[rows.training], return_inverse=True)
        wanted = np.eye(len(classes), dtype="float32")[targets]

        def accuracy(penalty: float, wanted=wanted, targets=targets) -> float:
            predict = chooser.fit(wanted[parts.training], penalty)
            answers = predict(training[parts.held_out]).argmax(axis=1)
            return float(np.mean(answers == targets[parts.held_out]))

        best = max(PENALTIES[::-1], key=accuracy)  # of equal ones the strongest
        answers = classes[whole.fit(wanted, best)(held_out).argmax(axis=1)]
        found[name] = float(np.mean(answers == values[rows.held_out]))
    return found


def _standardized(training: np.ndarray, held_out: np.ndarray) -> list[np.ndarray]:
    """Return both, float32, with the mean and the deviation of the training rows taken out."""
    mean, deviation = training.mean(axis=0, dtype="float64"), training.std(axis=0, dtype="float64")
    deviation[deviation < 1e-6 * max(deviation.max(), 1e-30)] = np.inf  # constant: no information
    mean, deviation = mean.astype("float32"), deviation.astype("float32")
    return [(part - mean) / deviation for part in (training, held_out)]


class _Ridge:
    """Ridge regressions from the same features (N, F), with a bias that has no penalty."""

    def __init__(self, features: np.ndarray):
        self._mean = features.mean(axis=0)
        self._x = x = features - self._mean
        # The smaller of the two matrices of inner products gives the same weights.
        self._by_rows = x.shape[1] > x.shape[0]
        self._products = (x @ x.T if self._by_rows else x.T @ x).astype("float64")

    def fit(self, wanted: np.ndarray, penalty: float) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function from features (M, F) to numbers (M, classes).

        Args:
            wanted: (N, classes).
            penalty: of the squared weights, for each of the N rows.
        """
        bias = wanted.mean(axis=0)
        system = self._products.copy()
        system[np.diag_indices_from(system)] += penalty * len(wanted)
        factor = cho_factor(system, overwrite_a=True, check_finite=False)
        if self._by_rows:
            weights = self._x.T @ cho_solve(factor, wanted - bias).astype("float32")
        else:
            weights = cho_solve(factor, self._x.T @ (wanted - bias)).astype("float32")
        return lambda features: (features - self._mean) @ weights + bias
