"""Only the pages of the pictures that are wanted are read."""

import ctypes
import mmap
import sys

import numpy as np
import pytest

from anime_gan.data.mapped import Mapped


def share_read(pictures: np.memmap) -> float:
    """The share of a map's pages that the system holds in its file cache."""
    pages = (ctypes.c_ubyte * -(-pictures.nbytes // mmap.PAGESIZE))()
    address = ctypes.c_void_p(pictures.ctypes.data)
    assert ctypes.CDLL(None).mincore(address, ctypes.c_size_t(pictures.nbytes), pages) == 0
    return np.mean(np.array(pages) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take the advice otherwise")
def test_pages_around_a_picture_are_not_read(tmp_path):
    """Protects large sets: by itself the system reads megabytes around each picture."""
    shape = (1000, 64, 64, 3)
    with (tmp_path / "a.u8").open("wb") as file:
        file.truncate(np.prod(shape))
    pictures = np.memmap(tmp_path / "a.u8", np.uint8, "r", shape=shape)
    mapped = Mapped.below(pictures)
    wanted = np.arange(5, 1000, 100)
    mapped.expect(wanted)
    assert not pictures[wanted].any()
    mapped.let_go()
    assert 0.009 < share_read(pictures) < 0.03


def test_a_part_of_a_map_is_found_and_other_arrays_are_none(tmp_path):
    """Where it begins in the file; arrays in memory, and those that may be written, stay alone."""
    np.arange(90, dtype=np.uint8).tofile(tmp_path / "a.u8")
    pictures = np.memmap(tmp_path / "a.u8", np.uint8, "r", shape=(30, 1, 1, 3))
    assert Mapped.below(pictures[20:])._first == 60
    Mapped.below(pictures[20:]).expect(np.array([0, 9]))
    writable = np.memmap(tmp_path / "a.u8", np.uint8, "r+", shape=(30, 1, 1, 3))
    for other in (np.array(pictures), writable, pictures[::2]):
        assert Mapped.below(other) is None
