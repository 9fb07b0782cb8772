"""Which files of a folder count, and which are named."""

import json

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.quiz.answers import DAMAGED, DOUBLE, FAST, ONE_SIDE
from anime_gan.quiz.kinds import PAIRS, RAPID
from anime_gan.quiz.study import answers_files, other_files, read_study
from benchmarks.quiz_studies import answers_file
from tests.quiz.quizzes import answered, small_quiz


@pytest.fixture
def written(tmp_path):
    """A function that writes files by their names, and reads them as a study of a key."""

    def write(key, **files):
        for name, file in files.items():
            text = file if isinstance(file, str) else json.dumps(file)
            (tmp_path / f"{name}.json").write_text(text)
        return read_study(answers_files([tmp_path], tmp_path / "quiz_key.json"), key)

    return write


def named(study):
    """The files that are named, by kind, and whether they are left out."""
    return sorted((one.name, one.kind, one.is_left_out) for one in study.named)


def test_copies_count_once(written):
    """The same file twice, and the same answers under another number that fits its order."""
    _, key = small_quiz()
    first, second = answered(key), answered(key, 1)
    study = written(key, a=first, b=first, c=second)
    assert [person.name for person in study.persons] == ["a.json", "c.json"]
    assert named(study) == [("b.json", DOUBLE, True)]


def test_one_number_with_different_answers_counts_for_none(written):
    """Nobody knows which of them was edited."""
    _, key = small_quiz()
    first = answered(key)
    edited = json.loads(json.dumps(first))
    edited["answers"][0]["choice"] = 1 - edited["answers"][0]["choice"]
    right = [
        (left == key.truth[pair]) == (answer["choice"] == 0)
        for (pair, left), answer in zip(edited["order"], edited["answers"], strict=True)
    ]
    study = written(key, a=first, b=edited | {"score": sum(right)}, c=answered(key, 1))
    assert [person.name for person in study.persons] == ["c.json"]
    assert named(study) == [("a.json", DOUBLE, True), ("b.json", DOUBLE, True)]


def test_the_same_choices_and_times_under_another_number(written):
    """Answers that were copied into a file with a new number and the order that belongs to it."""
    _, key = small_quiz()
    first, second = answered(key, 0, right=2.0), answered(key, 1, right=2.0)
    study = written(key, a=first, b=second)
    assert len(study.persons) == 2 and study.named == []  # both are right in all: no copy
    for old, new in zip(second["answers"], first["answers"], strict=True):
        old["choice"], old["shown"], old["answered"] = new["choice"], new["shown"], new["answered"]
    right = [
        (left == key.truth[pair]) == (answer["choice"] == 0)
        for (pair, left), answer in zip(second["order"], second["answers"], strict=True)
    ]
    study = written(key, a=first, b=second | {"score": sum(right)})
    assert named(study) == [("b.json", DOUBLE, True)] and len(study.persons) == 1


@pytest.mark.parametrize("kind", [PAIRS, RAPID])
def test_who_may_not_have_looked_is_named_and_counts(written, kind):
    """Always one side, and too fast; each with a reason."""
    _, key = small_quiz(kind, count=8)
    lefts = answers_file(key, np.random.default_rng(0), lambda trial: 0.5, lambda trial: 0)
    fast, time = answered(key, 1), 1_000.0
    for answer in fast["answers"]:
        answer |= {"shown": time, "answered": time + 250}
        time += 300
    study = written(key, fast=fast, good=answered(key, 2), lefts=lefts)
    expected = [("fast.json", FAST, False), ("lefts.json", ONE_SIDE, False)]
    assert named(study) == expected and len(study.persons) == 3
    assert [person.name for person in study.careless] == ["fast.json", "lefts.json"]
    assert "left" in study.named[-1].reason or "real" in study.named[-1].reason


def test_what_is_read_of_a_folder(tmp_path, written):
    """Files of answers and texts, not the key, hidden files, other files and folders."""
    _, key = small_quiz()
    (tmp_path / "quiz_key.json").write_text(key.model_dump_json())
    (tmp_path / ".hidden.json").write_text("{}")
    (tmp_path / "answers.docx").write_text("x")
    (tmp_path / "quiz.html").write_text("x")
    (tmp_path / "results.json").mkdir()
    (tmp_path / "pasted.txt").write_text(json.dumps(answered(key, 1)))
    study = written(key, good=answered(key), broken="{")
    assert [person.name for person in study.persons] == ["good.json", "pasted.txt"]
    assert named(study) == [("broken.json", DAMAGED, True)]
    (tmp_path / "results").mkdir()
    found = other_files([tmp_path, tmp_path / "good.json"])
    assert found == ["answers.docx", "results.json/"]
    again = answers_files([tmp_path, tmp_path / "good.json"], tmp_path / "quiz_key.json")
    assert [path.name for path in again] == ["broken.json", "good.json", "pasted.txt"]


def test_files_with_one_name_are_told_apart(tmp_path):
    """In a folder for each participant, as some course websites save them."""
    _, key = small_quiz()
    for number, folder in enumerate(("ada", "ben", "cem")):
        (tmp_path / folder).mkdir()
        text = json.dumps(answered(key, number)) if number < 2 else "{"
        (tmp_path / folder / "answers.json").write_text(text)
    folders = sorted(tmp_path.iterdir())
    study = read_study(answers_files(folders, tmp_path / "quiz_key.json"), key)
    assert [person.name for person in study.persons] == [
        str(folder / "answers.json") for folder in folders[:2]
    ]
    assert named(study) == [(str(folders[2] / "answers.json"), DAMAGED, True)]


def test_nothing_to_read(tmp_path):
    """A path that is missing, and a folder without answers, are one sentence each."""
    with pytest.raises(UserError, match="no file or folder"):
        answers_files([tmp_path / "none"], tmp_path / "key.json")
    with pytest.raises(UserError, match="there are no answers in"):
        answers_files([tmp_path], tmp_path / "key.json")
