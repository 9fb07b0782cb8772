"""Batches are shuffled, repeatable from any step, equal from all stores, and ready in time."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anime_gan.data import encoded as encoded_module
from anime_gan.data.batches import PREFETCHED_BATCHES, Batches
from anime_gan.data.encoded import Encoded
from anime_gan.data.mapped import Mapped
from anime_gan.errors import UserError
from tests.data.files import InMemory, assert_one_sentence, fill, open_in, zipped


def numbered(count: int, size=2) -> InMemory:
    """Return images whose first two values are their number, high and low byte."""
    images = np.zeros((count, size, size, 3), dtype=np.uint8)
    images[:, 0, 0, 0], images[:, 0, 0, 1] = np.divmod(np.arange(count), 256)
    return InMemory(images)


def numbers(batch: np.ndarray) -> list[int]:
    """Return the numbers of the images in a batch of `numbered`."""
    values = np.rint((batch + 1) * 127.5).astype(int)
    return list(values[:, 0, 0, 0] * 256 + values[:, 0, 0, 1])


def test_a_batch_has_images_and_no_labels_yet():
    """Protects the shape of what training takes: two fields by name, and None without classes."""
    with Batches(numbered(4), 3, seed=0) as batches:
        images, labels = batch = next(batches)
    assert batch.images is images and images.shape == (3, 2, 2, 3)
    assert batch.labels is None and labels is None


def test_value_range_and_inverse():
    """Protects the exact range [-1, 1] and that all 256 levels survive the way there and back."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    with Batches(InMemory(levels), 1, seed=0) as batches:
        batch = next(batches).images
    assert batch.dtype == np.float32 and batch.shape == (1, 16, 16, 1)
    assert batch.min() == -1.0 and batch.max() == 1.0
    assert np.array_equal(np.rint((batch + 1) * 127.5).astype(np.uint8), levels)
    np.testing.assert_allclose(batch, levels / 127.5 - 1, atol=1e-7)


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**63), st.integers(0, 30))
def test_epochs_are_permutations_and_batches_do_not_depend_on_the_start(count, size, seed, start):
    """Protects resuming: batch s is the same from any start, and an epoch repeats no image."""
    size = min(size, count)
    with Batches(numbered(count), size, seed, x_flip=True) as batches:
        per_epoch = batches.batches_per_epoch
        taken = [next(batches).images for _ in range(max(2 * per_epoch, start + 2))]
        assert batches.epochs == len(taken) // per_epoch
    assert per_epoch == count // size
    order = np.random.default_rng([seed, 1]).permutation(count)[: per_epoch * size]
    second = np.concatenate(taken[per_epoch : 2 * per_epoch])
    unflipped = np.where(second[:, 0, :1] == -1, second[:, 0, ::-1], second[:, 0])
    assert len(set(order)) == len(order) == len(unflipped)
    with Batches(numbered(count), size, seed, x_flip=True, start_step=start) as resumed:
        assert resumed.epochs == start // per_epoch
        assert np.array_equal(next(resumed).images, taken[start])
        assert np.array_equal(next(resumed).images, taken[start + 1])
    with Batches(numbered(count), size, seed, start_step=per_epoch) as plain:
        seen = [number for _ in range(per_epoch) for number in numbers(next(plain).images)]
    assert seen == list(order)


def test_x_flip_mirrors_half_of_the_images():
    """Protects the mirroring: left to right only, about half, and others in each epoch."""
    images = np.zeros((1000, 2, 3, 3), dtype=np.uint8)
    images[:, 0, 0] = 10, 20, 30
    with Batches(InMemory(images), 1000, seed=1, x_flip=True) as batches:
        first, second = next(batches).images, next(batches).images
    first = ((first + 1) * 127.5).round().astype(int)
    mirrored = first[:, 0, 2, 0] == 10
    assert 430 < mirrored.sum() < 570
    assert (first[mirrored, 0, 2] == (10, 20, 30)).all() and (first[mirrored, 0, 0] == 0).all()
    assert (first[~mirrored, 0, 0] == (10, 20, 30)).all() and (first[:, 1] == 0).all()
    assert not np.array_equal(mirrored, second[:, 0, 2, 0] > -1)


def test_batches_of_a_cache_equal_batches_of_an_array(tmp_path):
    """Protects the memory map: releasing its pages must not change what is read."""
    images = open_in(tmp_path, fill(tmp_path / "set", 30)).images
    plain = InMemory(np.array(images[:]))
    with Batches(images, 7, 3, True) as one, Batches(plain, 7, 3, True) as other:
        for _ in range(12):
            assert np.array_equal(next(one).images, next(other).images)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_encoded_images_give_the_same_batches(tmp_path, kind):
    """Protects runs that resume where the pixels no longer fit on the disk, or fit again."""
    images = fill(tmp_path / "set", 30, size=(12, 9))
    images = zipped(images) if kind == "zip" else images
    raw = open_in(tmp_path, images).images
    encoded = open_in(tmp_path / "other", images, cache_share=0).images
    assert isinstance(encoded, Encoded) and isinstance(raw, Mapped)
    for start in (0, 5):
        with Batches(raw, 7, 3, True, start) as one, Batches(encoded, 7, 3, True, start) as other:
            for _ in range(9):
                assert np.array_equal(next(one).images, next(other).images)


def test_an_image_deleted_during_training(monkeypatch, tmp_path):
    """Protects against a traceback, or waiting forever, when a file is deleted meanwhile."""
    monkeypatch.setattr(encoded_module, "WAITS", (0.1,))
    folder = fill(tmp_path / "set", 8)
    encoded = open_in(tmp_path, folder, cache_share=0).images
    with Batches(encoded, 8, seed=0) as batches:
        next(batches)
        (folder / "0005.png").unlink()
        with pytest.raises(UserError) as error:
            for _ in range(PREFETCHED_BATCHES + 3):
                next(batches)
    assert_one_sentence(error, "0005.png", str(folder), "start again")


def test_decoding_continues_during_the_step(monkeypatch, tmp_path):
    """Protects the step from waiting: meanwhile, all batches that may wait are decoded."""
    encoded = open_in(tmp_path, fill(tmp_path / "set", 4), cache_share=0, workers=3).images
    together = threading.Barrier(PREFETCHED_BATCHES + 1, timeout=10)
    read = encoded_module.read_image
    monkeypatch.setattr(
        encoded_module, "read_image", lambda *given: (together.wait(), read(*given))[1]
    )
    with Batches(encoded, 1, seed=0) as batches:
        # With one image in each batch, only batches prepared side by side pass the barrier.
        for _ in range(6):
            assert next(batches).images.shape == (1, 8, 8, 3)
        together.abort()


def test_too_few_images():
    """Protects the sentence that gives both numbers and the way out."""
    with pytest.raises(UserError) as error:
        Batches(numbered(5), 64, seed=0)
    assert_one_sentence(error, "5", "64", "training.batch_size")
    with pytest.raises(UserError) as error:
        Batches(numbered(5), 0, seed=0)
    assert_one_sentence(error, "training.batch_size")


def test_threads_end_on_close():
    """Protects against threads left running, whether batches were taken or not."""
    for taken in (0, 1, 5):
        before = set(threading.enumerate())  # those of other tests may end at any time
        with Batches(numbered(100), 3, seed=0) as batches:
            for _ in range(taken):
                next(batches)
            assert set(threading.enumerate()) - before
        assert not set(threading.enumerate()) - before
        with pytest.raises(StopIteration):
            next(batches)


def test_errors_of_the_thread_reach_the_training():
    """Protects against a training that waits forever after the reading has failed."""
    with Batches(numbered(10), 3, seed=-1) as batches:
        for _ in range(2):
            with pytest.raises(ValueError):
                next(batches)


def test_no_more_than_a_few_batches_are_prepared(monkeypatch):
    """Protects memory and processor time when the training is slower than the reading."""
    prepared = []
    take = Batches._take
    monkeypatch.setattr(
        Batches, "_take", lambda self, *rows: prepared.append(1) or take(self, *rows)
    )
    with Batches(numbered(100), 10, seed=0):
        time.sleep(0.3)
        assert len(prepared) <= PREFETCHED_BATCHES + 1


def test_labels_come_with_their_images():
    """Each row of labels is that of the image in the same row, in shuffled batches too."""
    labels = np.arange(20, dtype=np.int32).reshape(10, 2)
    with Batches(numbered(10), 4, seed=0, labels=labels) as batches:
        for _ in range(5):
            images, codes = next(batches)
            np.testing.assert_array_equal(codes, labels[numbers(images)])


@settings(max_examples=20)
@given(st.integers(2, 40), st.integers(0, 2**32), st.integers(0, 12))
def test_weighted_epochs_are_as_even_as_can_be_and_do_not_depend_on_the_start(count, seed, start):
    """An epoch takes an image its share times, rounded up or down; batch s is the same always."""
    weights = np.random.default_rng(seed).random(count) + 0.01
    weights /= weights.sum()
    with Batches(numbered(count), 1, seed, weights=weights) as batches:
        taken = [numbers(next(batches).images)[0] for _ in range(count + start + 1)]
    times = np.bincount(taken[:count], minlength=count)
    assert (np.abs(times - weights * count) < 1 + 1e-9).all()
    with Batches(numbered(count), 1, seed, start_step=start, weights=weights) as batches:
        assert numbers(next(batches).images)[0] == taken[start]


def test_even_weights_take_each_image_once():
    """A balance that changes nothing is an epoch as without it."""
    with Batches(numbered(9), 3, seed=1, weights=np.full(9, 1 / 9)) as batches:
        taken = [n for _ in range(3) for n in numbers(next(batches).images)]
    assert sorted(taken) == list(range(9))
