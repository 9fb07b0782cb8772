"""The losses in numbers, against plain NumPy in float64."""

import numpy as np
import pytest
from keras import random

from training.objectives import OBJECTIVES

pytestmark = pytest.mark.backends


def cross_entropy(labels, scores):
    """The report's formula (Fig. 10), with Keras's clipping."""
    scores = np.clip(scores.astype("float64"), 1e-7, 1 - 1e-7)
    return -np.mean(labels * np.log(scores) + (1 - labels) * np.log(1 - scores))


def test_the_reports_losses_follow_its_formula():
    """Fakes are 1, real pictures 0, the generator aims at 0, and noise is added, not set."""
    draw = np.random.default_rng(0)
    fake, real = draw.uniform(0.01, 0.99, (2, 16, 1)).astype("float32")
    objective = OBJECTIVES["report"]
    np.testing.assert_allclose(
        float(objective.generator(fake)), cross_entropy(np.zeros((16, 1)), fake), rtol=1e-5
    )
    noise = np.asarray(random.uniform((32, 1), seed=random.SeedGenerator(5)))
    labels = np.concatenate([np.ones((16, 1)), np.zeros((16, 1))]) + 0.05 * noise
    np.testing.assert_allclose(
        float(objective.discriminator(np.concatenate([fake, real]), 0.05, random.SeedGenerator(5))),
        cross_entropy(labels, np.concatenate([fake, real])),
        rtol=1e-5,
    )
    assert noise.min() >= 0 and noise.max() < 1


def test_a_won_game_costs_16_118():
    """The ceiling that tells of a discriminator that has won: log loss clipped at 1e-7."""
    lost = OBJECTIVES["report"].generator(np.ones((4, 1), "float32"))
    assert float(lost) == pytest.approx(16.118, abs=0.2)
