"""A set is known by the content of its files, wherever they lie and however old they are."""

import errno
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anime_gan.data import cache, identity
from anime_gan.data.decode import AGAIN
from anime_gan.data.folders import FolderSource
from tests.data.files import fill, open_in, zipped

OLD = time.time() - 100


def fill_old(folder: Path, count: int) -> Path:
    """Write images that look as if they were written a while ago."""
    for path in fill(folder, count).iterdir():
        os.utime(path, (OLD, OLD))
    return folder


def age(monkeypatch) -> None:
    """Let it be a minute later, so that the files were not written just now."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 60 * 10**9)


def forbid(monkeypatch, of, name: str) -> None:
    """Make every call of a function fail."""

    def fail(*_):
        raise AssertionError(name)

    monkeypatch.setattr(of, name, fail)


def test_copied_touched_and_zipped_files_are_the_same_set(tmp_path, monkeypatch):
    """Protects the disk from a second cache, and a run from being refused its own images."""
    folder = fill(tmp_path / "set", 4)
    first = open_in(tmp_path, folder)
    forbid(monkeypatch, cache.Cache, "_build")
    os.utime(folder / "0001.png", (10**9, 10**9))
    copied = shutil.copytree(folder, tmp_path / "elsewhere")
    for place in (folder, copied, zipped(folder), f"{copied}/*.png"):
        again = open_in(tmp_path, place)
        assert again.key == first.key
        assert np.array_equal(again.images[:], first.images[:])


def test_a_file_with_the_same_size_and_time_but_other_pixels(tmp_path, monkeypatch):
    """Protects against training on old pixels: only a checksum tells such a change."""
    age(monkeypatch)
    folder = fill_old(tmp_path / "set", 2)
    Image.new("RGB", (8, 8), "red").save(folder / "0000.bmp")
    os.utime(folder / "0000.bmp", (OLD, OLD))
    first = open_in(tmp_path, folder)
    Image.new("RGB", (8, 8), "blue").save(folder / "0000.bmp")
    os.utime(folder / "0000.bmp", (OLD, OLD))
    second = open_in(tmp_path, folder)
    assert first.key != second.key
    assert (second.images[0] == (0, 0, 255)).all()


def test_checksums_are_kept(tmp_path, monkeypatch):
    """Protects the start of a large set: no file is read whose size and times are the same."""
    age(monkeypatch)
    folder = fill_old(tmp_path / "set", 3)
    first = open_in(tmp_path, folder)
    with monkeypatch.context() as patched:
        forbid(patched, FolderSource, "read")
        assert open_in(tmp_path, folder).key == first.key
    fill(folder, 4)
    assert len(open_in(tmp_path, folder).names) == 4


def test_a_file_written_just_now_is_read_again(tmp_path):
    """Protects against a change so soon after another that the times are the same."""
    folder = fill(tmp_path / "set", 1)
    assert [stamp for _, _, stamp in FolderSource("set", folder, ("**",)).entries] == [0]
    open_in(tmp_path, folder)
    assert not list((tmp_path / "cache").glob("*.files"))


@pytest.mark.parametrize("text", ["", "[]", '{"0000.png": 1}', '{"0000.png": [1, 2]}'])
def test_damaged_checksums_are_not_used(tmp_path, monkeypatch, text):
    """Protects against a file of checksums that was cut off."""
    age(monkeypatch)
    folder = fill_old(tmp_path / "set", 2)
    first = open_in(tmp_path, folder)
    (kept,) = (tmp_path / "cache").glob("*.files")
    kept.write_text(text)
    assert open_in(tmp_path, folder).key == first.key


def test_a_text_beside_the_images_changes_nothing(tmp_path):
    """Protects a run's images from being called others because of a file that is no image."""
    folder = fill(tmp_path / "set", 2)
    first = open_in(tmp_path, folder)
    (folder / "README.md").write_text("# Faces")
    second = open_in(tmp_path, folder)
    assert second.key == first.key and second.skipped == [("README.md", "Markdown file")]
    assert len(list((tmp_path / "cache").glob("*.u8"))) == 1


def test_a_failed_read_is_tried_again_at_the_next_start(tmp_path, monkeypatch):
    """Protects images on a network disk that was away once from being left out for ever."""
    age(monkeypatch)
    folder = fill_old(tmp_path / "set", 4)
    read = FolderSource.read

    def fails(source, index):
        if index == 2 and not only_decoding:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(source, index)

    # At first the checksum can be read and the decoding fails, then both fail.
    for only_decoding in (True, False):
        with monkeypatch.context() as patched:
            patched.setattr(FolderSource, "read", fails)
            chunk = cache.read_chunk
            if only_decoding:

                def failing(source, indices, *rest, chunk=chunk):
                    nonlocal only_decoding
                    only_decoding = False
                    return chunk(source, indices, *rest)

                patched.setattr(cache, "read_chunk", failing)
            opened = open_in(tmp_path, folder)
            assert opened.skipped == [("0002.png", f"Input/output error{AGAIN}")]
            assert open_in(tmp_path, folder).names == opened.names
        whole = open_in(tmp_path, folder)
        assert len(whole.names) == 4 and not whole.skipped and whole.key != opened.key
        shutil.rmtree(tmp_path / "cache")


def test_a_read_that_keeps_failing_decodes_nothing_again(tmp_path, monkeypatch):
    """Protects the fast start of a set with one file that may not be read."""
    folder = fill(tmp_path / "set", 3)
    (folder / "gone.png").symlink_to("nowhere.png")
    opened = open_in(tmp_path, folder)
    forbid(monkeypatch, cache.Cache, "_build")
    assert (
        open_in(tmp_path, folder).skipped
        == opened.skipped
        == [("gone.png", f"No such file or directory{AGAIN}")]
    )


def test_a_cache_folder_that_is_read_only(tmp_path, monkeypatch):
    """Protects a cache on a read-only disk, which is used without writing checksums."""
    folder = fill(tmp_path / "set", 2)
    first = open_in(tmp_path, folder)

    def refuse(path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    age(monkeypatch)
    monkeypatch.setattr(identity, "whole_file", refuse)
    assert open_in(tmp_path, folder).key == first.key
