"""Files of the first wave still open, draw the same faces, and its runs go on."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from anime_gan.generation.generator import Generator
from anime_gan.generation.load import load_network
from tests.conftest import ROOT

# Drawn by commit d64d3b1, with tiny networks, on TensorFlow in float32.
FILES = {
    "v5": "v5-before/generator_2.keras",
    "v5_raw": "v5-before/gan_weights_2.weights.h5",
    "stylegan": "stylegan-before/generator_2.keras",
    "stylegan2": "stylegan2-before/generator_1.keras",
    "sagan": "sagan-before/generator_1.keras",
    "r3gan": "r3gan-before/generator_1.keras",
}
# What each run was trained with, in the keys of today.
RUNS = {
    "v5-before": ["model.width=0.006", "training.ema_kimg=0.01", "training.steps=4"],
    "stylegan-before": [
        "version=stylegan",
        "model.width=0.001",
        "growing.start=16",
        "growing.fade_kimg=0.008",
        "growing.stable_kimg=0.012",
        "growing.batch_at={16: 4, 32: 4}",
        "training.steps=6",
    ],
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder in which weights/, gan_images/ and what was expected of them lie."""
    folder = tmp_path_factory.mktemp("first wave")
    with zipfile.ZipFile(ROOT / "tests/files/before_the_move.zip") as file:
        file.extractall(folder)
    return folder


@pytest.mark.backends
@pytest.mark.parametrize("name", FILES)
def test_weights_draw_the_same_faces(kept, name):
    """To a level of 255, which is what another processor may round to."""
    generator = Generator(load_network(kept / "weights" / FILES[name]))
    with np.load(kept / "expected/faces.npz") as expected:
        wanted = expected[name].astype(int)
        assert np.abs(generator.images_from_seeds(range(4)) - wanted).max() <= 1
        if name == "stylegan2":
            drawn = generator.images_from_seeds(range(4), 0.5, "random")
            assert np.abs(drawn - expected["stylegan2_random"].astype(int)).max() <= 1


@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_on(kept, script, call, name):
    """Its next steps have the losses that the first wave had, also where its networks grow."""
    for part in ("weights", "gan_images"):
        shutil.copytree(kept / part / name, script.folder / part / name)
    status, errors = call(
        "train_gan.py", *script.tiny, "model.latent_dim=4", f"run={name}", *RUNS[name]
    )
    assert status == 0, errors
    lines = (script.folder / "gan_images" / name / "losses.jsonl").read_text().splitlines()
    wanted = (kept / "expected" / f"{name}.jsonl").read_text().splitlines()
    assert len(lines) == len(wanted)
    for ours, theirs in zip(map(json.loads, lines), map(json.loads, wanted), strict=True):
        for key in ("step", "d_loss", "g_loss", "real_score", "fake_score"):
            assert ours[key] == pytest.approx(theirs[key], rel=1e-3, abs=1e-4)
