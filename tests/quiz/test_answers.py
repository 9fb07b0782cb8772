"""Answers files that the page has written are accepted; others are named, each with a reason."""

import copy
import json

import pytest

from anime_gan.quiz.answers import DAMAGED, FORGED, OTHER, Suspicion, read_person
from anime_gan.quiz.kinds import PAIRS, RAPID, RATING
from tests.quiz.quizzes import answered, small_quiz


def read(tmp_path, file, key):
    """Read what a file says; bytes, or values."""
    path = tmp_path / "answers.json"
    path.write_bytes(file if isinstance(file, bytes) else json.dumps(file).encode())
    return read_person(path, key)


@pytest.mark.parametrize("kind", [PAIRS, RATING, RAPID])
def test_a_good_file(tmp_path, kind):
    """All is right, also with a byte order mark, spaces, and times that a browser rounds to 100."""
    _, key = small_quiz(kind)
    file = answered(key)
    person = read(tmp_path, file, key)
    assert sum(person.right) == file["score"] and person.trials == file["order"]
    spaced = b"\xef\xbb\xbf\r\n" + json.dumps(file, indent=4).encode() + b"\n\n"
    assert read(tmp_path, spaced, key).fingerprint == person.fingerprint
    for answer in file["answers"]:
        answer |= {name: round(answer[name], -2) for name in ("shown", "answered")}
    read(tmp_path, file, key)


def edited(**changes):
    """A change of a file's values."""
    return lambda file: file | changes


def with_answer(**changes):
    """A change of the second answer; a function changes a value that is there."""

    def change(file):
        answer = file["answers"][1]
        for name, value in changes.items():
            answer[name] = value(answer) if callable(value) else value
        return file

    return change


def swapped(file):
    """The order with two trials exchanged."""
    first, second, *rest = file["order"]
    return file | {"order": [second, first, *rest]}


def other_side(file):
    """The second trial with its faces exchanged."""
    pair, left = file["order"][1]
    return file | {"order": [file["order"][0], [pair, 1 - left], *file["order"][2:]]}


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        (edited(quiz="0" * 32), OTHER, "of the quiz 00000000"),
        (edited(participant="12" * 16), FORGED, "does not follow"),
        (edited(participant="0" * 32), FORGED, "number is 0"),
        (swapped, FORGED, "does not follow"),
        (other_side, FORGED, "does not follow"),
        (lambda file: edited(order=file["order"][:3])(file), FORGED, "does not follow"),
        (lambda file: edited(order=[[9, 0], *file["order"][1:]])(file), FORGED, "does not have"),
        (lambda file: edited(answers=file["answers"][:3])(file), FORGED, "3 answers to 4"),
        (lambda file: edited(score=file["score"] + 1)(file), FORGED, "its answers give"),
        (with_answer(choice=2), FORGED, "answer 2 is 2"),
        (with_answer(choice=-1), FORGED, "answer 2 is -1"),
        (with_answer(exposure=50.0), FORGED, "wrong exposure"),
        (with_answer(answered=lambda a: a["shown"] + 90), FORGED, "sooner than the page allows"),
        (with_answer(answered=lambda a: a["shown"] - 9), FORGED, "sooner than the page allows"),
        (with_answer(shown=0.0), FORGED, "before the one before"),
        (with_answer(answered=-1.0), DAMAGED, "answers.1.answered"),
        (with_answer(answered=1e300), DAMAGED, "answers.1.answered"),
        (with_answer(answered=float("nan")), DAMAGED, "answers.1.answered"),
        (with_answer(choice=True), DAMAGED, "answers.1.choice"),
        (with_answer(choice="0"), DAMAGED, "answers.1.choice"),
        (edited(consent=False), DAMAGED, "consent"),
        (edited(format=2), DAMAGED, "its format is not 1"),
        (edited(participant="../../x"), DAMAGED, "participant"),
        (edited(order=7), DAMAGED, "order"),
        (edited(more=1), DAMAGED, "more"),
        (lambda file: {k: v for k, v in file.items() if k != "score"}, DAMAGED, "score is missing"),
        (lambda file: json.dumps(file).encode()[:-9], DAMAGED, "not JSON"),
        (lambda file: b"", DAMAGED, "empty"),
        (lambda file: b"\xff\xfe\x00", DAMAGED, "not JSON"),
        (lambda file: b"[" * 100_000, DAMAGED, "not JSON"),
        (lambda file: b"[1, 2]", DAMAGED, "not as the page writes it"),
        (lambda file: b" " * (2**20 + 1), DAMAGED, "over 1 MB"),
    ],
)
def test_bad_files_are_named_with_the_reason(tmp_path, change, kind, reason):
    """Each change of a good file is found, and said in a few words."""
    _, key = small_quiz(PAIRS)
    with pytest.raises(Suspicion, match=reason) as found:
        read(tmp_path, change(copy.deepcopy(answered(key))), key)
    assert found.value.kind == kind and len(found.value.reason) < 90


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (with_answer(exposure=lambda a: a["exposure"] - 30), "in place of"),
        (with_answer(exposure=None), "wrong exposure"),
        (with_answer(answered=lambda a: a["shown"] + a["exposure"] - 200), "sooner"),
    ],
)
def test_exposures_that_the_page_did_not_show(tmp_path, change, reason):
    """Shorter than planned; none; an answer before the face was covered."""
    _, key = small_quiz(RAPID, count=4)
    with pytest.raises(Suspicion, match=reason):
        read(tmp_path, change(answered(key)), key)


def test_a_grade_is_from_1_to_5(tmp_path):
    """0 and 6 are none."""
    _, key = small_quiz(RATING)
    for grade in (0, 6):
        file = answered(key)
        file["answers"][-1]["choice"] = grade
        with pytest.raises(Suspicion, match=f"answer 8 is {grade}"):
            read(tmp_path, file, key)
