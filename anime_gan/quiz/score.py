"""What the answers to a quiz say: pooled, by person, face and exposure, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from anime_gan.errors import UserError
from anime_gan.quiz.answers import Person
from anime_gan.quiz.intervals import LEVEL, Estimate, alone, difference, mean, share
from anime_gan.quiz.key import Key
from anime_gan.quiz.kinds import LONGER, LONGER_MS, RAPID, RATING
from anime_gan.quiz.study import Study

REAL = 2  # the origin of a face that is rated
YES, NO, UNDECIDED = "yes", "no", "undecided"


@dataclass(frozen=True)
class Choice:
    """A choice that counts.

    person, face: numbers; face: the pair, or of a rapid quiz the face.
    right: or, of a rating, prefers the first generator.
    said_real: of a rapid quiz.
    """

    person: int
    face: int
    right: bool
    exposure: int | None = None
    is_real: bool | None = None

    @property
    def said_real(self) -> bool:
        """Whether a rapid quiz's face was called real."""
        return self.right == self.is_real


@dataclass(frozen=True)
class Grade:
    """A grade, 1 to GRADES; origin: 0 or 1 for the generators, REAL for a real face."""

    person: int
    face: int
    grade: int
    origin: int


def choices_of(key: Key, persons: Sequence[Person]) -> tuple[list[Choice], int]:
    """Return the choices, and how many are left out since their face was there for too long."""
    found, too_long = [], 0
    for number, person in enumerate(persons):
        pairs = zip(person.trials, person.answers, strict=True)
        for (trial, answer), right in zip(pairs, person.right, strict=False):
            if key.kind != RAPID:
                found.append(Choice(number, trial[0], right))
                continue
            pair, face, at = trial
            planned = key.exposures[at]
            if answer.exposure > planned * (1 + LONGER / 100) + LONGER_MS:
                too_long += 1
                continue
            is_real = face == key.truth[pair]
            found.append(Choice(number, 2 * pair + face, right, planned, is_real))
    return found, too_long


def grades_of(key: Key, persons: Sequence[Person]) -> list[Grade]:
    """Return all grades of a rating."""
    origins = dict(zip(key.singles, key.origins, strict=True))
    return [
        Grade(number, trial[0], answer.choice, origins[trial[0]])
        for number, person in enumerate(persons)
        for trial, answer in zip(person.trials, person.answers, strict=True)
        if len(trial) == 1
    ]


def share_right(choices: Sequence[Choice]) -> Estimate:
    """Return the share of choices that are right."""
    return share([c.right for c in choices], [c.person for c in choices], [c.face for c in choices])


def share_real(choices: Sequence[Choice], is_real: bool) -> Estimate | None:
    """Return the share of a rapid quiz's real, or generated, faces that were called real."""
    own = [c for c in choices if c.is_real == is_real]
    if not own:
        return None
    return share([c.said_real for c in own], [c.person for c in own], [c.face for c in own])


def verdict(pooled: Estimate) -> str:
    """Return whether fewer than half of the answers are right: yes, no or undecided."""
    if pooled.high is not None and pooled.high < 0.5:
        return YES
    if pooled.low is not None and pooled.low > 0.5:
        return NO
    return UNDECIDED


def results(study: Study) -> dict[str, Any]:
    """Return all numbers of a study, as they are saved.

    Raises:
        UserError: there are no answers that count.
    """
    key, persons = study.key, study.persons
    if not persons:
        reasons = "; ".join(f"{one.name}: {one.reason}" for one in study.named[:3])
        raise UserError(f"none of the answers files counts ({reasons}).")
    choices, too_long = choices_of(key, persons)
    if not choices:
        raise UserError("all faces were there for too long, so that no answer counts.")
    pooled = share_right(choices)
    found: dict[str, Any] = {
        "quiz": key.id,
        "kind": key.kind,
        "generators": key.names,
        "counted": key.goal,
        "pooled": asdict(pooled),
        "fewer_than_half": verdict(pooled),
        "shown_too_long": too_long,
        "persons": _by_person(persons, choices),
        "faces": _by_face(choices),
        "suspicious": [asdict(one) for one in study.named],
    }
    careful = [person for person in persons if person not in study.careless]
    if study.careless and careful:
        rest, _ = choices_of(key, careful)
        found["without_careless"] = asdict(share_right(rest)) if rest else None
    if key.kind == RAPID:
        found["exposures"] = _by_exposure(key, choices)
    if key.kind == RATING:
        found["grades"] = _grades(key, grades_of(key, persons))
    return found


def _by_person(persons: Sequence[Person], choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Return the numbers of each person with a choice that counts."""
    found = []
    for number, person in enumerate(persons):
        own = [choice.right for choice in choices if choice.person == number]
        if not own:
            continue
        low, high, p = alone(sum(own), len(own))
        about = {"file": person.name, "participant": person.participant}
        counts = {"right": sum(own), "answers": len(own), "low": low, "high": high, "p": p}
        found.append(about | counts | {"median_ms": person.median})
    return found


def _by_face(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    found = []
    for face in sorted({choice.face for choice in choices}):
        own = [choice.right for choice in choices if choice.face == face]
        found.append({"face": face, "right": sum(own), "answers": len(own)})
    return found


def _by_exposure(key: Key, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    rows = []
    for exposure in sorted(set(key.exposures)):
        own = [choice for choice in choices if choice.exposure == exposure]
        if not own:
            continue
        called = {name: share_real(own, is_real) for name, is_real in _CALLED.items()}
        rows.append(
            {"ms": exposure, "right": asdict(share_right(own))}
            | {name: estimate and asdict(estimate) for name, estimate in called.items()}
        )
    return rows


_CALLED = {"real_called_real": True, "generated_called_real": False}


def _grades(key: Key, grades: Sequence[Grade]) -> dict[str, Any]:
    names = [*key.names, "real"]
    means = {}
    for origin, name in enumerate(names):
        own = [grade for grade in grades if grade.origin == origin]
        values = [g.grade for g in own], [g.person for g in own], [g.face for g in own]
        means[origin] = {"name": name} | asdict(mean(*values))
    both = [grade for grade in grades if grade.origin != REAL]
    columns = [g.grade for g in both], [g.origin == 0 for g in both]
    places = [g.person for g in both], [g.face for g in both]
    return {"means": [*means.values()], "difference": asdict(difference(*columns, *places))}


def percent(value: float) -> str:
    """Return a share as "49.0%"."""
    return f"{100 * value:.1f}%"


def span(estimate: dict[str, Any], shown=percent) -> str:
    """Return an interval in words."""
    if estimate["low"] is None:
        return "no interval: it takes two participants and two faces"
    return f"{LEVEL:.0%} interval {shown(estimate['low'])} to {shown(estimate['high'])}"
