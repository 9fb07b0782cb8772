"""What is known of pictures survives any interruption, and counts only when it is whole."""

import os

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.preparation.store import Store

SETTINGS = {"size": 64}
ENTRIES = [("one.png", 10, 1), ("two.png", 20, 2), ("three.png", 30, 3)]


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
    """Faces, reasons and thumbnails, each with its own."""
    first = Store(tmp_path, SETTINGS)
    fill(first)
    first.close()
    store = Store(tmp_path, SETTINGS)
    faces, without = store.of(ENTRIES)
    assert [one["name"] for one in faces] == ["a", "b", "c"]
    assert without == [("two.png", "empty file")]
    assert store.thumbnails(faces[::-1])[:, 0, 0, 0].tolist() == [3, 2, 1]
    assert ("one.png", 11, 1) not in store  # a changed file is another
    store.close()


def test_a_face_may_come_twice(tmp_path):
    """From a file written anew with the same bytes, or twice in a zip: each row stays its own."""
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


@pytest.mark.parametrize("lost", [1, 5, 90])
def test_a_line_cut_short_counts_for_nothing(tmp_path, lost):
    """The killed start's last picture is looked at again, and nothing of it is left."""
    first = Store(tmp_path / "whole", SETTINGS)
    fill(first)
    first.close()
    other = Store(tmp_path / "cut", SETTINGS)
    fill(other)
    other.close()
    path = tmp_path / "cut" / "work" / "pictures.jsonl"
    path.write_bytes(path.read_bytes()[:-lost])
    store = Store(tmp_path / "cut", SETTINGS)
    left = [entry for entry in ENTRIES if entry not in store]
    assert left and left[-1] == ENTRIES[2]
    if ENTRIES[1] in left:
        store.add(ENTRIES[1], "empty file", [], [])
    store.add(ENTRIES[2], None, [face("c")], thumbnails(3))
    store.close()
    for name in ("pictures.jsonl", "thumbnails.u8"):
        whole, cut = (tmp_path / folder / "work" / name for folder in ("whole", "cut"))
        assert whole.read_bytes() == cut.read_bytes()


def test_thumbnails_cut_short_take_their_lines_along(tmp_path):
    """A disk may lose the end of either file."""
    store = Store(tmp_path, SETTINGS)
    fill(store)
    store.close()
    path = tmp_path / "work" / "thumbnails.u8"
    path.write_bytes(path.read_bytes()[:-1])
    store = Store(tmp_path, SETTINGS)
    assert ENTRIES[1] in store and ENTRIES[2] not in store
    store.close()


def test_only_own_files_are_touched(tmp_path):
    """What a killed start left half written goes; a folder with other things is not taken."""
    Store(tmp_path / "set", SETTINGS).close()
    for name in (".7.report.html", "work/.7.settings.json", "mine.txt", ".notes.txt"):
        (tmp_path / "set" / name).write_text("")
    Store(tmp_path / "set", SETTINGS).close()
    assert sorted(os.listdir(tmp_path / "set")) == [".notes.txt", "mine.txt", "work"]
    assert not (tmp_path / "set" / "work" / ".7.settings.json").exists()
    with pytest.raises(UserError, match="holds set and is no set of faces"):
        Store(tmp_path, SETTINGS)


def test_what_was_removed_or_damaged_is_made_again(tmp_path):
    """A person may look into OUT/work, and tidy up."""
    store = Store(tmp_path, SETTINGS)
    fill(store)
    store.compare()
    store.close()
    (store.faces / "c").unlink()
    with (store.folder / "pairs.jsonl").open("a") as file:
        file.write("5\n")
    store = Store(tmp_path, SETTINGS)
    assert ENTRIES[0] in store and ENTRIES[2] not in store
    store.compare()
    store.close()
    (store.folder / "settings.json").write_text("[]")
    with pytest.raises(UserError, match="begun with size None"):
        Store(tmp_path, SETTINGS)


def test_other_settings_need_another_folder(tmp_path):
    """Faces of two sizes would be mixed up otherwise."""
    Store(tmp_path, SETTINGS).close()
    with pytest.raises(UserError, match="begun with size 64, not 128"):
        Store(tmp_path, {"size": 128})


def test_two_at_once_are_told(tmp_path):
    """The second one leaves the first alone."""
    store = Store(tmp_path, SETTINGS)
    with pytest.raises(UserError, match="another process"):
        Store(tmp_path, SETTINGS)
    store.close()


def test_comparing_goes_on_and_is_done_once(tmp_path):
    """Pairs found before are remembered by what the faces look like; a cut line is done again."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    store = Store(tmp_path, SETTINGS)
    store.add(ENTRIES[0], None, [face("a"), face("b")], [noise[0], noise[1]])
    assert store.compare() == set()
    nearly = np.clip(noise[0].astype(int) + 3, 0, 255).astype(np.uint8)
    store.add(ENTRIES[1], None, [face("c")], [nearly])
    assert store.compare() == {("a", "c")}
    path = tmp_path / "work" / "pairs.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    assert store.compare() == {("a", "c")} and path.read_bytes() == whole
    store.close()
