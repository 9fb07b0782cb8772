"""What a quiz is like, as its maker chooses."""

from dataclasses import dataclass

from anime_gan.errors import UserError
from anime_gan.quiz.kinds import EXPOSURES, MOST_FACES, PRACTICE, RAPID, RATING


@dataclass(frozen=True)
class Settings:
    """What a quiz is like.

    Attributes:
        kind: one of KINDS.
        count: pairs; of a rapid quiz, faces at each exposure.
        exposures: of a rapid quiz, in milliseconds.
        seed: of the choice of faces.
        psis: truncations, which the generated faces take in turn.
        seeds: of the generated faces; none for random ones.
        contact: how a participant reaches the maker, "" for no word about it.
    """

    kind: str
    count: int
    exposures: tuple[int, ...] = EXPOSURES
    seed: int = 0
    psis: tuple[float, ...] = (1.0,)
    seeds: tuple[int, ...] = ()
    contact: str = ""

    def __post_init__(self):
        if self.kind == RAPID and self.count % 2:
            raise UserError(
                f"a rapid quiz has {self.count} faces at each exposure, but needs an even number: "
                "half of them are real."
            )
        total = self.real + self.generated * self.generators
        if total > MOST_FACES:
            raise UserError(
                f"the quiz would have {total:,} faces, but a page holds {MOST_FACES:,} at most; "
                "take fewer."
            )
        if self.seeds and len(set(self.seeds)) < self.generated:
            raise UserError(
                f"{len(set(self.seeds))} different seeds are named, but the quiz needs "
                f"{self.generated} generated faces, {PRACTICE} of them for practice."
            )

    @property
    def generators(self) -> int:
        """How many generators the quiz needs."""
        return 2 if self.kind == RATING else 1

    @property
    def pairs(self) -> int:
        """Pairs that count."""
        return self.count // 2 * len(self.exposures) if self.kind == RAPID else self.count

    @property
    def generated(self) -> int:
        """Faces of each generator."""
        return self.pairs + PRACTICE

    @property
    def real(self) -> int:
        """Real faces; a rating has no real ones in its practice."""
        return self.pairs + (PRACTICE if self.kind != RATING else 0)
