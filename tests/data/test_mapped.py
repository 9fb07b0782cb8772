"""Decoded images are read exactly, and only the pages that are needed are read."""

import ctypes
import errno
import mmap
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from anime_gan.data.mapped import Mapped


def mapped(path: Path, images: np.ndarray) -> Mapped:
    """Write images to a file and map it."""
    images.tofile(path)
    return Mapped(path, images.shape)


def share_read(images: Mapped) -> float:
    """Return the share of a file's pages that are in the system's file cache."""
    whole = images[:]
    pages = (ctypes.c_ubyte * -(-whole.nbytes // mmap.PAGESIZE))()
    address = ctypes.c_void_p(whole.ctypes.data)
    assert ctypes.CDLL(None).mincore(address, ctypes.c_size_t(whole.nbytes), pages) == 0
    return np.mean(np.array(pages) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems treat the advice differently")
def test_pages_around_an_image_are_not_read(tmp_path):
    """Protects large sets: by default the system reads megabytes around each image."""
    shape = (1000, 64, 64, 3)
    with (tmp_path / "a.u8").open("wb") as file:
        file.truncate(np.prod(shape))
    images = Mapped(tmp_path / "a.u8", shape)
    assert (images.take(np.arange(5, 1000, 100), np.zeros(10, bool)) == -1).all()
    assert 0.009 < share_read(images) < 0.03


def test_taken_images_are_those_of_the_array(tmp_path):
    """Protects the pixels, at odd sizes too, and the file."""
    images = np.random.default_rng(0).integers(0, 256, (30, 5, 7, 3), dtype=np.uint8)
    stored = mapped(tmp_path / "a.u8", images)
    indices = np.array([29, 0, 3, 3])
    mirrored = np.array([True, False, True, False])
    expected = images[indices]
    expected[mirrored] = expected[mirrored, :, ::-1]
    taken = stored.take(indices, mirrored)
    assert taken.dtype == np.float32
    assert np.array_equal(taken, expected / np.float32(127.5) - np.float32(1))
    assert np.array_equal(stored[:], images) and len(stored) == 30
    assert stored.shape == images.shape
    with pytest.raises(ValueError):
        stored[:][0] = 0


@pytest.mark.parametrize("missing", ["mmap", "madvise"])
def test_a_disk_that_cannot_map_files(tmp_path, monkeypatch, missing):
    """Protects training on network disks: the images are the same, read in another way."""

    class Refused(mmap.mmap):
        def __new__(cls, *arguments, **options):
            if missing == "mmap":
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
            return super().__new__(cls, *arguments, **options)

        def madvise(self, *_):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    images = np.random.default_rng(0).integers(0, 256, (7, 6, 5, 3), np.uint8)
    expected = mapped(tmp_path / "a", images)
    monkeypatch.setattr(mmap, "mmap", Refused)
    found = mapped(tmp_path / "b", images)
    assert len(found) == 7
    indices, mirrored = np.array([5, 0, 5]), np.array([True, False, False])
    assert np.array_equal(found.take(indices, mirrored), expected.take(indices, mirrored))
    for index in (3, -1, slice(1, 6, 2), [2, 2], np.arange(7) > 4, np.array([[0, 1]])):
        assert np.array_equal(found[index], images[index]), index
