"""Print how often studies with known truth get the right verdict, and how their intervals hold.

    python -m benchmarks.quiz_studies [--studies 500] [--intervals 4000] [--seed 0]

The first table: answers files are written, read and scored as `quiz.py score` does. Each study also
has a damaged file, a copy, a forged one and one of another quiz, which must be named. The second
one: how often the interval includes the true share, with effects of persons and faces on the log
odds.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anime_gan.quiz import kinds
from anime_gan.quiz.answers import DAMAGED, DOUBLE, FORGED, ONE_SIDE, OTHER
from anime_gan.quiz.intervals import share
from anime_gan.quiz.key import Key, digest
from anime_gan.quiz.order import trials
from anime_gan.quiz.score import NO, UNDECIDED, YES, results
from anime_gan.quiz.study import Study, answers_files, read_study
from benchmarks import new_parser

PERSONS = 26  # of the thesis


def quiz_key(kind: str, random: np.random.Generator, count: int = 12) -> Key:
    """Return the key of a quiz without faces."""
    cells = [(2 * pair, 2 * pair + 1) for pair in range(count)]
    is_rating = kind == kinds.RATING
    values = {
        "format": kinds.FORMAT,
        "page": "none",
        "secret": random.bytes(8).hex(),
        "kind": kind,
        "seed": 0,
        "truth": random.permutation(np.arange(count) % 2).tolist(),
        "exposures": list(kinds.EXPOSURES) if kind == kinds.RAPID else [],
        "singles": list(range(3 * count)) if is_rating else [],
        "origins": [place % 3 for place in range(3 * count)] if is_rating else [],
        "names": ["a", "b"] if is_rating else ["a"],
        "images": "none",
        "pairs": cells,
        "faces": [],
    }
    return Key(id=digest(json.loads(json.dumps(values))), **values)


def answers_file(
    key: Key,
    random: np.random.Generator,
    right: Callable[[list[int]], float],
    choose: Callable[[list[int]], int] | None = None,
) -> dict:
    """Return what a participant's file says.

    Args:
        right: the probability that a choice is right, from its trial.
        choose: what is chosen, from its trial, for a person who does not look.
    """
    participant = random.bytes(16).hex()
    order = trials(key.kind, key.truth, len(key.exposures), key.singles, participant)
    answers, time, score = [], 5_000.0, 0
    for trial in order:
        answer = {"shown": round(time, 1)}
        took = random.lognormal(7.6, 0.4)  # 2 s
        if key.kind == kinds.RAPID:
            answer["exposure"] = float(key.exposures[trial[2]])
            took += answer["exposure"]
        if len(trial) == 1:
            answer["choice"] = int(random.integers(1, 6))
        else:
            is_real = trial[1] == key.truth[trial[0]]
            is_right = random.random() < right(trial)
            answer["choice"] = choose(trial) if choose else int(is_right != is_real)
            score += is_real == (answer["choice"] == 0)
        time += took + kinds.LOCK
        answer["answered"] = round(time, 1)
        time += 20
        answers.append(answer)
    return {
        "format": kinds.FORMAT,
        "quiz": key.id,
        "participant": participant,
        "consent": True,
        "score": score,
        "order": order,
        "answers": answers,
    }


def bad_files(file: dict, key: Key, random: np.random.Generator) -> dict[str, bytes]:
    """Return files that must be named, by kind: made of a good file."""
    forged = {**file, "participant": random.bytes(16).hex()}
    other = {**file, "quiz": random.bytes(16).hex()}
    texts = {OTHER: other, FORGED: forged, DOUBLE: file}
    found = {kind: json.dumps(values).encode() for kind, values in texts.items()}
    return found | {DAMAGED: json.dumps(file).encode()[:-40]}


def study_of(files: Sequence[dict], key: Key, random: np.random.Generator, folder: Path) -> Study:
    """Write files and bad ones into an empty folder, and read them."""
    for old in folder.iterdir():
        old.unlink()
    for number, file in enumerate(files):
        (folder / f"answers_{number:03}.json").write_text(json.dumps(file))
    for kind, data in bad_files(files[0], key, random).items():
        (folder / f"{kind}.json").write_bytes(data)
    return read_study(answers_files([folder], folder / "quiz_key.json"), key)


def all_named(study: Study, one_sided: int) -> bool:
    """Say whether exactly the bad files are left out, and so many one-sided ones are named.

    A guesser chooses one side throughout in 1 of 2,048 quizzes of 12 pairs, and is named too.
    """
    named = {one.kind: one.name for one in study.named if one.is_left_out}
    is_named = named == {kind: f"{kind}.json" for kind in (DAMAGED, OTHER, FORGED, DOUBLE)}
    return is_named and sum(one.kind == ONE_SIDE for one in study.named) >= one_sided


@dataclass(frozen=True)
class Case:
    """A kind of study, with known truth.

    Attributes:
        mean, person, face: of the log odds of a right answer: the mean, and standard deviations.
        lefts: persons of all who always choose the left.
        truth: the right verdict; of a rapid quiz, that at the shortest and the longest exposure.
        slope: of a rapid quiz: the log odds that the longest exposure adds.
    """

    name: str
    kind: str
    truth: str | tuple[str, str]
    mean: float = 0.0
    person: float = 0.0
    face: float = 0.0
    persons: int = PERSONS
    lefts: int = 0
    slope: float = 0.0


P, G, R = kinds.PAIRS, kinds.RATING, kinds.RAPID
CASES = [
    Case("guessers", P, UNDECIDED),
    Case("guessers, one always left", P, UNDECIDED, lefts=1),
    Case("5 guessers", P, UNDECIDED, persons=5),
    Case("half right, persons and faces differ", P, UNDECIDED, 0, 0.5, 0.5),
    Case("experts, 90% right", P, NO, 2.4, 0.5, 0.5),
    Case("experts, one always left", P, NO, 2.4, 0.5, 0.5, lefts=1),
    Case("5 experts", P, NO, 2.4, 0.5, 0.5, persons=5),
    Case("deceived, 20% right", P, YES, -1.5, 0.5, 0.5),
    Case("all always left", P, UNDECIDED, lefts=PERSONS),
    Case("no preference", G, UNDECIDED, 0, 0.5, 0.5),
    Case("first preferred by 80%", G, NO, 1.5, 0.5, 0.5),
    Case("rapid: guess at 50 ms, 88% at 2 s", R, (UNDECIDED, NO), 0, 0.5, 0.5, slope=2.2),
]


def run_case(case: Case, random: np.random.Generator, folder: Path) -> tuple[bool, bool]:
    """Return whether a study gets the right verdict, and whether all bad files are named."""
    key = quiz_key(case.kind, random, 24 if case.kind == R else 12)
    faces = random.normal(0, case.face, len(key.truth) * 2)
    longest = np.log(kinds.EXPOSURES[-1] / kinds.EXPOSURES[0])
    files = []
    for number in range(case.persons):
        own = case.mean + random.normal(0, case.person)

        def right(trial: list[int], own: float = own) -> float:
            odds = own + faces[2 * trial[0] + (trial[1] if case.kind == R else 0)]
            if case.kind == R:
                at = np.log(kinds.EXPOSURES[trial[2]] / kinds.EXPOSURES[0]) / longest
                odds += case.slope * at
            return 1 / (1 + np.exp(-odds))

        choose = (lambda trial: 0) if number >= case.persons - case.lefts else None
        files.append(answers_file(key, random, right, choose))
    study = study_of(files, key, random, folder)
    found = results(study)
    if case.kind == R:
        ends = [found["exposures"][place]["right"] for place in (0, -1)]
        return tuple(map(_verdict, ends)) == case.truth, all_named(study, case.lefts)
    return found["fewer_than_half"] == case.truth, all_named(study, case.lefts)


def _verdict(estimate: dict) -> str:
    return NO if estimate["low"] > 0.5 else YES if estimate["high"] < 0.5 else UNDECIDED


def true_share(mean: float, spread: float) -> float:
    """Return the share of right answers of log odds with a normal distribution."""
    places, weights = np.polynomial.hermite_e.hermegauss(80)
    return float(weights @ (1 / (1 + np.exp(-mean - spread * places))) / weights.sum())


def coverage(
    mean: float, person: float, face: float, persons: int, faces: int, count: int, seed: int
) -> tuple[float, float]:
    """Return how often the interval of `count` studies has the true share, and its mean width."""
    random = np.random.default_rng(seed)
    truth, held, width = true_share(mean, np.hypot(person, face)), 0, 0.0
    who, what = (part.ravel() for part in np.indices((persons, faces)))
    for _ in range(count):
        odds = mean + random.normal(0, person, persons)[who] + random.normal(0, face, faces)[what]
        found = share(random.random(len(odds)) < 1 / (1 + np.exp(-odds)), who, what)
        held += found.low <= truth <= found.high
        width += found.high - found.low
    return held / count, width / count


EFFECTS = [
    (0, 0, 0),
    (0, 0.5, 0.5),
    (0, 1, 1),
    (0, 1, 0),
    (0, 0, 1),
    (1.5, 0.5, 0.5),
    (3, 0.5, 0.5),
]
SIZES = [(3, 12), (5, 12), (10, 12), (26, 12), (100, 12), (26, 40)]


def main() -> None:
    """Print both tables."""
    parser = new_parser(__doc__)
    parser.add_argument("--studies", type=int, default=500, help="of each kind")
    parser.add_argument("--intervals", type=int, default=4_000, help="of each row")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| study | right verdict | all bad files named |", "|---|---|---|", sep="\n")
    with tempfile.TemporaryDirectory(prefix="quiz-") as folder:
        for case in CASES:
            random = np.random.default_rng(options.seed)
            runs = [run_case(case, random, Path(folder)) for _ in range(options.studies)]
            right, named = (100 * np.mean(column) for column in zip(*runs, strict=True))
            print(f"| {case.name} | {right:.1f}% | {named:.1f}% |", flush=True)
    heads = [f"{persons} x {faces}" for persons, faces in SIZES]
    print("\n| true share, SD of persons, of faces |", " | ".join(heads), "|")
    print("|---" * (len(SIZES) + 1) + "|")
    for mean, person, face in EFFECTS:
        cells = []
        for size in SIZES:
            held, width = coverage(mean, person, face, *size, options.intervals, options.seed)
            cells.append(f"{100 * held:.1f}% ({100 * width:.0f})")
        share_text = f"{100 * true_share(mean, np.hypot(person, face)):.0f}%"
        print(f"| {share_text}, {person:g}, {face:g} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
