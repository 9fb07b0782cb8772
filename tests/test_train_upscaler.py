"""train_upscaler.py trains an upscaler, and sample.py enlarges faces with it."""

import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from anime_gan.data.pixels import to_float
from anime_gan.errors import UserError
from anime_gan.networks.srgan import enlarger
from anime_gan.runs.weights import load_model
from tests.conftest import ROOT
from train_upscaler import write

pytestmark = pytest.mark.backends


def test_the_command_trains_and_sample_uses_its_file(script, call, faces):
    """The file opens again; faces, grids and gray images are enlarged by it."""
    options = ("--size", "32", "--minutes", "0.01", "--out", "weights/my up.keras")
    assert call("train_upscaler.py", str(faces), *options) == (0, "")
    path = script.folder / "weights/my up.keras"
    network = load_model(path)
    assert call("train_gan.py", *script.tiny, "run=r", "training.steps=1") == (0, "")
    own = ("--upscaler", str(path), "--scale", "2")
    assert call("sample.py", "faces", "r", "--seeds", "3", "--out", "own")[0] == 0
    assert call("sample.py", "faces", "r", "--seeds", "3", *own, "--out", "two")[0] == 0
    small = np.asarray(Image.open(script.folder / "own/face_00003.png"))
    large = np.asarray(Image.open(script.folder / "two/face_00003.png"))
    wanted = 127.5 * (np.asarray(network(to_float(small[None])))[0] + 1)
    assert large.shape == (64, 64, 3)
    assert np.abs(np.clip(wanted, 0, 255) - large).max() <= 1


def test_ctrl_c_writes_what_was_learned(script, faces):
    """After the step that runs, with the status of a signal."""
    command = [sys.executable, "-u", str(ROOT / "train_upscaler.py"), str(faces), "--size", "32"]
    process = subprocess.Popen(
        [*command, "--out", "u.KERAS"], cwd=script.folder, stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if "step" in line:
            break
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 128 + signal.SIGINT and "u.keras, after " in said, said
    assert load_model(script.folder / "u.keras").name == "enlarger"


def test_weights_that_are_not_finite_replace_no_file(tmp_path):
    """The former one stays."""
    network, path = enlarger(3, 4, 1), tmp_path / "u.keras"
    write(network, path)
    before = path.read_bytes()
    network.trainable_variables[0].assign(np.nan * network.trainable_variables[0])
    with pytest.raises(UserError, match="no finite numbers, so nothing is written"):
        write(network, path)
    assert path.read_bytes() == before


def test_mistakes_are_one_sentence(script, call, faces):
    """Images that are missing, too few, a file that is no upscaler."""
    network = script.folder / "g.keras"
    keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()]).save(network)
    broken = script.folder / "broken.keras"
    broken.write_bytes(network.read_bytes()[:-50])
    grid = ("sample.py", "pretrained", "--seeds", "1", "--scale", "2", "--upscaler")
    for arguments, words in (
        (("train_upscaler.py", "none.zip"), "none.zip"),
        (("train_upscaler.py", str(faces), "--size", "50"), "--size"),
        (("train_upscaler.py", str(faces), "--size", "128"), "take --size 64."),
        (("train_upscaler.py", str(faces), "--out", "u.png"), ".keras"),
        (("train_upscaler.py", str(faces / "face_000000.png")), "but 8 are needed; add some."),
        ((*grid, str(network)), "is no upscaler; give a file that train_upscaler.py wrote"),
        ((*grid, "none.keras"), "nor the file of an upscaler"),
        ((*grid, str(broken)), "broken.keras"),
    ):
        status, errors = call(*arguments)
        assert status == 2 and errors.count("\n") == 1 and words in errors, (arguments, errors)
