"""sample.py --label: rows, folders and walks of labels, and what files say of them."""

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from anime_gan.directions.direction import Direction, Directions, path_beside
from anime_gan.directions.edit import moved
from anime_gan.files import sha256
from anime_gan.generation.load import load_generator
from tests.conftest import size_of
from tests.generation.test_labels import conditional


@pytest.fixture
def labeled(script):
    """A script runner in whose folder an untrained run `words` lies that takes labels."""
    folder = script.folder / "weights/words"
    folder.mkdir(parents=True)
    conditional("dcgan").save(folder / "generator_1.keras")
    (folder / "config.yaml").write_text("version: dcgan\n")
    return script


def save_directions(directions, weights):
    """Keep directions beside weights, of which nothing was measured."""
    count, path = len(directions), path_beside(weights)
    numbers = np.zeros(0), np.zeros((count, 0)), np.zeros(count)
    Directions(directions, [], *numbers, sha256(weights)).save(path)


def said(path) -> str:
    """Return what a PNG says of its labels."""
    with Image.open(path) as image:
        return image.info["labels"]


def test_labels_are_asked_for_by_their_words(labeled, call):
    """A row or a folder for each, a walk between them, and each file says its labels."""
    out = labeled.folder
    for arguments in (
        ("words", "--label", "hair=blue", "--seeds", "3,4", "--out", "blue.png"),
        ("words", "--label", "hair=*", "--seeds", "3,4", "--out", "rows.png"),
        ("faces", "words", "--label", "hair=Blue", "--seeds", "3", "--out", "one"),
        ("faces", "words", "--label", "hair=*,eyes=red", "--seeds", "3", "--out", "each"),
        ("faces", "words", "--seeds", "3", "--out", "own"),
        ("walk", "words", "--seeds", "3", "--label", "hair=*", "--frames", "2", "--out", "w.gif"),
    ):
        status, errors = call("sample.py", *arguments)
        assert status == 0, errors
    blue, rows = (size_of(out / name) for name in ("blue.png", "rows.png"))
    assert blue[0] == rows[0] and rows[1] > 2.5 * blue[1]
    assert said(out / "rows.png") == "hair=black; hair=blue; hair=red"
    assert said(out / "one/face_00003.png").startswith("hair=blue,eyes=")
    assert said(out / "own/face_00003.png").startswith("hair=")
    folders = sorted(path.name for path in (out / "each").iterdir())
    assert folders == ["hair=black,eyes=red", "hair=blue,eyes=red", "hair=red,eyes=red"]
    assert len(imageio.imread(out / "w.gif")) == 6


def test_an_edited_face_has_the_labels_asked_for(labeled, call):
    """And a studio is made of a generator that takes labels."""
    weights = labeled.folder / "weights/words/generator_1.keras"
    generator = load_generator(str(weights))
    directions = [Direction("c1", np.ones(generator.latent_dim, "float32"))]
    save_directions(directions, weights)
    edit = ("edit", "words", "--seeds", "3", "--set", "c1=+1", "--size", "16", "--label")
    assert call("sample.py", *edit, "hair=blue", "--out", "e.png") == (0, "")
    with Image.open(labeled.folder / "e.png") as image:
        assert image.text["labels"] == "hair=blue"
        after = np.asarray(image)[-20:-4, -20:-4]
    w = generator.w([3], labels={"hair": "blue"})
    assert np.array_equal(after, generator.images(moved(w, [(directions[0], 1)], 1))[0])
    status, errors = call("sample.py", *edit, "hair=*", "--out", "e.png")
    assert status == 2 and "takes one --label" in errors
    assert call("studio.py", "words", "--no-open") == (0, "")


def test_unknown_labels_are_refused_before_keras(labeled):
    """In one sentence, with status 2, and without the seconds of an import."""
    for asked, said in (
        ("hair=blu", "has no hair blu; there are blue, black, red"),
        ("wings=red", "has no attribute wings; there are hair, eyes"),
        ("blue", "is not a list of labels"),
    ):
        done = labeled("sample.py", "words", "--label", asked)
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert "Importing" not in done.stderr


def test_a_grid_has_as_many_rows_as_labels(labeled, call):
    """Other rows, and columns for other seeds, are refused before Keras."""
    three = ("words", "--label", "hair=*", "--out", "grid.png")
    assert call("sample.py", *three, "--grid", "2x3", "--size", "16")[0] == 0
    with Image.open(labeled.folder / "grid.png") as image:
        assert image.size == (2 * 18 + 2, image.height) and len(image.info["seeds"].split("-")) == 2
    for more, said in (
        (("--grid", "2x4"), "--grid has 4 rows, but --label makes 3, each of the same faces; "),
        (("--grid", "2x3", "--seeds", "1-3"), "and not 2 for 3 seeds; leave --grid out"),
        (("--seeds", "1-1400"), "a grid of 1400x3 is 4,200 faces, but has 4,096 at most"),
    ):
        done = labeled("sample.py", *three, *more)
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert "Importing" not in done.stderr
