"""The order of trials: random numbers as published, balanced, and other for each participant."""

import numpy as np
import pytest

from anime_gan.quiz.kinds import PAIRS, RAPID, RATING
from anime_gan.quiz.order import Random, trials

TRUTH = [0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0]


def participants(count):
    """Numbers of participants."""
    random = np.random.default_rng(0)
    return [random.bytes(16).hex() for _ in range(count)]


def test_the_numbers_are_those_of_the_published_generator():
    """From the state 1, 2, 3, 4, by hand: the first is (2 * 5 << 7) * 9."""
    random = Random("00000001000000020000000300000004")
    assert [random.word() for _ in range(4)] == [11520, 0, 5927040, 70819200]
    assert Random("0" * 32).word() == Random("00000001" + "0" * 24).word()


def test_numbers_are_spread_evenly():
    """Each of six values about a sixth of the times; a shuffle keeps every item."""
    random = Random(participants(1)[0])
    counts = np.bincount([random.below(6) for _ in range(6_000)], minlength=6)
    assert counts.min() > 850 and counts.max() < 1_150
    assert sorted(random.shuffled(range(20))) == list(range(20))


@pytest.mark.parametrize("kind", [PAIRS, RATING])
def test_sides_are_balanced(kind):
    """The real face is on the left in half of the pairs, of every participant."""
    for participant in participants(20):
        order = trials(kind, TRUTH, 0, [3, 1, 2], participant)
        choices = [trial for trial in order if len(trial) == 2]
        assert sorted(pair for pair, _ in choices) == list(range(12))
        assert sum(left == TRUTH[pair] for pair, left in choices) == 6
        assert sorted(order[12:]) == ([[1], [2], [3]] if kind == RATING else [])


def test_exposures_are_balanced():
    """Each face once, and each exposure as often with a real face as with a generated one."""
    for participant in participants(20):
        order = trials(RAPID, TRUTH, 3, [], participant)
        assert sorted((pair, face) for pair, face, _ in order) == [
            (pair, face) for pair in range(12) for face in (0, 1)
        ]
        for exposure in range(3):
            real = [face == TRUTH[pair] for pair, face, at in order if at == exposure]
            assert sum(real) == 4 and len(real) == 8


@pytest.mark.parametrize(("kind", "exposures"), [(PAIRS, 0), (RAPID, 3)])
def test_every_participant_has_another_order(kind, exposures):
    """Over many participants, each pair is first about equally often."""
    orders = [trials(kind, TRUTH, exposures, [], one) for one in participants(600)]
    assert len({str(order) for order in orders}) == 600
    firsts = np.bincount([order[0][0] for order in orders], minlength=12)
    assert firsts.min() > 25 and firsts.max() < 80
