"""Real pictures' features are computed once, and the floor's two sides share no picture."""

import os
import shutil

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import distances
from anime_gan.metrics.reference import ReferenceSet

PICTURES = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 3), dtype="uint8")


class Counting:
    """A network that remembers how many batches it ran."""

    def __init__(self):
        self.batches = 0
        self.network = FeatureNetwork("counting", 8, 0, 1, self.run)

    def run(self, pictures):
        self.batches += 1
        return pictures.mean(axis=(1, 2)) + 1


@pytest.mark.parametrize("count", [10, 50, 70, 1000])
def test_the_floor_is_of_as_many_others(count, tmp_path):
    """Every number depends on the count, so it is the same for a number and its floor."""
    reals = ReferenceSet(PICTURES, "key", tmp_path, count)
    assert len(reals.sample) == len(reals.others) == min(count, 50)
    assert len(set(reals.taken)) == 2 * min(count, 50)


def test_a_process_that_makes_the_same_file_takes_nothing_from_another(tmp_path, monkeypatch):
    """One that found none a moment ago: what the first has stored stays under its hands."""
    network = Counting().network
    first, second = (ReferenceSet(PICTURES, "key", tmp_path, 50) for _ in range(2))
    store = first._open(network, None)
    store[:] = 7
    real = np.lib.format.open_memmap

    def late(path, mode, **options):
        if mode == "r+":
            raise FileNotFoundError
        return real(path, mode, **options)

    monkeypatch.setattr(np.lib.format, "open_memmap", late)
    assert not second._open(network, None).any() and (store == 7).all()


def test_a_network_that_tells_no_picture_from_another_is_refused(tmp_path):
    """All distances would be 0, which reads as perfect."""
    network = FeatureNetwork("blind", 8, 0, 1, lambda pictures: np.ones((len(pictures), 4)))
    with pytest.raises(UserError, match="blind gives the same features"):
        ReferenceSet(PICTURES, "key", tmp_path, 50).floor(network)


def test_a_full_disk_is_told_before_the_file_is_made(tmp_path, monkeypatch):
    """To write into a mapped file that has no room would kill the process."""
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(UserError, match="is full"):
        ReferenceSet(PICTURES, "key", tmp_path, 50).features(Counting().network, np.arange(5))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system can't reserve room")
def test_room_for_all_features_is_taken_at_once(tmp_path):
    """Were the disk full later, the system would kill the process at a write to the mapped file."""
    ReferenceSet(PICTURES.repeat(200, axis=0), "key", tmp_path, 50)._open(Counting().network, None)
    (path,) = tmp_path.glob("key.*.npy")
    assert path.stat().st_blocks * 512 >= path.stat().st_size > 4 * 3 * 200 * len(PICTURES)


def test_features_are_kept(tmp_path):
    """Only what is new is computed, also by the next process; a broken file is made again."""
    own = Counting()
    reals = ReferenceSet(PICTURES, "key", tmp_path, 50)
    expected = PICTURES.mean(axis=(1, 2)) / 255 + 1
    indices = np.arange(32)
    np.testing.assert_allclose(reals.features(own.network, indices), expected[:32], rtol=1e-5)
    before = own.batches
    again = ReferenceSet(PICTURES, "key", tmp_path, 50)
    np.testing.assert_allclose(again.features(own.network, indices), expected[:32], rtol=1e-5)
    assert own.batches == before
    some = np.array([99, 3, 50])
    np.testing.assert_allclose(again.features(own.network, some), expected[some], rtol=1e-5)
    assert own.batches == before + 1
    small = again.features(own.network, indices, side=4)  # features of another kind
    assert own.batches > before + 1 and not np.array_equal(
        small, again.features(own.network, indices)
    )
    data = next(tmp_path.glob("*.npy")).read_bytes()
    narrow, whole = (data.replace(a, b, 1) for a, b in ((b", 3)", b", 2)"), (b"<f4", b"<i4")))
    assert narrow != data != whole
    for damaged in (b"broken", data[:-6], narrow, whole):
        for path in tmp_path.iterdir():
            path.write_bytes(damaged)
        np.testing.assert_allclose(reals.features(own.network, some), expected[some], rtol=1e-5)


def test_the_floor_is_kept(tmp_path, monkeypatch):
    """And is what the distances say of the two sets, again after its file was broken."""
    network = Counting().network
    expected = distances.compare(
        *(
            PICTURES[some].mean(axis=(1, 2)) / 255 + 1
            for some in (opened(tmp_path).sample, opened(tmp_path).others)
        )
    )
    found = opened(tmp_path).floor(network)
    assert found == pytest.approx(expected, rel=1e-4)
    compare = distances.compare
    monkeypatch.setattr(distances, "compare", None)
    assert opened(tmp_path).floor(network) == found
    monkeypatch.setattr(distances, "compare", compare)
    assert opened(tmp_path).floor(network, 4) != found  # of shrunk pictures
    for text in ("{", "[]", '{"frechet": "1"}', '{"frechet": NaN}', "[" * 100_000):
        for path in tmp_path.glob("floor*"):
            path.write_text(text)
        assert opened(tmp_path).floor(network) == found


def opened(folder) -> ReferenceSet:
    return ReferenceSet(PICTURES, "key", folder, 50)


def test_too_few_pictures_are_refused(tmp_path):
    """In a sentence."""
    with pytest.raises(UserError, match="19 real pictures"):
        ReferenceSet(PICTURES[:19], "key", tmp_path, 50)
