"""What features know: how well a linear classifier reads a label from them.

The classifier is ridge regression from standardized features to one number for each class; the
largest one is the answer. It has a closed form, so it takes no tuning but the strength of its
penalty, which is chosen by the leave-one-out accuracy on the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

HELD_OUT = 0.25  # share of the rows
LEAST = 20  # rows
PENALTIES = 10.0 ** np.arange(-4, 3.5, 0.5)  # of a row, for features of variance 1


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
    ridge = _Ridge(training)
    found = {}
    for name, values in labels.items():
        classes, targets = np.unique(values[rows.training], return_inverse=True)
        weights = ridge.fit(targets, len(classes))
        answers = classes[_scores(held_out, *weights).argmax(axis=1)]
        found[name] = float(np.mean(answers == values[rows.held_out]))
    return found


def _standardized(training: np.ndarray, held_out: np.ndarray) -> list[np.ndarray]:
    """Return both, float64, with the mean and the deviation of the training rows taken out."""
    mean, deviation = training.mean(axis=0, dtype="float64"), training.std(axis=0, dtype="float64")
    deviation[deviation < 1e-6 * max(deviation.max(), 1e-30)] = np.inf  # constant: no information
    return [(part - mean) / deviation for part in (training, held_out)]


def _scores(features: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return features @ weights + bias


class _Ridge:
    """Ridge regressions on the same features (N, F), whose means are 0.

    With X = U S V', the answers for a penalty p are U (S^2 / (S^2 + p)) U' Y, and those of a
    regression without row i follow from them (Allen 1974's PRESS), so that one decomposition serves
    all penalties.
    """

    def __init__(self, features: np.ndarray):
        self._x = features
        rows, columns = features.shape
        # The smaller of the two matrices of inner products.
        if columns <= rows:
            squares, vectors = eigh(features.T @ features, overwrite_a=True, check_finite=False)
        else:
            squares, vectors = eigh(features @ features.T, overwrite_a=True, check_finite=False)
        kept = squares > 1e-9 * squares[-1]
        self._squares = squares[kept]
        if columns <= rows:
            self._u = features @ vectors[:, kept] / np.sqrt(self._squares)
        else:
            self._u = vectors[:, kept]

    def fit(self, targets: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (F, classes) and biases (classes,).

        targets: a class for each row, from 0 to classes - 1.
        """
        wanted = np.eye(classes)[targets]
        bias = wanted.mean(axis=0)
        projected = self._u.T @ (wanted - bias)
        count, weighs = len(targets), self._u**2

        def without_itself(penalty: float) -> float:
            share = self._squares / (self._squares + penalty * count)
            answers = bias + self._u @ (share[:, None] * projected)
            # How much a row's own target weighs in its answer, the mean included.
            own = np.minimum(weighs @ share + 1 / count, 1 - 1e-6)[:, None]
            scores = (answers - own * wanted) / (1 - own)
            return float(np.mean(scores.argmax(axis=1) == targets))

        # Of equal ones the strongest penalty.
        best = max(PENALTIES[::-1], key=without_itself)
        inverse = np.sqrt(self._squares) / (self._squares + best * count)
        # V = X' U / S
        right = self._x.T @ (self._u / np.sqrt(self._squares))
        return right @ (inverse[:, None] * projected), bias
