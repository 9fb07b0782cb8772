"""Changes to try do what their description says; SRGAN is trained and measured."""

import numpy as np
import pytest

from anime_gan.data.batches import Batches
from anime_gan.training.state import TrainState
from benchmarks import tries
from benchmarks.common import make_state

TINY = ("version=r3gan_patch", "model.width=0.01", "model.resolution=32")


@pytest.fixture
def changed(monkeypatch):
    """Apply a change for the test only."""
    monkeypatch.setattr(TrainState, "latents", TrainState.latents)
    monkeypatch.setattr(Batches, "_shuffle", Batches._shuffle)
    return lambda name: tries.CHANGES[name]()


def test_logan_moves_latents_to_higher_scores(changed):
    """They start from those drawn without it, and no step is longer than it can be."""
    before = np.asarray(make_state(*TINY).latents(8))
    changed("logan")
    state = make_state(*TINY)
    draw = np.random.default_rng(0)
    for variable in state.generator_weights + state.discriminator_weights:  # R3GAN begins at 0
        variable.assign(variable + 0.05 * draw.normal(size=variable.shape))
    after = np.asarray(state.latents(8))
    lengths = np.linalg.norm(after - before, axis=1)
    assert (lengths > 0).all() and (lengths <= tries.LENGTH / 2 / tries.DAMPING**0.5 + 1e-5).all()

    def scores(latents):
        return np.asarray(state.discriminator(state.generator(latents)))

    assert (scores(after) > scores(before)).mean() > 0.8


def test_replacement_repeats_images_and_resumes(changed):
    """An epoch has some images twice; batch s depends only on the seed and s."""
    changed("replacement")
    images = np.arange(64, dtype="uint8").reshape(64, 1, 1, 1)

    class Images:
        shape = images.shape

        def __len__(self):
            return len(images)

        def take(self, indices, mirrored):
            return images[indices]

    with Batches(Images(), 8, seed=0) as batches:
        first = [next(batches).images.ravel() for _ in range(16)]
    assert len(set(np.concatenate(first[:8]))) < 64
    with Batches(Images(), 8, seed=0, start_step=5) as batches:
        np.testing.assert_array_equal(next(batches).images.ravel(), first[5])


@pytest.mark.slow
def test_the_super_resolution_benchmark_has_a_row_for_each_way(script, faces):
    """SRGAN and Lanczos at least, of all faces if they are fewer; the sheet is written."""
    options = "--count", "9999", "--size", "32", "--out", "sheet.png"
    done = script("benchmarks.super_resolution", faces, *options)
    assert done.returncode == 0, done.stderr
    names = [line.split("|")[1].strip() for line in done.stdout.splitlines() if "| " in line]
    assert names[1:3] == ["SRGAN", "Lanczos"] and (script.folder / "sheet.png").is_file()
