"""The order of a participant's trials, which follows from the participant's number alone.

The page (order.js) computes the same, so that the order in an answers file can be checked.
"""

from collections.abc import Sequence
from typing import Any

from anime_gan.quiz.kinds import PAIRS, RAPID

_WORD = 0xFFFFFFFF


class Random:
    """Random numbers of 32 bits: xoshiro128** (Blackman and Vigna 2018, arXiv 1805.01407).

    seed: 32 hexadecimal digits.
    """

    def __init__(self, seed: str):
        self._state = [int(seed[start : start + 8], 16) for start in range(0, 32, 8)]
        self._state[0] |= 1  # a state of zeros would give zeros only

    def word(self) -> int:
        """Return the next number, 0 to 2**32 - 1."""
        a, b, c, d = self._state
        result = _rotated(b * 5 & _WORD, 7) * 9 & _WORD
        c, d, shifted = c ^ a, d ^ b, b << 9 & _WORD
        self._state = [a ^ d, b ^ c, c ^ shifted, _rotated(d, 11)]
        return result

    def below(self, count: int) -> int:
        """Return a number from 0 to count - 1."""
        return self.word() * count >> 32

    def shuffled(self, items: Sequence[Any]) -> list[Any]:
        """Return the items in a random order (Fisher and Yates)."""
        items = list(items)
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
        return items

    def bits(self, count: int) -> list[int]:
        """Return 0 and 1 equally often in a random order; with an odd count, one of them more."""
        first = self.below(2)
        return self.shuffled([(first + place) % 2 for place in range(count)])


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _WORD


def trials(
    kind: str, truth: Sequence[int], exposures: int, singles: Sequence[int], participant: str
) -> list[list[int]]:
    """Return a participant's trials in their order.

    Args:
        kind: of the quiz.
        truth: for each pair, which of its faces is the real one (of a rating: the first
            generator's), 0 or 1.
        exposures: the number of exposures of a rapid quiz.
        singles: the cells of the faces that are rated.
        participant: 32 hexadecimal digits.

    Returns:
        For each trial [pair, the face of it on the left]; in a rapid quiz [pair, face of it,
        exposure]; for a rating [cell]. The real face is on the left in half of the pairs, and each
        exposure has as many real faces as generated ones.
    """
    random, pairs = Random(participant), range(len(truth))
    if kind == RAPID:
        order = random.shuffled(pairs)
        chosen = [[pair, place % exposures] for place, pair in enumerate(order)]
        return random.shuffled([[pair, face, at] for pair, at in chosen for face in (0, 1)])
    order = random.shuffled(pairs)
    on_right = random.bits(len(truth))
    choices = [[p, truth[p] ^ is_right] for p, is_right in zip(order, on_right, strict=True)]
    return choices if kind == PAIRS else choices + [[cell] for cell in random.shuffled(singles)]
