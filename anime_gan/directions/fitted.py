"""Directions that change one measure of a generator's faces, and the others as little as possible.

InterFaceGAN (Shen et al. 2020, arXiv 1907.10786): a linear function of the latent is fitted to each
attribute of generated faces, and its gradient is the direction. The gradients of the other
attributes are projected out (conditional manipulation, section 3.2). Here the attributes are
measures, so the functions are fitted by least squares and not by a support vector machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONSTANT = 0.005  # spread of a measure that is the same in all faces, but for rounding
ALIKE = 0.5  # cosine of the gradients of two measures that belong together, such as hair and light
_WEIGHT = 10.0  # of the changes of the other measures


@dataclass(frozen=True)
class Fit:
    """Linear functions of the coordinates (N, K) of latents, of measures in units of their spread.

    Attributes:
        gradients: (M, K).
    """

    gradients: np.ndarray


def fit(coordinates: np.ndarray, values: np.ndarray) -> Fit:
    """Fit measures (N, M), by coordinates (N, K); a measure that is always the same gets 0."""
    spread = values.std(axis=0, dtype="float64")
    y = (values - values.mean(axis=0)) / np.where(spread > CONSTANT, spread, np.inf)
    x = np.column_stack([coordinates, np.ones(len(coordinates))]).astype("float64")
    return Fit(np.linalg.lstsq(x, y)[0][:-1].T)


def conditional(fitted: Fit, number: int, others: np.ndarray | None = None) -> np.ndarray:
    """Return the direction (K,), of length 1, that changes one measure, and hardly the others.

    Measures whose gradients are like its own stay free: what brightens the hair brightens the
    image.

    Args:
        fitted: the functions of the measures.
        number: of the measure.
        others: bool (M,), which measures shall not change; None for all that are unlike it.
    """
    lengths = np.linalg.norm(fitted.gradients, axis=1)
    units = fitted.gradients / np.maximum(lengths, 1e-12)[:, None]
    fixed = abs(units @ units[number]) <= ALIKE
    gradients = fitted.gradients[fixed if others is None else fixed & others]
    # The least squares of the others' changes and of the distance from the measure's own gradient.
    # With a large weight this is the projection, as long as there are enough dimensions for it.
    matrix = np.eye(units.shape[1]) + _WEIGHT * gradients.T @ gradients
    direction = np.linalg.solve(matrix, units[number])
    return direction / max(np.linalg.norm(direction), 1e-12)
