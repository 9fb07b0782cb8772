"""What is known about images survives any interruption, and counts only when it is complete."""

import json
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.preparation.store import DATABASE, Store

SETTINGS = {"size": 64}
ENTRIES = [("one.png", 10, 1), ("two\udcff.png", 20, 2), ("three.png", 30, 3)]


def face(name):
    return {"name": name, "pixels": name}


def thumbnails(*values):
    return [np.full((32, 32, 3), value, np.uint8) for value in values]


def fill(store):
    for name in "abc":
        (store.faces / name).write_text("")
    store.add(ENTRIES[0], None, [face("a"), face("b")], thumbnails(1, 2))
    store.add(ENTRIES[1], "empty file", [], [])
    store.add(ENTRIES[2], None, [face("c")], thumbnails(3))


def test_a_later_start_knows_what_an_earlier_one_found(tmp_path):
    """Faces, reasons and thumbnails, also of a file whose name is not text."""
    first = Store(tmp_path, SETTINGS)
    fill(first)
    first.close()
    store = Store(tmp_path, SETTINGS)
    faces, without = store.of(ENTRIES)
    assert [one["name"] for one in faces] == ["a", "b", "c"]
    assert without == [("two\udcff.png", "empty file")]
    assert store.thumbnails(faces[::-1])[:, 0, 0, 0].tolist() == [3, 2, 1]
    assert ("one.png", 11, 1) not in store  # a changed file is another one
    store.close()


def test_a_face_may_come_twice(tmp_path):
    """From a file that was rewritten with the same bytes, or that a zip holds twice."""
    store = Store(tmp_path, SETTINGS)
    fill(store)
    store.add(("one.png", 10, 9), None, [face("a"), face("b")], thumbnails(1, 2))
    store.add(ENTRIES[2], None, [face("c")], thumbnails(3))
    store.add(("four.png", 40, 4), None, [face("d")], thumbnails(4))
    for _ in range(2):
        faces = [face(name) for name in "abcd"]
        assert store.thumbnails(faces)[:, 0, 0, 0].tolist() == [1, 2, 3, 4]
        store.compare()
        store.close()
        store = Store(tmp_path, SETTINGS)
    store.close()


KILLED = """
import os, sys
from pathlib import Path
from tests.preparation import test_store
store = test_store.Store(Path(sys.argv[1]), test_store.SETTINGS)
store._committed = float(sys.argv[2])
test_store.fill(store)
os._exit(9)
"""


@pytest.mark.parametrize(("committed", "known"), [("0", 1), ("inf", 0)])
def test_a_killed_process_loses_its_last_images_only(tmp_path, committed, known):
    """The first image was committed, or none; the rest is done again, in the same order."""
    killed = [sys.executable, "-c", KILLED, str(tmp_path / "cut"), committed]
    assert subprocess.run(killed).returncode == 9
    for name in ("whole", "cut"):
        store = Store(tmp_path / name, SETTINGS)
        left = [entry for entry in ENTRIES if entry not in store]
        assert len(left) == (3 - known if name == "cut" else 3)
        fill(store)
        store.close()
    assert dump(tmp_path / "cut") == dump(tmp_path / "whole")


def dump(out):
    """All statements that make up the database of a set."""
    database = sqlite3.connect(out / "work" / DATABASE)
    lines = list(database.iterdump())
    database.close()
    return lines


@pytest.mark.parametrize("place", [0, 5000])
def test_a_damaged_database_is_noticed(tmp_path, place):
    """In its header, or in a page of a table."""
    store = Store(tmp_path, SETTINGS)
    fill(store)
    store.close()
    with (tmp_path / "work" / DATABASE).open("r+b") as file:
        file.seek(place)
        file.write(os.urandom(4000))
    with pytest.raises(sqlite3.DatabaseError):
        Store(tmp_path, SETTINGS)
    (tmp_path / "work" / DATABASE).unlink()  # what the message advises
    store = Store(tmp_path, SETTINGS)
    assert ENTRIES[0] not in store
    store.close()


def test_only_own_files_are_touched(tmp_path):
    """Temporary files of a killed start are removed; a folder with other files is refused."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    Store(tmp_path / "set", SETTINGS).close()
    ours = f".{ended.pid}.report.html", f"work/.{ended.pid}.settings.json"
    for name in (*ours, "mine.txt", ".notes.txt"):
        (tmp_path / "set" / name).write_text("")
    Store(tmp_path / "set", SETTINGS).close()
    assert sorted(os.listdir(tmp_path / "set")) == [".notes.txt", "mine.txt", "work"]
    assert not (tmp_path / "set" / ours[1]).exists()
    with pytest.raises(UserError, match="holds set and is no set of faces"):
        Store(tmp_path, SETTINGS)


def test_a_removed_face_is_made_again(tmp_path):
    """A user may delete files in OUT/work/faces."""
    store = Store(tmp_path, SETTINGS)
    fill(store)
    store.close()
    (store.faces / "c").unlink()
    store = Store(tmp_path, SETTINGS)
    assert ENTRIES[0] in store and ENTRIES[2] not in store
    store.close()


def test_other_settings_need_another_folder(tmp_path):
    """Otherwise a set would mix faces of two sizes; settings that can't be read count as others."""
    Store(tmp_path, SETTINGS).close()
    with pytest.raises(UserError, match="made with size 64, not 128"):
        Store(tmp_path, {"size": 128})
    (tmp_path / "work" / "settings.json").write_text("[]")
    with pytest.raises(UserError, match="made with size None"):
        Store(tmp_path, SETTINGS)


def test_a_second_process_is_refused(tmp_path):
    """It must not change anything, and closing releases the folder."""
    store = Store(tmp_path, SETTINGS)
    second = f"from tests.preparation import test_store; test_store.Store({tmp_path!r}, {{}})"
    second = f"from pathlib import PosixPath\n{second}"
    refused = subprocess.run([sys.executable, "-c", second], capture_output=True, text=True)
    assert "in use by another process" in refused.stderr
    with pytest.raises(UserError, match="in use by another process"):
        Store(tmp_path, SETTINGS)
    store.close()
    Store(tmp_path, SETTINGS).close()


def test_faces_are_compared_once(tmp_path):
    """Pairs are stored by the hash of pixels; an interrupted comparison is completed."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    store = Store(tmp_path, SETTINGS)
    store.add(ENTRIES[0], None, [face("a"), face("b")], [noise[0], noise[1]])
    assert store.compare() == set()
    nearly = np.clip(noise[0].astype(int) + 3, 0, 255).astype(np.uint8)
    store.add(ENTRIES[1], None, [face("c")], [nearly])
    store.add(ENTRIES[2], None, [face("a")], [noise[0]])  # the same pixels are one thumbnail
    assert store.compare() == {("a", "c")}
    rows = store._database.execute("SELECT * FROM compared").fetchall()
    assert [(number, json.loads(pairs)) for number, pairs in rows] == [(2, []), (3, [[0, 2]])]
    store._database.execute("DELETE FROM compared WHERE number = 3")
    assert store.compare() == store.compare() == {("a", "c")}
    assert store._database.execute("SELECT * FROM compared").fetchall() == rows
    store.close()
