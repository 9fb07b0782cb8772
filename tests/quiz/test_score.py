"""The verdict on simulated studies with known truth, and what the results say."""

import json

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.quiz import charts
from anime_gan.quiz.kinds import PAIRS, RAPID, RATING
from anime_gan.quiz.report import lines
from anime_gan.quiz.score import NO, UNDECIDED, YES, results
from anime_gan.quiz.study import answers_files, read_study
from benchmarks.quiz_studies import CASES, answers_file, run_case
from tests.conftest import size_of
from tests.quiz.quizzes import answered, small_quiz

HOSTILE = "\x1b[2J<b>$x^$\n\u9854"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_studies_get_the_right_verdict(case, tmp_path):
    """At least 18 of 20 studies, all with damaged, double and forged files, which are all named.

    python -m benchmarks.quiz_studies counts hundreds; the numbers are in docs/quiz.md.
    """
    random = np.random.default_rng(1)
    runs = [run_case(case, random, tmp_path) for _ in range(20)]
    assert sum(is_right for is_right, _ in runs) >= 18
    assert all(named for _, named in runs)


def study(tmp_path, key, rights, edit=lambda file: file):
    """The results of persons who are right with probabilities."""
    for number, right in enumerate(rights):
        file = edit(answered(key, number, right))
        (tmp_path / f"p{number}.json").write_text(json.dumps(file))
    return results(read_study(answers_files([tmp_path], tmp_path / "quiz_key.json"), key))


def test_the_numbers_of_a_study(tmp_path):
    """Pooled, by person and by pair: the same answers counted in three ways."""
    _, key = small_quiz(PAIRS, count=10)
    found = study(tmp_path, key, [0.2, 0.5, 0.9, 1.1])
    pooled = found["pooled"]
    assert pooled["answers"] == 40 and pooled["persons"] == 4 and pooled["faces"] == 10
    assert pooled["right"] == sum(row["right"] for row in found["persons"])
    assert pooled["right"] == sum(row["right"] for row in found["faces"])
    assert all(row["answers"] == 4 for row in found["faces"])
    assert found["persons"][3]["right"] == 10 and found["suspicious"] == []
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("rights", "verdict", "words"),
    [
        ([0.05] * 8, YES, "Yes: the whole interval is below 50%"),
        ([0.95] * 8, NO, "No: the whole interval is above 50%"),
        ([0.0, 1.1] * 4, UNDECIDED, "Undecided: the interval includes 50%"),
        ([0.95], UNDECIDED, "One participant, or one face, can't say"),
    ],
)
def test_the_question_is_answered_in_words(tmp_path, rights, verdict, words):
    """Whether fewer than half of the answers are right."""
    _, key = small_quiz(PAIRS, count=12)
    found = study(tmp_path, key, rights)
    text = "\n".join(lines(found))
    assert found["fewer_than_half"] == verdict and words in text
    assert "Are fewer than half of the answers right?" in text
    assert "Suspicious files: none." in text or rights[0] != 0.5


def test_a_rapid_quiz_by_exposure(tmp_path):
    """Right at the longer exposure only; a face that was there too long is left out."""
    _, key = small_quiz(RAPID, count=8)

    def edit(file):
        file["answers"][0]["exposure"] = 5_000.0
        file["answers"][0]["answered"] = file["answers"][0]["shown"] + 5_500
        shift = file["answers"][0]["answered"] + 10 - file["answers"][1]["shown"]
        for answer in file["answers"][1:]:
            answer["shown"] += shift
            answer["answered"] += shift
        return file

    for number in range(6):
        random = np.random.default_rng(number)
        file = answers_file(key, random, lambda trial: 1.1 if trial[2] else -0.1)
        (tmp_path / f"p{number}.json").write_text(json.dumps(edit(file)))
    found = results(read_study(answers_files([tmp_path], tmp_path / "quiz_key.json"), key))
    short, long = found["exposures"]
    assert (short["ms"], long["ms"]) == (50, 100) and found["shown_too_long"] == 6
    assert short["right"]["value"] == 0 and long["right"]["value"] == 1
    assert long["real_called_real"]["value"] == 1 and short["real_called_real"]["value"] == 0
    assert short["right"]["answers"] + long["right"]["answers"] == 6 * 15
    assert "50 ms: 0.0%" in "\n".join(lines(found))
    assert [row["answers"] for row in found["persons"]] == [15] * 6
    assert sum(row["right"] for row in found["persons"]) == found["pooled"]["right"]


def test_a_rating_compares_generators(tmp_path):
    """The first is preferred, and has the better grades; real faces have their own."""
    _, key = small_quiz(RATING, count=12, names=("first", "second"))
    origins = dict(zip(key.singles, key.origins, strict=True))

    def edit(file):
        for trial, answer in zip(file["order"], file["answers"], strict=True):
            if len(trial) == 1:
                answer["choice"] = (4, 2, 5)[origins[trial[0]]]
        return file

    found = study(tmp_path, key, [0.9] * 6, edit)
    assert [row["value"] for row in found["grades"]["means"]] == [4, 2, 5]
    assert found["grades"]["difference"]["value"] == 2
    text = "\n".join(lines(found))
    assert "Which generator is preferred? first" in text and "first less second: +2.00" in text
    paths = charts.write(found, tmp_path)
    assert [path.name for path in paths] == ["persons.png", "faces.png", "grades.png"]


@pytest.mark.parametrize("kind", [PAIRS, RATING, RAPID])
def test_hostile_names_in_the_text_and_the_figures(tmp_path, kind):
    """What controls a terminal is shown as digits; a $ begins no formula."""
    _, key = small_quiz(kind, names=(HOSTILE, HOSTILE + "2"))
    for number, name in enumerate(["p\x1b[2J.json", "p\n.json", "p$^$.json"]):
        (tmp_path / name).write_text(json.dumps(answered(key, number)))
    (tmp_path / "q\x1b.json").write_text("{")
    found = results(read_study(answers_files([tmp_path], tmp_path / "quiz_key.json"), key))
    text = lines(found)
    assert all(line.isprintable() for line in text) and any("\\x1b[2J" in line for line in text)
    for path in charts.write(found, tmp_path):
        assert size_of(path) == (960, 600)


def test_one_answer_of_one_person_is_scored(tmp_path):
    """Without an interval, which takes two participants."""
    _, key = small_quiz(PAIRS)
    found = study(tmp_path, key, [0.5])
    assert found["pooled"]["low"] is None and found["fewer_than_half"] == UNDECIDED
    assert "no interval" in "\n".join(lines(found))
    assert charts.write(found, tmp_path)


def test_no_answers_that_count(tmp_path):
    """One sentence with the reason."""
    _, key = small_quiz(PAIRS)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(UserError, match=r"none of the answers files counts \(a.json: it is not"):
        study(tmp_path, key, [])
