"""Images that are decoded when needed look like an array, from a folder and from a zip file."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from anime_gan.data import encoded as encoded_module
from anime_gan.data.batches import Batches
from anime_gan.data.decode import read_image
from anime_gan.data.encoded import Encoded
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from tests.data.files import assert_one_sentence, fill, zipped

COUNT = 7
ENTRIES = [0, 1, 3, 4, 6]  # as if the others could not be read


@pytest.fixture(scope="module", params=["folder", "zip"])
def both(request, tmp_path_factory) -> tuple[Encoded, np.ndarray]:
    """Return the same images encoded and as an array."""
    images = fill(tmp_path_factory.mktemp("encoded") / "set", COUNT)
    if request.param == "zip":
        images = zipped(images)
    source = open_source(images)
    plain = np.stack([read_image(source, entry, (4, 5, 3)) for entry in ENTRIES])
    return Encoded(source, ENTRIES, (4, 5, 3), "lanczos", workers=2), plain


INDICES = st.one_of(
    st.integers(-7, 7),
    st.integers(-7, 7).map(np.int64),
    st.slices(5),
    st.lists(st.integers(-6, 5), min_size=1),
    arrays.arrays(int, st.integers(0, 9), elements=st.integers(-5, 4)),
    arrays.arrays(int, (2, 3), elements=st.integers(-5, 4)),
    arrays.arrays(bool, st.integers(4, 6)),
    st.just(Ellipsis),
)


@given(index=INDICES)
def test_indexing_equals_numpys(both, index):
    """Protects all code that indexes images as if they were an array."""
    encoded, plain = both
    assert encoded.shape == plain.shape
    try:
        expected = plain[index]
    except IndexError:
        with pytest.raises(IndexError):
            encoded[index]
        return
    found = encoded[index]
    assert found.dtype == np.uint8 and np.array_equal(found, expected)


def test_going_through_all(both):
    """Protects loops over the images, which must end."""
    encoded, plain = both
    assert len(encoded) == len(plain)
    assert np.array_equal(np.stack(list(encoded)), plain)


def test_several_threads_ask_at_once(both):
    """Protects the batches and the measuring from each other's images."""
    encoded, plain = both
    orders = [np.random.default_rng(seed).integers(0, 5, 20) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(encoded.__getitem__, orders))
        single = list(pool.map(encoded.__getitem__, range(5)))
    assert all(np.array_equal(a, plain[order]) for a, order in zip(found, orders, strict=True))
    assert np.array_equal(single, plain)


def test_images_are_decoded_at_the_same_time(both, monkeypatch):
    """Protects the speed: with two workers, two images are being decoded at once."""
    together = threading.Barrier(2, timeout=10)
    monkeypatch.setattr(
        encoded_module,
        "read_image",
        lambda *_: together.wait() * 0 + np.zeros((4, 5, 3), np.uint8),
    )
    assert both[0][:4].shape == (4, 4, 5, 3)


def test_a_file_that_is_gone(tmp_path, monkeypatch):
    """Protects the sentence for a file that was deleted or damaged during the training."""
    monkeypatch.setattr(encoded_module, "WAITS", (0.01,))
    folder = fill(tmp_path / "set", 4)
    encoded = Encoded(open_source(folder), range(4), (8, 8, 3), "lanczos", workers=2)
    (folder / "0002.png").unlink()
    (folder / "0003.png").write_text("not an image")
    assert encoded[:2].shape == (2, 8, 8, 3)
    for index, why in ((2, "No such file"), ([0, 1, 3], "text file")):
        with pytest.raises(UserError) as error:
            encoded[index]
        assert_one_sentence(error, f"000{np.max(index)}.png", str(folder), why, "start again")


def test_a_disk_that_fails_for_a_moment(tmp_path, monkeypatch):
    """Protects a training from a network disk that is away for seconds."""
    monkeypatch.setattr(encoded_module, "WAITS", (0.01, 0.01))
    source = open_source(fill(tmp_path / "set", 2))
    read, failures = source.read, [errno.EIO, errno.ESTALE]

    def fail_first(index):
        if failures:
            raise OSError(failures[-1], os.strerror(failures.pop()))
        return read(index)

    monkeypatch.setattr(source, "read", fail_first)
    encoded = Encoded(source, range(2), (8, 8, 3), "lanczos", workers=1)
    assert encoded[0].shape == (8, 8, 3) and not failures
    failures += [errno.EIO] * 3
    with Batches(encoded, 2, seed=0) as batches, pytest.raises(UserError) as error:
        next(batches)
    assert_one_sentence(error, "Input/output error", "restore")
