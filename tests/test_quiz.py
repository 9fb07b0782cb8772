"""quiz.py: a quiz of a trained run, its answers, and arguments that can't be right."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

import quiz
from anime_gan.quiz.key import read_key
from tests.conftest import ROOT
from tests.quiz.quizzes import answered


@pytest.fixture
def trained(script):
    """Runs that were saved before: stylegan-before, v5-before and others."""
    with zipfile.ZipFile(ROOT / "tests/files/before_the_move.zip") as file:
        file.extractall(script.folder)
    return script.folder


def test_from_a_run_to_the_verdict(trained, script, faces):
    """In processes: a page and its key, then the answers of three participants, with figures."""
    out = "study/the quiz.html"
    done = script("quiz.py", "make", "v5-before", "--images", faces, "--count", 4, "--out", out)
    assert done.returncode == 0, done.stderr
    key_file = trained / "study/the quiz_key.json"
    key = read_key(key_file)
    assert "keep study/the quiz_key.json" in done.stdout and "4 pairs of v5-before" in done.stdout
    assert "other people's work" in done.stdout and "note:" not in done.stdout
    real = [about for about in key.faces if "file" in about]
    drawn = [about for about in key.faces if "seed" in about]
    assert len(real) == len(drawn) == 6 and drawn[0]["run"] == "v5-before"
    page = (trained / out).read_text()
    assert all(about["file"] not in page for about in real) and "v5-before" not in page
    answers = trained / "study/answers"
    answers.mkdir()
    for number in range(3):
        (answers / f"{number}.json").write_text(json.dumps(answered(key, number, 1.1)))
    (answers / "bad.json").write_text("x")
    (answers / "late.pdf").write_text("x")
    (answers / "ada").mkdir()
    scored = script("quiz.py", "score", "study/answers")
    assert scored.returncode == 0, scored.stderr
    assert "3 participants, 12 answers." in scored.stdout
    assert "bad.json: damaged, left out: it is not JSON" in scored.stdout
    assert (
        "Not read (answers are files that end in .json or .txt): ada/, late.pdf." in scored.stdout
    )
    found = json.loads((answers / "results/results.json").read_text())
    assert found["pooled"]["right"] == 12 and (answers / "results/persons.png").is_file()
    before = key_file.read_bytes()
    done = script("quiz.py", "make", "v5-before", "--images", faces, "--out", out)
    assert done.returncode == 2 and "is the key of an earlier quiz" in done.stderr
    assert key_file.read_bytes() == before
    again = script("quiz.py", "score", answers / "1.json", answers / "2.json", "--out", "two")
    assert "2 participants, 8 answers." in again.stdout and (trained / "two/faces.png").is_file()


def test_two_runs_are_rated(trained, call, faces):
    """The smaller size of both; names of the runs are in the key alone; nothing is replaced."""
    given = ("make", "v5-before", "stylegan-before", "--images", faces, "--kind", "rating")
    for _ in range(2):
        assert call("quiz.py", *given, "--count", 2, "--psi", "-1,0.5")[0] == 0
    assert (trained / "quiz.html").is_file() and (trained / "quiz_002.html").is_file()
    key = read_key(trained / "quiz_002_key.json")
    assert key.names[0].startswith("v5-before") and key.names[1].startswith("stylegan-before")
    assert {about["psi"] for about in key.faces if "psi" in about} == {"-1", "0.5"}
    assert len(key.singles) == 6 and sorted(key.origins) == [0, 0, 1, 1, 2, 2]
    folder = trained / "answers"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(answered(key)))
    status, errors = call("quiz.py", "score", folder)
    assert status == 2 and "several keys (" in errors and "--key FILE" in errors
    assert call("quiz.py", "score", folder, "--key", "quiz_002_key.json")[0] == 0


def test_a_run_whose_images_these_are(script, call, capfd, faces, monkeypatch):
    """One sentence says that they are not held out; seeds are those that are named."""
    assert call("train_gan.py", *script.tiny, "training.steps=1", "version=v1", "run=own")[0] == 0
    given = ["quiz.py", "make", "own", "--images", str(faces), "--count", "2", "--seeds", "7,1,3-5"]
    monkeypatch.setattr("sys.argv", given)
    capfd.readouterr()
    quiz.main()
    assert "note: own, step 1 was trained on these images" in capfd.readouterr().out
    key = read_key(script.folder / "quiz_key.json")
    assert sorted(about["seed"] for about in key.faces if "seed" in about) == ["1", "3", "4", "7"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["make"], "the following arguments are required: --images"),
        (["make", "v5-before", "--images", "nowhere"], "nowhere does not exist"),
        (["make", "nobody", "--images", "FACES"], "there is no run nobody"),
        (["make", "--images", "FACES", "--kind", "rating"], "compares two generators"),
        (["make", "v5-before", "v2", "--images", "FACES"], "takes one run"),
        (["make", "v5-before", "v5-before", "--images", "FACES", "--kind", "rating"], "name two"),
        (["make", "--images", "FACES", "--exposures", "50"], "--exposures is for --kind rapid"),
        (["make", "--images", "FACES", "--kind", "rapid", "--exposures", "5"], "is not a number"),
        (["make", "--images", "FACES", "--kind", "rapid", "--count", "3"], "even number"),
        (["make", "--images", "FACES", "--count", "201"], "from 2 to 200"),
        (["make", "--images", "FACES", "--kind", "rapid", "--count", "60"], "40 at most"),
        (["make", "--images", "FACES", "--psi", "x"], "is not a number"),
        (["make", "--images", "FACES", "--seeds", "1-3"], "3 different seeds are named"),
        (["make", "v5-before", "--images", "FACES", "--out", "a.png"], "ending in .html"),
        (["make", "v5-before", "--images", "FACES", "--count", "40"], "but the quiz needs 42"),
        (["score", "nowhere"], "there is no key of a quiz"),
        (["score", "nowhere", "--key", "none.json"], "the key none.json can't be read"),
        (["score"], "required: ANSWERS"),
        ([], "required: COMMAND"),
    ],
)
def test_wrong_arguments_are_one_sentence(trained, call, faces, arguments, sentence):
    """With the way out, and nothing is written."""
    given = [faces if argument == "FACES" else argument for argument in arguments]
    status, errors = call("quiz.py", *given)
    assert status == 2 and sentence in errors, errors
    assert errors.splitlines()[-1].startswith("error: ") and not [*trained.glob("quiz*")]


def test_wrong_arguments_need_no_keras(script):
    """They are answered before it is imported, which takes seconds."""
    program = (
        "import sys, quiz; sys.argv[1:] = {}; s = 0\ntry: quiz.main()\nexcept SystemExit: s = 1"
    )
    for arguments in (["make", "nobody", "--images", "."], ["score", "."]):
        code = program.format(arguments) + "\nsys.exit('keras' in sys.modules or not s)"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", code], cwd=script.folder, env=environment)
        assert done.returncode == 0, arguments
