"""Faces keep the labels of the images that they come from."""

import csv
import io
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.errors import UserError
from anime_gan.preparation import pipeline
from anime_gan.preparation.labels import label
from anime_gan.preparation.opening import open_images
from anime_gan.preparation.settings import Output, Settings
from anime_gan.preparation.source_labels import SourceLabels

SETTINGS = Settings(size=16, detector="", upscaler="lanczos")
TABLE = "file,hair,artist\n0.png,Blue,me\n1.png,red,me\n2.png,,me\nsub/3.png,blue,me\n"


@pytest.fixture
def images(tmp_path):
    """Five faces, one in a folder inside, and a table of four; only hair has two values."""
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    for number, face in enumerate(demo.draw_faces(5, 32)):
        name = "sub/3.png" if number == 3 else f"{number}.png"
        Image.fromarray(face).save(folder / name)
    (folder / "labels.csv").write_text(TABLE)
    return folder


def make_set(images, out, **output):
    with closing(open_images(str(images), out, SETTINGS)) as source:
        return pipeline.make_set(source, out, SETTINGS, None, Output(**output))


def hair(text):
    """Of each face in a table, by the start of its name, which is that of its image."""
    rows = csv.DictReader(io.StringIO(text))
    return {row["file"][0]: (Path(row["file"]).suffix, row["hair"]) for row in rows}


def test_each_face_has_the_row_of_its_image(images, tmp_path):
    """Under its new name; the report counts the labels, and the table is no file left out."""
    out = tmp_path / "out"
    summary = make_set(images, out, format="jpeg")
    text = (out / "faces" / "labels.csv").read_text()
    assert text.startswith("file,hair\n")
    assert hair(text) == {"0": (".jpg", "blue"), "1": (".jpg", "red"), "3": (".jpg", "blue")}
    names = {row["file"] for row in csv.DictReader(io.StringIO(text))}
    assert names < {path.name for path in (out / "faces").iterdir()}
    assert summary["labels"] == {"hair": {"": 2, "blue": 2, "red": 1}}
    assert summary["faces"]["labelled"] == 3 and summary["files"]["without"] == {}
    assert "Labels: hair" in (out / "report.html").read_text()


def test_all_faces_of_an_image_have_its_labels():
    """Faces of an image without a row have none, and no face at all makes no table."""
    labels = SourceLabels(("hair",), {"a.png": ["red"]})
    faces = [{"name": f"{n}.png", "source": s} for n, s in (("0", "a.png"), ("1", "a.png"))]
    faces.append({"name": "2.png", "source": "b.png"})
    assert labels.table(faces, "png") == b"file,hair\n0.png,red\n1.png,red\n"
    assert labels.table(faces[2:], "png") is None


def test_zips_hold_their_tables_and_held_out_faces_their_own_rows(images, tmp_path):
    """The source is a zip with its table beside it; the report counts what is trained on."""
    packed = tmp_path / "ready.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in sorted(images.rglob("*.png")):
            file.write(path, path.relative_to(images))
    (tmp_path / "ready.labels.csv").write_text(TABLE)
    summary = make_set(packed, tmp_path / "out", zipped=True, held_out=0.5)
    found, rows = {}, {}
    for part in ("train", "heldout"):
        with zipfile.ZipFile(tmp_path / "out" / f"{part}.zip") as file:
            names = set(file.namelist())
            if "labels.csv" in names:
                rows[part] = hair(file.read("labels.csv").decode())
                assert rows[part].keys() <= {name[0] for name in names}
                found |= rows[part]
    assert len(rows) == 2, "these faces are split into both parts"
    assert found == {"0": (".png", "blue"), "1": (".png", "red"), "3": (".png", "blue")}
    values = {word for _, word in rows["train"].values()}
    assert set(summary.get("labels", {}).get("hair", {})) - {""} == (
        values if len(values) > 1 else set()
    )


def test_the_report_finds_the_table_beside_a_zip(images, tmp_path):
    """Which `label` writes."""
    (images / "labels.csv").unlink()
    out = tmp_path / "out"
    assert "labels" not in make_set(images, out, zipped=True)
    label(str(out / "faces.zip"), out / "faces.labels.csv")
    summary = make_set(images, out, zipped=True)
    assert "hair" in summary["labels"] and "labelled" not in summary["faces"]


def test_an_own_table_is_renewed_and_that_of_others_stays(images, tmp_path):
    """What somebody wrote by hand is worth more than a copy; no table is left of another form."""
    table = tmp_path / "out" / "faces" / "labels.csv"
    make_set(images, tmp_path / "out")
    (images / "labels.csv").write_text(TABLE.replace("red", "green"))
    make_set(images, tmp_path / "out")
    assert "green" in table.read_text()
    make_set(images, tmp_path / "out", zipped=True)
    assert not table.parent.exists()
    make_set(images, tmp_path / "out")
    table.write_text("file,eyes\n")
    make_set(images, tmp_path / "out")
    assert table.read_text() == "file,eyes\n"


def test_what_is_no_table_is_said_before_the_search(images, tmp_path):
    """A search takes hours."""
    (images / "labels.csv").write_text("name;hair\n")
    with pytest.raises(UserError, match="semicolons"):
        make_set(images, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_script_says_how_many_faces_have_labels(script, images, tmp_path):
    """In one sentence; after `label`, which command renews the report."""
    out = tmp_path / "out"
    done = script("prepare_faces.py", "clean", images, out, "--size", 16)
    assert done.returncode == 0, done.stderr
    assert "Labels: 3 of 5 faces have those of their image." in done.stdout
    done = script("prepare_faces.py", "label", out / "faces", "--replace")
    assert done.returncode == 0, done.stderr
    assert "report.html counts them once the command that made the set is given" in done.stdout
