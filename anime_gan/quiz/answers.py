"""Answers files: read, and checked against what the quiz's page can have written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from anime_gan.quiz.key import Hex, Key, Strict
from anime_gan.quiz.kinds import (
    FORMAT,
    GRADES,
    LOCK,
    LONGEST,
    ONE_SIDED,
    RAPID,
    SHORTER,
    TOLERANCE,
    TOO_FAST,
)
from anime_gan.quiz.order import trials

MOST_BYTES = 2**20
DAMAGED, OTHER, FORGED, DOUBLE = "damaged", "another quiz", "forged", "double"
ONE_SIDE, FAST = "one side", "too fast"
LEFT_OUT = (DAMAGED, OTHER, FORGED, DOUBLE)  # those of the others are counted
_Milliseconds = Annotated[float, Field(ge=0, le=LONGEST)]


class Suspicion(Exception):
    """What is wrong with an answers file: a kind, and a reason in words."""

    def __init__(self, kind: str, reason: str):
        super().__init__(reason)
        self.kind, self.reason = kind, reason


class Answer(Strict):
    """One answer.

    choice: 0 for the left face or "real", 1 for the right one or "generated"; a grade from 1.
    shown, answered: milliseconds since the quiz began.
    exposure: for how long a face of a rapid quiz was there, as measured, in milliseconds.
    """

    choice: int
    shown: _Milliseconds
    answered: _Milliseconds
    exposure: _Milliseconds | None = None


class File(Strict):
    """An answers file; score: choices that are right, or that prefer the first generator."""

    format: Literal[FORMAT]
    quiz: Hex
    participant: Hex
    consent: Literal[True]
    score: int
    order: list[list[int]]
    answers: list[Answer]


@dataclass(frozen=True)
class Person:
    """A participant's answers, checked.

    Attributes:
        name: of the file.
        participant: the random number.
        trials: in the order in which they were answered.
        answers: of these trials.
        right: of each choice, whether it is right (of a rating: prefers the first generator); the
            choices come before the grades.
    """

    name: str
    participant: str
    trials: list[list[int]]
    answers: list[Answer]
    right: list[bool]

    @property
    def median(self) -> float:
        """The median of the times from the face to the answer, in milliseconds."""
        return median(answer.answered - answer.shown for answer in self.answers)

    @property
    def fingerprint(self) -> tuple:
        """Choices and times, which two persons can't have in common."""
        return tuple((answer.choice, answer.shown, answer.answered) for answer in self.answers)

    def doubts(self, kind: str) -> list[tuple[str, str]]:
        """Return a kind and a reason for each sign that the person did not look at the faces."""
        found = []
        choices = [answer.choice for answer in self.answers[: len(self.right)]]
        if len(choices) >= ONE_SIDED and len(set(choices)) == 1:
            names = ("real", "generated") if kind == RAPID else ("left", "right")
            found.append((ONE_SIDE, f"all {len(choices)} choices are {names[choices[0]]}"))
        if self.median < TOO_FAST[kind]:
            found.append((FAST, f"half of the answers took less than {self.median:.0f} ms"))
        return found


def read_person(path: Path, key: Key) -> Person:
    """Return the answers in a file.

    Raises:
        Suspicion: the file is damaged, or the page of this quiz can't have written it.
    """
    file = _read(path)
    if file.quiz != key.id:
        raise Suspicion(OTHER, f"it is of the quiz {file.quiz[:8]}, not of {key.id[:8]}")
    _require(any(digit != "0" for digit in file.participant), "its participant's number is 0")
    planned = trials(key.kind, key.truth, len(key.exposures), key.singles, file.participant)
    if file.order != planned:
        strange = set(map(tuple, file.order)) - _possible(key)
        _require(not strange, "it names faces or exposures that the quiz does not have")
        _require(False, "its order does not follow from its participant's random number")
    _require(
        len(file.answers) == len(planned),
        f"it has {len(file.answers)} answers to {len(planned)} questions",
    )
    _check_choices(file, key)
    _check_times(file, key)
    right = [
        (trial[1] == key.truth[trial[0]]) == (answer.choice == 0)
        for trial, answer in zip(planned, file.answers, strict=True)
        if len(trial) > 1
    ]
    _require(
        sum(right) == file.score, f"its score is {file.score}, but its answers give {sum(right)}"
    )
    return Person(path.name, file.participant, planned, file.answers, right)


def _possible(key: Key) -> set[tuple[int, ...]]:
    """Return every trial that any order of the quiz has."""
    both = [(pair, face) for pair in range(len(key.truth)) for face in (0, 1)]
    if key.kind == RAPID:
        return {(*one, at) for one in both for at in range(len(key.exposures))}
    return {*both, *((cell,) for cell in key.singles)}


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise Suspicion(FORGED, reason)


def _read(path: Path) -> File:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Suspicion(DAMAGED, f"it is over {MOST_BYTES >> 20} MB")
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip()
    except OSError as error:
        raise Suspicion(DAMAGED, f"it can't be read ({error.strerror})") from error
    try:
        return File.model_validate_json(data)
    except ValidationError as error:
        raise Suspicion(DAMAGED, _words(error.errors()[0])) from error


def _words(error: dict) -> str:
    """Return what is wrong with a file, for people."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "json_invalid":
        return "it is empty" if "EOF" in error["msg"] and not error["input"] else "it is not JSON"
    if error["type"] == "missing":
        return f"{where} is missing"
    if where == "format":
        return f"its format is not {FORMAT}, that of this version"
    return f"{where or 'it'} is not as the page writes it"


def _check_choices(file: File, key: Key) -> None:
    for number, (trial, answer) in enumerate(zip(file.order, file.answers, strict=True), 1):
        allowed = range(1, GRADES + 1) if len(trial) == 1 else range(2)
        _require(answer.choice in allowed, f"answer {number} is {answer.choice}")
        has_exposure = answer.exposure is not None
        _require(has_exposure == (key.kind == RAPID), f"answer {number} has a wrong exposure")


def _check_times(file: File, key: Key) -> None:
    """Raise Suspicion for times that the page can't have measured; browsers round them."""
    last = 0.0
    for number, (trial, answer) in enumerate(zip(file.order, file.answers, strict=True), 1):
        took, least = answer.answered - answer.shown, LOCK
        if key.kind == RAPID:
            least = answer.exposure
            planned = key.exposures[trial[2]]
            _require(
                answer.exposure >= planned - SHORTER,
                f"answer {number} has an exposure of {answer.exposure:g} ms in place of {planned}",
            )
        _require(
            took >= least - TOLERANCE,
            f"answer {number} came after {took:.0f} ms, sooner than the page allows",
        )
        overlap = last - answer.shown
        _require(overlap <= TOLERANCE, f"answer {number} begins before the one before it ends")
        last = answer.answered
