"""The command data_loader.py, as a user runs it."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from anime_gan.data.pixels import montage, to_uint8
from data_loader import Batches, open_images
from tests.conftest import ROOT
from tests.data.files import fill, zipped


def test_images_are_counted_and_one_batch_is_shown(script):
    """Protects the counts, the reasons, and the grid, which is the batch that training gets."""
    folder = fill(script.folder / "set", 5)
    (folder / "empty.png").write_bytes(b"")
    done = script("data_loader.py", zipped(folder), "--resolution", 16, "--x-flip")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"5 images from {script.folder / 'set.zip'}. Left out: 1 file, ")
    assert "(1 x empty file).\n" in done.stdout
    assert "float32 (5, 16, 16, 3), values -1.00 to 1.00, written to batch.png." in done.stdout
    faces = open_images(folder, 16, cache=script.folder / "own")
    with Batches(faces.images, 5, seed=0, x_flip=True) as batches:
        expected = montage(to_uint8(next(batches).images), columns=5)
    assert np.array_equal(np.asarray(Image.open(script.folder / "batch.png")), expected)


def test_no_file_is_replaced_unasked(script, call):
    """As sample.py does it: the next free name, or the file that --out names, by its ending."""
    folder = fill(script.folder / "set", 5)
    for _ in range(2):
        assert call("data_loader.py", folder, "--resolution", 8)[0] == 0
    assert {path.name for path in script.folder.glob("*.png")} == {"batch.png", "batch_002.png"}
    for _ in range(2):
        assert call("data_loader.py", folder, "--resolution", 8, "--out", "own.jpg")[0] == 0
    with Image.open(script.folder / "own.jpg") as image:
        assert image.format == "JPEG"
    for out in ("own.txt", "set"):
        status, errors = call("data_loader.py", folder, "--out", out)
        assert status == 2 and f"--out is {out}, but must be a file ending in .png" in errors


def test_options_of_the_images(script):
    """Protects the options for grayscale, for the size of the batch and for the file."""
    options = ("--channels", 1, "--resolution", 8, "--batch-size", 2, "--out", "gray.png")
    done = script("data_loader.py", fill(script.folder / "set", 5), *options)
    assert done.returncode == 0 and "float32 (2, 8, 8, 1)" in done.stdout
    assert np.asarray(Image.open(script.folder / "gray.png")).ndim == 2


@pytest.mark.parametrize("arguments", [["--help"], ["nowhere.zip"]])
def test_quick_answers_do_not_import_keras(script, arguments):
    """Protects the half second in which help and a wrong path are answered."""
    before = os.times()
    done = script("data_loader.py", *arguments)
    after = os.times()
    spent = after.children_user - before.children_user
    assert spent < 0.5  # processor time, which other programs change less
    if arguments == ["nowhere.zip"]:
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith("error: nowhere.zip does not exist")
        assert done.stderr.count("\n") == 1
    else:
        assert done.returncode == 0 and done.stdout.startswith("usage: ")
    imported = script("data_loader.py", *arguments, env={"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    assert "numpy" in imported and "keras" not in imported


def test_caches_are_listed_and_removed(script):
    """Protects the disk from old caches, and other files in their folder from being removed."""
    options = ("--resolution", 8, "--batch-size", 2)
    for name, count in (("one", 2), ("two", 3)):
        assert script("data_loader.py", fill(script.folder / name, count), *options).returncode == 0
    cache = script.folder / "data" / "cache"
    (cache / "mine.txt").write_text("mine")
    (cache / f"{next(cache.glob('*.u8')).stem}.lite0.whole.npy").write_bytes(b"measured")
    listed = script("data_loader.py", "--caches").stdout
    assert f"2 images 8x8x3 of {script.folder / 'one'}" in listed and "3 images 8x8x3" in listed
    key = next(line.split()[0] for line in listed.splitlines() if "3 images" in line)
    done = script("data_loader.py", "--remove-caches", key, "--caches")
    assert "3 images" not in done.stdout and "2 images 8x8x3" in done.stdout
    assert script("data_loader.py", "--remove-caches", "0" * 32).returncode == 2
    assert script("data_loader.py", "--remove-caches").returncode == 0
    assert [path.name for path in cache.iterdir()] == ["mine.txt"]
    done = script("data_loader.py")
    assert done.returncode == 2 and "no images are named" in done.stderr


def test_a_cache_that_cannot_be_written_names_the_option(script, monkeypatch):
    """Protects the user of a read-only folder, who needs --cache."""
    folder = fill(script.folder / "set", 2)
    (script.folder / "data").write_text("no folder")
    done = script("data_loader.py", folder)
    assert done.returncode == 2 and "with --cache FOLDER" in done.stderr
    assert script("data_loader.py", folder, "--cache", "other", "--batch-size", 2).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resolution", 99999], "argument --resolution: '99999' is not a number from 1 to 1,024"),
        (["--resolution", 0], "argument --resolution"),
        (["--batch-size", 0], "argument --batch-size: '0' is not a number from 1 to 65,536"),
        (["--cache", "file.txt"], "--cache is file.txt, but must be a folder"),
        (["--cache", "file.txt/cache"], "name a folder that can be written with --cache FOLDER"),
        (["--remove-caches"], "--remove-caches takes keys and no images"),
        (["--remove-caches", "1a"], "--remove-caches takes keys and no images"),
    ],
)
def test_wrong_options_are_named_before_the_images_are_read(script, call, arguments, said):
    """Protects the memory, the caches, and the user from keys of a config."""
    folder = fill(script.folder / "set", 1)
    assert call("data_loader.py", folder, "--resolution", 8)[0] == 0
    kept = set((script.folder / "data" / "cache").iterdir())
    (script.folder / "file.txt").write_text("no folder")
    status, errors = call("data_loader.py", folder, *arguments)
    assert status == 2 and said in errors and "data.cache" not in errors
    assert set((script.folder / "data" / "cache").iterdir()) == kept


@pytest.mark.parametrize("keys", [[""], [" "], ["", "1a"]])
def test_an_empty_key_removes_nothing(script, call, keys):
    """Protects all caches from an unset variable of the shell, as in --remove-caches "$KEY"."""
    assert call("data_loader.py", fill(script.folder / "set", 1), "--resolution", 8)[0] == 0
    kept = set((script.folder / "data" / "cache").iterdir())
    status, errors = call("data_loader.py", "--remove-caches", *keys)
    assert status == 2 and "a key is empty" in errors
    assert set((script.folder / "data" / "cache").iterdir()) == kept


def test_one_of_a_kind_is_singular(script):
    """Protects the counts and sizes of small sets."""
    folder = fill(script.folder / "set", 1)
    done = script("data_loader.py", folder, "--resolution", 8)
    assert done.stdout.startswith("1 image from ")
    listed = script("data_loader.py", "--caches").stdout
    assert "1 image 8x8x3 of" in listed and "kB" in listed and "0.0" not in listed


@pytest.mark.parametrize("delay", [0.3, 0.6, 1])
def test_ctrl_c_gives_no_traceback(script, delay):
    """Protects a user who stops the reading, also during the imports."""
    folder = fill(script.folder / "set", 300, size=(400, 400))
    command = [sys.executable, str(ROOT / "data_loader.py"), str(folder), "--resolution", "512"]
    process = subprocess.Popen(command, cwd=script.folder, stderr=subprocess.PIPE, text=True)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert "Traceback" not in errors and process.returncode in (130, -signal.SIGINT)
