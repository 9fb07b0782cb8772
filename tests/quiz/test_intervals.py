"""Intervals hold their level, whatever persons and faces do, and tests give known numbers."""

import numpy as np
import pytest
from scipy import stats

from anime_gan.quiz.intervals import alone, difference, mean, share
from benchmarks.quiz_studies import coverage


@pytest.mark.parametrize(
    ("mean", "person", "face", "persons"),
    [(0, 0.5, 0.5, 26), (0, 1, 1, 26), (0, 0, 0, 26), (1.5, 0.5, 0.5, 26), (0, 1, 1, 4)],
)
def test_the_interval_of_a_share_holds_its_level(mean, person, face, persons):
    """400 studies: three standard deviations below 95% would be 91.7%; docs/quiz.md has more."""
    held, _ = coverage(mean, person, face, persons, 12, 400, 0)
    assert held > 0.93


def test_an_interval_that_takes_answers_for_independent_would_not_hold():
    """The exact one of 312 answers is about half as wide as needed where faces differ much."""
    held, width = coverage(0, 0, 1, 26, 12, 200, 0)
    low, high = stats.binomtest(156, 312).proportion_ci()
    assert held > 0.93 and width > 1.8 * (high - low)


def grid(persons, faces):
    """The person and the face of each answer, where each answers about each."""
    return [part.ravel() for part in np.indices((persons, faces))]


def test_the_binomial_test():
    """As scipy's, of all answers; an interval needs two persons and two faces."""
    values = np.arange(60) % 3 == 0
    found = share(values, *grid(5, 12))
    assert (found.right, found.answers, found.persons, found.faces) == (20, 60, 5, 12)
    assert found.p == stats.binomtest(20, 60).pvalue and found.value == pytest.approx(1 / 3)
    assert found.low < 1 / 3 < found.high
    for size in ((1, 60), (60, 1)):
        assert share(values, *grid(*size)).low is None
    low, high, p = alone(9, 12)
    exact = stats.binomtest(9, 12)
    assert (low, high, p) == pytest.approx((*exact.proportion_ci(), exact.pvalue))


def test_all_or_none_right():
    """The interval ends at 1 or 0, and is not empty."""
    for value in (0, 1):
        found = share([value] * 60, *grid(5, 12))
        assert (found.low, found.high)[value] == value and 0.05 < found.high - found.low < 0.3


def test_persons_who_differ_make_the_interval_wider():
    """Half of the persons right in all, the others in none: five persons count, not 60 answers."""
    persons, faces = grid(6, 12)
    mixed = share((persons + faces) % 2, persons, faces)
    apart = share(persons % 2, persons, faces)
    assert apart.value == mixed.value == 0.5
    assert apart.high - apart.low > 0.7 > 0.4 > mixed.high - mixed.low


def test_means_and_their_difference():
    """The interval of a difference of two groups of faces holds its level."""
    random, held, spans = np.random.default_rng(0), 0, []
    persons, faces = grid(20, 16)
    second = faces >= 8
    for _ in range(300):
        values = random.normal(3, 0.5, 20)[persons] + random.normal(0, 0.5, 16)[faces]
        values = values + random.normal(0, 1, len(values)) + 0.3 * second
        found = difference(values, second, persons, faces)
        held += found.low <= 0.3 <= found.high
        spans.append(mean(values, persons, faces))
    assert held / 300 > 0.92
    assert np.mean([one.low <= 3.15 <= one.high for one in spans]) > 0.92
    exact = difference([1, 2, 5, 6], [False, False, True, True], [0, 1, 0, 1], [0, 1, 2, 3])
    assert exact.value == 4
