"""`prepare_faces.py label` writes what it reads of each face, and spares what others wrote."""

import csv
import os
import subprocess
import sys
import time
import zipfile

import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.errors import UserError
from anime_gan.features import colors
from anime_gan.preparation.labels import label, table_of
from tests.conftest import ROOT

DEMO = demo.draw_faces(12)


@pytest.fixture
def folder(tmp_path):
    """Twelve drawn faces, one of them in a folder inside, one gray; and a text."""
    made = tmp_path / "my faces"
    (made / "more").mkdir(parents=True)
    for number, pixels in enumerate(DEMO):
        image = Image.fromarray(pixels)
        if number == 1:
            image = image.convert("L")
        image.save(made / ("more/0.png" if number == 0 else f"{number:02}.png"))
    (made / "notes.txt").write_text("hello")
    return made


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_the_table_has_a_row_for_each_face(call, folder):
    """In the folder, with names relative to it; the script prints counts and the unknown share."""
    status, errors = call("prepare_faces.py", "label", folder)
    assert status == 0, errors
    found = rows(folder / "labels.csv")
    assert sorted(found) == [f"{number:02}.png" for number in range(1, 12)] + ["more/0.png"]
    assert found["01.png"] == {"file": "01.png", "hair": "", "eyes": ""}  # gray
    expected = colors.read(DEMO[2:], colors.least())
    for number in range(2, 12):
        row = found[f"{number:02}.png"]
        assert (row["hair"], row["eyes"]) == tuple(expected[k][number - 2] for k in expected)
    assert sum(bool(row["hair"]) for row in found.values()) >= 9
    assert (folder / "labels.csv").read_bytes().startswith(b"file,hair,eyes\n")


def test_what_is_printed(folder):
    """Counts, the most frequent word first; gray and other files."""
    done = label(str(folder), folder.parent / "out.csv")
    lines, unknown = done.summary(), done.words["hair"].count("")
    assert lines[0] == "12 faces."
    assert lines[1].startswith("hair: ") and 1 <= unknown < 5
    assert lines[1].endswith(f"unknown {unknown} ({unknown / 12:.0%})")
    assert lines[3] == "Unknown because they are gray: 1."
    assert "1, such as notes.txt" in lines[4]


def test_a_table_that_exists_stays(script, folder):
    """Somebody may have written it; the sentence names the option, and comes in a second."""
    table = folder / "labels.csv"
    table.write_text("file,hair\n02.png,blue\n")
    started = time.monotonic()
    done = script("prepare_faces.py", "label", folder)
    assert time.monotonic() - started < 60  # a busy machine
    assert done.returncode == 2 and "--replace" in done.stderr and done.stderr.count("\n") == 1
    assert table.read_text().count("\n") == 2
    done = script("prepare_faces.py", "label", folder, "--replace")
    assert done.returncode == 0 and "data.labels" not in done.stdout, done.stderr
    assert len(rows(table)) == 12


def test_the_table_of_a_zip_is_beside_it(folder, tmp_path):
    """The zip is not changed, and a glob is refused."""
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2, 5):
            archive.write(folder / f"{number:02}.png", f"faces/{number:02}.png")
    before, out = path.read_bytes(), table_of(str(path))
    assert out == tmp_path / "faces.labels.csv"
    label(str(path), out)
    assert list(rows(out)) == [f"faces/{number:02}.png" for number in range(2, 5)]
    assert path.read_bytes() == before
    with pytest.raises(UserError):
        table_of(str(tmp_path / "*.png"))


def test_gray_sets_and_prepared_folders_are_one_sentence(folder, tmp_path):
    """Nothing can be read of the first, and the second holds other files too."""
    gray = tmp_path / "gray"
    gray.mkdir()
    Image.fromarray(DEMO[0]).convert("L").save(gray / "a.png")
    with pytest.raises(UserError, match="gray"):
        label(str(gray), gray / "labels.csv")
    assert not (gray / "labels.csv").exists()
    (folder / "faces").mkdir()
    (folder / "decisions.csv").touch()
    with pytest.raises(UserError, match=r"give .*faces"):
        table_of(str(folder))
    (folder / "faces").rmdir()
    (folder / "train.zip").touch()  # of --held-out --zip
    with pytest.raises(UserError, match=r"give .*train[.]zip"):
        table_of(str(folder))


def test_a_name_that_a_table_cannot_hold_is_one_sentence(folder):
    """Before anything is read: archives from Windows hold names that are not UTF-8."""
    (folder / os.fsdecode(b"\x82\xa0.png")).write_bytes((folder / "02.png").read_bytes())
    with pytest.raises(UserError, match=r"udc82.udca0.png has a name that is not UTF-8"):
        label(str(folder), folder / "labels.csv")
    assert not (folder / "labels.csv").exists()


def test_no_keras_is_imported():
    """Which takes seconds."""
    code = "import sys, anime_gan.preparation.labels; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"keras", "tensorflow", "jax"} & set(done.stdout.split())
