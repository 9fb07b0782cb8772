"""A study: all answers files of one quiz, and which of them are suspicious."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.quiz.answers import DOUBLE, LEFT_OUT, Person, Suspicion, read_person
from anime_gan.quiz.key import Key
from anime_gan.quiz.kinds import RESULTS

ENDINGS = (".json", ".txt")


@dataclass(frozen=True)
class Named:
    """A suspicious file: its name, a kind, the reason, and whether its answers are left out."""

    name: str
    kind: str
    reason: str
    is_left_out: bool


@dataclass(frozen=True)
class Study:
    """The persons whose answers count, and the suspicious files.

    careless: those of the persons who may not have looked at the faces; they count.
    """

    key: Key
    persons: list[Person]
    named: list[Named]
    careless: list[Person]


def other_files(folders: Sequence[Path]) -> list[str]:
    """Return the names of what is in folders and may be answers, but is not read.

    These are folders, and files that end in another way; not pages, results or hidden files.
    """
    return [
        f"{entry.name}/" if entry.is_dir() else entry.name
        for folder in folders
        if folder.is_dir()
        for entry in sorted(folder.iterdir())
        if entry.name[0] != "."
        and entry.name != RESULTS
        and (entry.is_dir() or entry.suffix.lower() not in (*ENDINGS, ".html", ".png"))
    ]


def answers_files(paths: Sequence[Path], key_file: Path) -> list[Path]:
    """Return the files that are named, and those in folders that are named, sorted.

    In a folder, files that end otherwise than in ENDINGS, hidden ones and the key are ignored.

    Raises:
        UserError: a path does not exist, or there is no file.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.iterdir())
            found += [
                file
                for file in inside
                if file.suffix.lower() in ENDINGS and file.is_file() and file.name[0] != "."
            ]
        elif path.is_file():
            found.append(path)
        else:
            raise UserError(f"there is no file or folder {path}; check the path.")
    own = key_file.resolve()
    different = {file.resolve(): file for file in found if file.resolve() != own}
    if not different:
        where = ", ".join(map(str, paths))
        raise UserError(
            f"there are no answers in {where}; they are files that end in {' or '.join(ENDINGS)}, "
            "and not in a folder within."
        )
    return [*different.values()]


def read_study(files: Sequence[Path], key: Key) -> Study:
    """Read all files; those that the quiz's page can't have written, and copies, are left out."""
    persons, named = [], []
    counts = Counter(path.name for path in files)
    for path in files:
        name = path.name if counts[path.name] == 1 else str(path)
        try:
            persons.append(replace(read_person(path, key), name=name))
        except Suspicion as found:
            named.append(Named(name, found.kind, found.reason, True))
    persons, doubles = _without_doubles(persons)
    named += doubles
    careless = []
    for person in persons:
        doubts = person.doubts(key.kind)
        named += [Named(person.name, kind, reason, kind in LEFT_OUT) for kind, reason in doubts]
        careless += [person] if doubts else []
    return Study(key, persons, named, careless)


def _without_doubles(persons: list[Person]) -> tuple[list[Person], list[Named]]:
    """Keep the first of equal files, and none of those that share a number but differ."""
    kept, named = [], []
    same_number, same_answers = defaultdict(list), defaultdict(list)
    for person in persons:
        same_number[person.participant].append(person)
    for group in same_number.values():
        first, *others = group
        if any(other.answers != first.answers for other in others):
            names = ", ".join(person.name for person in group)
            why = f"one participant's number has different answers: {names}"
            named += [Named(person.name, DOUBLE, why, True) for person in group]
            continue
        kept.append(first)
        why = f"the same as {first.name}"
        named += [Named(other.name, DOUBLE, why, True) for other in others]
    for person in kept:
        same_answers[person.fingerprint].append(person)
    for first, *others in same_answers.values():
        why = f"the same choices and times as {first.name}"
        named += [Named(other.name, DOUBLE, why, True) for other in others]
    return [group[0] for group in same_answers.values()], named
