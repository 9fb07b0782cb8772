"""Pictures from end to end, mistakes in a sentence, and the batches."""

import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anime_gan.data import image_set
from anime_gan.data import demo
from anime_gan.data import encoded as encoded_module
from anime_gan.config.schema import from_dict
from anime_gan.data.image_set import Batches
from anime_gan.errors import UserError
from anime_gan.data.encoded import Encoded
from tests.conftest import ROOT
from tests.data.files import assert_one_sentence, fill, open_in, zipped


def test_errors_are_one_sentence(tmp_path):
    """Protects the user from tracebacks: each mistake gives one sentence naming the thing."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_text("no picture")
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as archive:
        archive.writestr("readme.txt", "no pictures")
    for images, mention in [
        ("missing", "does not exist"),
        ("missing/*.png", "does not exist"),
        ("empty", "holds no pictures"),
        ("empty/*.png", "holds no pictures"),
        ("text.zip", "holds no pictures"),
        ("broken.zip", "not a readable zip"),
        ("bad", "none of the 1 pictures"),
    ]:
        with pytest.raises(UserError) as error:
            open_in(tmp_path, tmp_path / images)
        assert_one_sentence(error, mention, str(tmp_path / images.split("/")[0]))
    for options in ({"resolution": 0}, {"channels": 2}):
        with pytest.raises(UserError) as error:
            open_in(tmp_path, fill(tmp_path / "good", 1), **options)
        assert_one_sentence(error, "must be")
    with pytest.raises(UserError) as error:
        open_in(tmp_path, " ")
    assert_one_sentence(error, "give a folder")
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_memory_stays_small(tmp_path):
    """Protects against holding the pictures in memory: the cache is larger than what it takes."""
    pytest.importorskip("psutil")
    folder = fill(tmp_path / "set", 30, size=(16, 16))
    code = (
        "import sys, psutil, data_loader as d; from pathlib import Path;"
        "uss = lambda: psutil.Process().memory_full_info().uss / 2**20; before = uss();"
        "s = d.open_images(sys.argv[1], 1024, cache=Path(sys.argv[2]), workers=2);"
        "built = uss();"
        "b = d.Batches(s.images, 2, 0); [next(b) for _ in range(30)]; b.close();"
        "print(s.images.nbytes / 2**20, built - before, uss() - before)"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "cache")]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    size, built, trained = map(float, printed.split())
    assert size == 90 and built < 60 and trained < 75


def numbered(count: int, size=2) -> np.ndarray:
    """Pictures told apart by their first two values: the number of picture, high and low byte."""
    pictures = np.zeros((count, size, size, 3), dtype=np.uint8)
    pictures[:, 0, 0, 0], pictures[:, 0, 0, 1] = np.divmod(np.arange(count), 256)
    return pictures


def numbers(batch: np.ndarray) -> list[int]:
    values = np.rint((batch + 1) * 127.5).astype(int)
    return list(values[:, 0, 0, 0] * 256 + values[:, 0, 0, 1])


def test_value_range_and_inverse():
    """Protects the exact range [-1, 1] and that all 256 levels survive the way there and back."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    with Batches(levels, 1, seed=0) as batches:
        batch = next(batches)
    assert batch.dtype == np.float32 and batch.shape == (1, 16, 16, 1)
    assert batch.min() == -1.0 and batch.max() == 1.0
    assert np.array_equal(np.rint((batch + 1) * 127.5).astype(np.uint8), levels)
    np.testing.assert_allclose(batch, levels / 127.5 - 1, atol=1e-7)


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**63), st.integers(0, 30))
def test_passes_are_permutations_and_batches_do_not_depend_on_the_start(count, size, seed, start):
    """Protects resuming: batch s is the same from any start, and a pass repeats no picture."""
    size = min(size, count)
    with Batches(numbered(count), size, seed, x_flip=True) as batches:
        per_pass = batches.batches_per_pass
        taken = [next(batches) for _ in range(max(2 * per_pass, start + 2))]
        assert batches.passes == len(taken) // per_pass
    assert per_pass == count // size
    order = np.random.default_rng([seed, 1]).permutation(count)[: per_pass * size]
    second = np.concatenate(taken[per_pass : 2 * per_pass])
    unflipped = np.where(second[:, 0, :1] == -1, second[:, 0, ::-1], second[:, 0])
    assert len(set(order)) == len(order) == len(unflipped)
    with Batches(numbered(count), size, seed, x_flip=True, start_step=start) as resumed:
        assert resumed.passes == start // per_pass
        assert np.array_equal(next(resumed), taken[start])
        assert np.array_equal(next(resumed), taken[start + 1])
    with Batches(numbered(count), size, seed, start_step=per_pass) as plain:
        seen = [number for _ in range(per_pass) for number in numbers(next(plain))]
    assert seen == list(order)


def test_x_flip_mirrors_half_of_the_pictures():
    """Protects the mirroring: left to right only, about half, and drawn anew each pass."""
    pictures = np.zeros((1000, 2, 3, 3), dtype=np.uint8)
    pictures[:, 0, 0] = 10, 20, 30
    with Batches(pictures, 1000, seed=1, x_flip=True) as batches:
        first, second = ((next(batches) + 1) * 127.5).round().astype(int), next(batches)
    mirrored = first[:, 0, 2, 0] == 10
    assert 430 < mirrored.sum() < 570
    assert (first[mirrored, 0, 2] == (10, 20, 30)).all() and (first[mirrored, 0, 0] == 0).all()
    assert (first[~mirrored, 0, 0] == (10, 20, 30)).all() and (first[:, 1] == 0).all()
    assert not np.array_equal(mirrored, second[:, 0, 2, 0] > -1)


def test_batches_of_a_cache_equal_batches_of_an_array(tmp_path):
    """Protects the memory map: letting go of its pages must not change what is read."""
    pictures = open_in(tmp_path, fill(tmp_path / "set", 30)).images
    with Batches(pictures, 7, 3, True) as mapped, Batches(np.array(pictures), 7, 3, True) as plain:
        for _ in range(12):
            assert np.array_equal(next(mapped), next(plain))
    with Batches(pictures[5:20], 7, 3) as part:
        assert next(part).shape == (7, 8, 8, 3)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_encoded_pictures_give_the_same_batches(tmp_path, kind):
    """Protects runs that go on where the pixels fit no longer, or fit again: to the last bit."""
    images = fill(tmp_path / "set", 30, size=(12, 9))
    images = zipped(images) if kind == "zip" else images
    raw = open_in(tmp_path, images).images
    encoded = open_in(tmp_path / "other", images, cache_share=0).images
    assert isinstance(encoded, Encoded) and isinstance(raw, np.memmap)
    for start in (0, 5):
        with Batches(raw, 7, 3, True, start) as one, Batches(encoded, 7, 3, True, start) as other:
            for _ in range(9):
                assert np.array_equal(next(one), next(other))


def test_a_picture_deleted_during_training(tmp_path):
    """Protects against a traceback, or a wait for ever, when a file goes while it is needed."""
    folder = fill(tmp_path / "set", 8)
    encoded = open_in(tmp_path, folder, cache_share=0).images
    with Batches(encoded, 8, seed=0) as batches:
        next(batches)
        (folder / "0005.png").unlink()
        with pytest.raises(UserError) as error:
            for _ in range(image_set.PREFETCHED_BATCHES + 3):
                next(batches)
    assert_one_sentence(error, "0005.png", str(folder), "start again")


def test_decoding_goes_on_during_the_step(monkeypatch, tmp_path):
    """Protects the step from waiting: while it has a batch, all that may wait are decoded."""
    encoded = open_in(tmp_path, fill(tmp_path / "set", 4), cache_share=0, workers=3).images
    together = threading.Barrier(image_set.PREFETCHED_BATCHES + 1, timeout=10)
    read = encoded_module.read_picture
    monkeypatch.setattr(
        encoded_module, "read_picture", lambda *given: (together.wait(), read(*given))[1]
    )
    with Batches(encoded, 1, seed=0) as batches:
        # Batches of one picture each: only side by side do they come through the barrier.
        for _ in range(6):
            assert next(batches).shape == (1, 8, 8, 3)
        together.abort()


def test_open_data_says_that_pictures_stay_encoded(tmp_path, capsys):
    """Protects the user from wondering why nothing is in the cache, and which key decides."""
    images, cache = str(fill(tmp_path / "set", 3)), str(tmp_path / "cache")
    config = from_dict({"data": {"images": images, "cache": cache, "cache_share": 0}})
    image_set.open_data(config)
    said = capsys.readouterr().out
    assert said.endswith("They are decoded as needed, since data.cache_share is 0.\n")


def test_too_few_pictures():
    """Protects the sentence that gives both numbers and the way out."""
    with pytest.raises(UserError) as error:
        Batches(numbered(5), 64, seed=0)
    assert_one_sentence(error, "5", "64", "training.batch_size")
    with pytest.raises(UserError) as error:
        Batches(numbered(5), 0, seed=0)
    assert_one_sentence(error, "training.batch_size")


def test_thread_ends_on_close():
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
    """Protects against a training that waits for ever after the reading has failed."""
    with Batches(numbered(10), 3, seed=-1) as batches:
        for _ in range(2):
            with pytest.raises(ValueError):
                next(batches)


def test_no_more_than_a_few_batches_are_prepared(monkeypatch):
    """Protects memory and processor time when the training is slower than the reading."""
    prepared = []
    gather = Batches._gather
    monkeypatch.setattr(
        Batches, "_gather", lambda self, *rows: prepared.append(1) or gather(self, *rows)
    )
    with Batches(numbered(100), 10, seed=0):
        time.sleep(0.3)
        assert len(prepared) <= image_set.PREFETCHED_BATCHES + 1


@pytest.mark.parametrize("size", [4, 8])
def test_drawn_faces_come_in_the_small_sizes_that_growing_begins_with(size, tmp_path, monkeypatch):
    """They are drawn at the smallest size there is, and made smaller as any pictures are."""
    monkeypatch.chdir(tmp_path)

    def drawn(folder, size):
        demo.write_faces(folder, 3, size=size)
        return folder

    monkeypatch.setattr(demo, "ensure_faces", drawn)
    config = from_dict({})
    shape = config.model.model_copy(update={"resolution": size})
    found = image_set.open_data(config.model_copy(update={"model": shape}))
    assert found.images.shape == (3, size, size, 3)
