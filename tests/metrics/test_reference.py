"""Real images' features are computed once; real vs real compares disjoint sets."""

import shutil

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.metrics import distances
from anime_gan.metrics.reference import ReferenceSet

IMAGES = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 3), dtype="uint8")


class Counting:
    """A network that counts its batches."""

    def __init__(self):
        self.batches = 0
        self.network = FeatureNetwork("counting", 8, 0, 1, self.forward)

    def forward(self, images):
        self.batches += 1
        return images.mean(axis=(1, 2)) + 1


@pytest.mark.parametrize("count", [10, 50, 70, 1000])
def test_real_vs_real_takes_as_many_other_images(count, tmp_path):
    """Every number depends on the count, so real vs real has the same count."""
    reference = ReferenceSet(IMAGES, "key", tmp_path, count)
    assert len(reference.sample) == len(reference.others) == min(count, 50)
    assert len(set(reference.taken)) == 2 * min(count, 50)


def test_two_processes_that_make_the_same_file_do_not_disturb_each_other(tmp_path, monkeypatch):
    """Both find no file; the second replaces it, and the first keeps what it has stored."""
    network = Counting().network
    first, second = (ReferenceSet(IMAGES, "key", tmp_path, 50) for _ in range(2))
    store = first._open(network, None)
    store[:] = 7
    real = np.lib.format.open_memmap

    def late(path, mode, **options):
        if mode == "r+":
            raise FileNotFoundError
        return real(path, mode, **options)

    monkeypatch.setattr(np.lib.format, "open_memmap", late)
    assert not second._open(network, None).any() and (store == 7).all()


def test_a_network_with_constant_features_is_refused(tmp_path):
    """All distances would be 0, which looks perfect."""
    network = FeatureNetwork("blind", 8, 0, 1, lambda images: np.ones((len(images), 4)))
    with pytest.raises(UserError, match="blind gives the same features"):
        ReferenceSet(IMAGES, "key", tmp_path, 50).real_vs_real(network)


def test_a_full_disk_is_an_error_before_the_file_is_made(tmp_path, monkeypatch):
    """Writing to a mapped file without space would kill the process."""
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(UserError, match="is full"):
        ReferenceSet(IMAGES, "key", tmp_path, 50).features(Counting().network, np.arange(5))
    assert not list(tmp_path.iterdir())


def test_space_for_all_features_is_reserved_at_once(tmp_path):
    """If the disk were full later, a write to the mapped file would kill the process."""
    ReferenceSet(IMAGES.repeat(200, axis=0), "key", tmp_path, 50)._open(Counting().network, None)
    (path,) = tmp_path.glob("key.*.npy")
    assert path.stat().st_blocks * 512 >= path.stat().st_size > 4 * 3 * 200 * len(IMAGES)


def test_features_are_stored(tmp_path):
    """Only missing ones are computed, also by another process; a damaged file is made again."""
    counting = Counting()
    reference = ReferenceSet(IMAGES, "key", tmp_path, 50)
    expected = IMAGES.mean(axis=(1, 2)) / 255 + 1
    indices = np.arange(32)
    np.testing.assert_allclose(
        reference.features(counting.network, indices), expected[:32], rtol=1e-5
    )
    before = counting.batches
    again = ReferenceSet(IMAGES, "key", tmp_path, 50)
    np.testing.assert_allclose(again.features(counting.network, indices), expected[:32], rtol=1e-5)
    assert counting.batches == before
    some = np.array([99, 3, 50])
    np.testing.assert_allclose(again.features(counting.network, some), expected[some], rtol=1e-5)
    assert counting.batches == before + 1
    small = again.features(counting.network, indices, side=4)
    assert counting.batches > before + 1 and not np.array_equal(
        small, again.features(counting.network, indices)
    )
    data = next(tmp_path.glob("*.npy")).read_bytes()
    narrow, whole = (data.replace(a, b, 1) for a, b in ((b", 3)", b", 2)"), (b"<f4", b"<i4")))
    assert narrow != data != whole
    for damaged in (b"broken", data[:-6], narrow, whole):
        for path in tmp_path.iterdir():
            path.write_bytes(damaged)
        np.testing.assert_allclose(
            reference.features(counting.network, some), expected[some], rtol=1e-5
        )


def test_real_vs_real_is_stored(tmp_path, monkeypatch):
    """It is the distances of the two sets, also after its file was damaged or VERSION changed."""
    network = Counting().network
    expected = distances.compare(
        *(
            IMAGES[some].mean(axis=(1, 2)) / 255 + 1
            for some in (opened(tmp_path).sample, opened(tmp_path).others)
        )
    )
    found = opened(tmp_path).real_vs_real(network)
    assert found == pytest.approx(expected, rel=1e-4)
    compare = distances.compare
    monkeypatch.setattr(distances, "compare", None)
    assert opened(tmp_path).real_vs_real(network) == found
    monkeypatch.setattr(distances, "VERSION", distances.VERSION + 1)
    with pytest.raises(TypeError):
        opened(tmp_path).real_vs_real(network)
    monkeypatch.setattr(distances, "compare", compare)
    assert opened(tmp_path).real_vs_real(network, 4) != found  # of shrunk images
    for text in ("{", "[]", '{"frechet": "1"}', '{"frechet": NaN}', "[" * 100_000):
        for path in tmp_path.glob("real_vs_real*"):
            path.write_text(text)
        assert opened(tmp_path).real_vs_real(network) == found


def opened(folder) -> ReferenceSet:
    return ReferenceSet(IMAGES, "key", folder, 50)


def test_too_few_images_are_refused(tmp_path):
    """With a sentence that says how many there are."""
    with pytest.raises(UserError, match="19 real images"):
        ReferenceSet(IMAGES[:19], "key", tmp_path, 50)
