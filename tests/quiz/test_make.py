"""A page shows nothing of which face is real but the drawing; its key fits it."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from anime_gan.errors import UserError
from anime_gan.quiz import make
from anime_gan.quiz.faces import Faces
from anime_gan.quiz.key import read_key
from anime_gan.quiz.kinds import PAIRS, RAPID, RATING
from anime_gan.quiz.order import Random
from anime_gan.quiz.settings import Settings
from tests.quiz.quizzes import random_faces, small_quiz

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&$\\"


def quiz_in(page):
    """The values in a page."""
    text = re.search(r'<script type="application/json" id="quiz">(.*?)</script>', page)[1]
    return json.loads(text)


def sheet_in(page):
    """The image of all faces in a page."""
    uri = quiz_in(page)["sheet"]
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))


def cells(page):
    """The pixels of each face in a page."""
    quiz, sheet = quiz_in(page), np.asarray(sheet_in(page))
    size, step, columns = quiz["size"], quiz["step"], quiz["columns"]
    corners = [(n // columns * step, n % columns * step) for n in range(quiz["faces"])]
    return [sheet[y : y + size, x : x + size] for y, x in corners]


def test_a_real_and_a_generated_face_of_equal_pixels_are_equal_in_the_page():
    """The same bytes for the same pixels, wherever they lie and whichever side they are of."""
    settings = Settings(PAIRS, 12, (), 0)
    faces = random_faces(settings.real, 0, "face", 20)  # not a multiple of a JPEG's block
    random = np.random.default_rng(0)
    page, key = make.make(settings, faces, [faces], ["one"], "images", random)
    found = cells(page)
    pairs = {}
    for cell, about in zip(found, key.faces, strict=True):
        pairs.setdefault(about["file"], []).append(cell)
    assert len(pairs) == settings.real
    for first, second in pairs.values():
        np.testing.assert_array_equal(first, second)
    spread = np.abs(found[0].astype(int) - faces.pixels[int(key.faces[0]["file"][4:])])
    assert 0 < spread.mean() < 40  # compressed, and yet the face that the key names


@pytest.mark.parametrize("kind", [PAIRS, RATING, RAPID])
def test_the_page_names_no_file_no_seed_and_no_generator(kind):
    """One image without metadata; what is known of the faces is in the key alone."""
    names = ("the first run", "the second run")
    page, key = small_quiz(kind, 987654321, names)
    sheet = sheet_in(page)
    assert sheet.format == "JPEG" and not sheet.getexif() and "comment" not in sheet.info
    assert page.count("data:image") == 1
    for word in ("drawing", "generated0", "generated1", "987654321", key.secret, *names):
        assert word not in page, word
    assert set(quiz_in(page)) & {"truth", "origins", "names", "secret", "seed"} == set()


def test_neither_place_nor_order_says_which_is_real():
    """Over many seeds, real faces are as often first in their pair, and early in the sheet."""
    first, places = 0, []
    for seed in range(60):
        page, key = small_quiz(PAIRS, seed, count=12, side=8)
        real = [pair[truth] for pair, truth in zip(key.pairs, key.truth, strict=True)]
        first += sum(truth == 0 for truth in key.truth)
        places += [cell / len(key.faces) for cell in real]
        assert all(key.faces[cell]["file"].startswith("drawing") for cell in real)
        assert [list(pair) for pair in key.pairs] == quiz_in(page)["pairs"]
    assert abs(first / 720 - 0.5) < 0.06 and abs(np.mean(places) - 0.5) < 0.04


def test_the_same_seed_gives_the_same_faces_and_another_quiz():
    """A quiz has secret digits too, so that nobody finds the key by trying which gives its id."""
    (page, key), (again, same) = small_quiz(PAIRS, 5), small_quiz(PAIRS, 5)
    assert quiz_in(page)["sheet"] == quiz_in(again)["sheet"] and key.truth == same.truth
    assert key.id != same.id
    assert small_quiz(PAIRS, 6)[1].pairs != key.pairs


def test_what_is_sealed_can_be_read_by_the_page_only():
    """As order.js reads it: each byte is changed by a random number of the quiz's own."""
    page, key = small_quiz(RATING)
    random = Random(key.id)
    data = base64.b64decode(quiz_in(page)["sealed"])
    hidden = json.loads(bytes(byte ^ random.word() >> 24 for byte in data))
    assert hidden["truth"] == key.truth and hidden["names"] == ["one", "two"]
    assert b"truth" not in data and b"one" not in data


def test_faces_of_two_sizes_and_channels_become_alike():
    """The smaller size; a gray face has three equal channels."""
    settings = Settings(RATING, 2)
    gray = random_faces(settings.generated, 1, "gray", 8)
    gray = Faces(gray.pixels[..., :1], gray.about)
    color = random_faces(settings.generated, 2, "color", 16)
    real = random_faces(settings.real, 3, "drawing", 16)
    random = np.random.default_rng(0)
    page, key = make.make(settings, real, [gray, color], ["one", "two"], "images", random)
    assert quiz_in(page)["size"] == 8
    for cell, about in zip(cells(page), key.faces, strict=True):
        is_gray = np.abs(cell.astype(int) - cell[..., :1]).max() < 3
        assert is_gray == about["file"].startswith("gray")


def test_the_key_is_read_as_written_and_refused_if_changed(tmp_path):
    """A quiz whose answers are scored with a changed key would give other results."""
    page, key = small_quiz(RAPID)
    out, key_file = tmp_path / "quiz.html", tmp_path / "quiz_key.json"
    make.write(page, key, out, key_file)
    assert read_key(key_file) == key and out.read_text() == page
    values = json.loads(key_file.read_text())
    values["truth"][0] = 1 - values["truth"][0]
    key_file.write_text(json.dumps(values))
    with pytest.raises(UserError, match="was changed"):
        read_key(key_file)
    for text in ("", "{}", "[1]", page):
        key_file.write_text(text)
        with pytest.raises(UserError, match="is not the key of a quiz"):
            read_key(key_file)
    with pytest.raises(UserError, match="can't be read"):
        read_key(tmp_path)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": RAPID, "count": 3, "exposures": (50,)}, "needs an even number"),
        ({"kind": RAPID, "count": 40, "exposures": tuple(range(50, 80))}, "1,000 at most"),
        ({"kind": PAIRS, "count": 12, "seeds": (1, 2, 2, 3)}, "3 different seeds"),
    ],
)
def test_settings_that_make_no_quiz(values, sentence):
    """Each is one sentence."""
    with pytest.raises(UserError, match=sentence):
        Settings(**values)


def test_a_quiz_of_drawn_faces_says_so():
    """It does not claim that people drew what a program has drawn, nor that it is theirs."""
    settings = Settings(PAIRS, 2)
    real, generated = (random_faces(settings.real, seed, "face", 8) for seed in (0, 1))
    for images, is_demo in (("demo", True), ("images", False)):
        page, _ = make.make(settings, real, [generated], ["one"], images, np.random.default_rng(0))
        assert ("hand-written rules stand for those drawn by people" in page) == is_demo
        assert ("belong to these people" in page) != is_demo


def test_hostile_names_stay_texts():
    """Names of runs and the contact are escaped wherever they are in the page."""
    page, _ = small_quiz(RATING, names=(HOSTILE, HOSTILE + "2"), contact=HOSTILE)
    assert "<img" not in page and page.count("</script>") == 2
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in page
