"""Images are decoded once, and the cache is complete and up to date."""

import json
import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from anime_gan import console
from anime_gan.data import cache, decode
from anime_gan.data.encoded import Encoded
from anime_gan.data.mapped import Mapped
from anime_gan.errors import UserError
from tests.conftest import ROOT
from tests.data.files import assert_one_sentence, fill, open_in, random_image, zipped


def forbid_decoding(monkeypatch) -> None:
    """Make every attempt to decode fail."""

    def fail(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(cache.Cache, "_build", fail)
    monkeypatch.setattr(decode, "_decode", fail)


def test_warm_start_does_not_decode(tmp_path, monkeypatch):
    """Protects the fast start: unchanged images are never decoded twice."""
    folder = fill(tmp_path / "set", 5)
    cold = open_in(tmp_path, folder)
    forbid_decoding(monkeypatch)
    warm = open_in(tmp_path, str(folder))
    assert isinstance(warm.images, Mapped)
    assert np.array_equal(warm.images[:], cold.images[:])
    assert (warm.names, warm.key, warm.source) == (cold.names, cold.key, str(folder))
    with pytest.raises(ValueError):
        warm.images[:][0] = 0


def test_cache_notices_changes(tmp_path):
    """Protects against training on images that are no longer those on disk."""
    folder = fill(tmp_path / "set", 3)
    keys = [open_in(tmp_path, folder).key]
    random_image(seed=9).save(folder / "new.png")
    assert len(open_in(tmp_path, folder).names) == 4
    keys.append(open_in(tmp_path, folder).key)
    os.remove(folder / "0000.png")
    keys.append(open_in(tmp_path, folder).key)
    Image.new("RGB", (8, 8), "red").save(folder / "0001.png")
    changed = open_in(tmp_path, folder)
    assert (changed.images[changed.names.index("0001.png")] == (255, 0, 0)).all()
    keys.append(changed.key)
    keys.append(open_in(tmp_path, folder, resolution=9).key)
    keys.append(open_in(tmp_path, folder, channels=1).key)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "damage", ["short data", "no index", "cut index", "other json", "other skips"]
)
def test_incomplete_cache_is_not_used(tmp_path, damage):
    """Protects against pixels of a cache that was cut off half-way or damaged."""
    folder = fill(tmp_path / "set", 4)
    (folder / "0001.png").write_bytes(b"")
    first = open_in(tmp_path, folder)
    expected = np.array(first.images[:])
    (data,) = (tmp_path / "cache").glob("*.u8")
    (index,) = (tmp_path / "cache").glob("*.json")
    assert data.stem == first.key
    if damage == "short data":
        data.write_bytes(data.read_bytes()[:-100])
    elif damage == "no index":
        data.write_bytes(bytes(data.stat().st_size))
        index.unlink()
    elif damage == "other skips":
        found = json.loads(index.read_text())
        found["skipped"][0][0] = 2
        index.write_text(json.dumps(found))
    else:
        index.write_text("[]" if damage == "other json" else index.read_text()[:-9])
    again = open_in(tmp_path, folder)
    assert (again.names, again.skipped) == (first.names, first.skipped)
    assert np.array_equal(again.images[:], expected)


def test_stale_temporary_files_are_removed(tmp_path):
    """Protects the disk from what killed starts leave, and removes nothing else."""
    cache = tmp_path / "cache"
    cache.mkdir()
    old, running = (cache / f"{'a' * 32}.{letter * 32}.tmp" for letter in "bc")
    foreign = cache / "mine.tmp"
    for path in (old, running, foreign):
        path.write_bytes(b"x")
    for path in (old, foreign):
        os.utime(path, (time.time() - 10**6,) * 2)
    open_in(tmp_path, fill(tmp_path / "set", 1))
    assert not old.exists() and running.exists() and foreign.exists()


def test_two_starts_at_once(tmp_path):
    """Protects two trainings started together from each other's unfinished cache."""
    folder = fill(tmp_path / "set", 300, size=(64, 64))
    code = (
        "import sys, data_loader as d; from pathlib import Path;"
        "s = d.open_images(sys.argv[1], 64, cache=Path(sys.argv[2]));"
        "print(s.key, len(s.names), int(s.images[:].astype('u8').sum()))"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "cache")]
    starts = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    printed = [start.communicate(timeout=60)[0] for start in starts]
    opened = open_in(tmp_path, folder, resolution=64)
    total = int(opened.images[:].astype("u8").sum())
    assert printed == [f"{opened.key} 300 {total}\n".encode()] * 2
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_cache_folder_that_cannot_be_written(tmp_path):
    """Protects the sentence for a cache folder that is no folder."""
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError) as error:
        open_in(tmp_path, fill(tmp_path / "set", 1))
    assert_one_sentence(error, str(tmp_path / "cache"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk(tmp_path, monkeypatch):
    """Protects against a half-written file left behind, and a traceback, when the disk is full."""
    real_fsync, folder = os.fsync, fill(tmp_path / "set", 3)
    monkeypatch.setattr(os, "fsync", lambda _: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    with pytest.raises(UserError) as error:
        open_in(tmp_path, folder)
    assert_one_sentence(error, str(tmp_path / "cache"), "No space left", "MB free")
    assert list((tmp_path / "cache").iterdir()) == []
    monkeypatch.setattr(os, "fsync", real_fsync)
    assert len(open_in(tmp_path, folder).names) == 3


def set_free(monkeypatch, size: int) -> None:
    """Make every disk report `size` free bytes."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=size))


@pytest.mark.parametrize(
    ("free", "share", "encoded"),
    [(10**6, 0, True), (3840, 0.5, False), (3839, 0.5, True), (1920, 1, False), (1919, 1, True)],
)
def test_pixels_are_kept_where_they_fit(tmp_path, monkeypatch, free, share, encoded):
    """Protects the disk: 10 images of 8x8 are 1,920 bytes, and no more than a share is taken."""
    set_free(monkeypatch, free)
    opened = open_in(tmp_path, fill(tmp_path / "set", 10), cache_share=share)
    assert isinstance(opened.images, Encoded) == encoded == bool(opened.note)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()].count(".u8") == (not encoded)


def test_files_are_checked_once(tmp_path, monkeypatch, capsys):
    """Protects the fast start where images stay encoded, and the reason that is given for it."""
    set_free(monkeypatch, 10**10)
    monkeypatch.setattr(console, "MANY", 0)
    folder = fill(tmp_path / "set", 5)
    first = open_in(tmp_path, folder, resolution=64, cache_share=1e-6)
    assert "Checking images" in capsys.readouterr().err
    assert not list((tmp_path / "cache").glob("*.u8"))
    with monkeypatch.context() as patched:
        forbid_decoding(patched)
        again = open_in(tmp_path, folder, resolution=64, cache_share=1e-6)
    assert (again.names, again.key, again.note) == (first.names, first.key, first.note)
    assert again.note == (
        "They are decoded when needed: at 64x64 they would take 61.4 kB, over 0.0001% of the "
        "10.0 GB free (data.cache_share)."
    )
    assert np.array_equal(again.images[:], first.images[:])
    random_image(seed=9).save(folder / "new.png")
    assert len(open_in(tmp_path, folder, resolution=64, cache_share=0).images) == 6


def test_existing_pixels_are_used(tmp_path, monkeypatch):
    """Protects a cache that was filled while there was room."""
    folder = fill(tmp_path / "set", 5)
    encoded = open_in(tmp_path, folder, cache_share=0)
    kept = open_in(tmp_path, folder)
    assert isinstance(kept.images, Mapped) and kept.note is None and kept.key == encoded.key
    with monkeypatch.context() as patched:
        forbid_decoding(patched)
        assert isinstance(open_in(tmp_path, folder, cache_share=0).images, Mapped)
    (tmp_path / "cache" / f"{kept.key}.u8").unlink()  # as a user does to free space
    opened = open_in(tmp_path, folder, cache_share=0)
    assert isinstance(opened.images, Encoded)
    assert np.array_equal(opened.images[:], encoded.images[:])


def test_both_stores_skip_the_same_files(tmp_path):
    """Protects the order of the images, on which resuming depends, where some cannot be read."""
    folder = fill(tmp_path / "set", 6)
    (folder / "0000.png").write_bytes(b"")
    (folder / "0003.png").write_text("not an image")
    for images in (folder, zipped(folder)):
        encoded = open_in(tmp_path, images, cache_share=0)
        again = open_in(tmp_path, images, cache_share=0)
        kept = open_in(tmp_path, images)
        assert len(kept.names) == len(encoded.images) == 4
        for found in (encoded, again):
            assert (found.names, found.skipped) == (kept.names, kept.skipped)
            assert found.skipped_file == kept.skipped_file and found.skipped_file.exists()
            assert np.array_equal(found.images[:], kept.images[:])
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_text("not an image")
    with pytest.raises(UserError) as error:
        open_in(tmp_path, tmp_path / "bad", cache_share=0)
    assert_one_sentence(error, "bad holds no images that can be read, but 1 x text file")
