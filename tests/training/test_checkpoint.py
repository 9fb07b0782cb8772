"""Checkpoints: whole or not at all, and nothing missing in them."""

import keras
import numpy as np
import pytest

import models
from config import load_config
from errors import UserError
from training import checkpoint, files
from training.gan import Gan
from training.step import compile_step

pytestmark = pytest.mark.backends


# Between them they have all that a step can carry on: v5 dropout and label noise, the second one
# everything that moves with the pictures seen.
MOVING = [
    "version=illustration",
    "model.resolution=32",
    "generator.rate=[0.01,0.001]",
    "discriminator.beta2=[0.5,0.9]",
    "discriminator.spectral_norm=true",
    "training.cosine_kimg=0.02",
    "training.average_kimg=[0,0.1]",
    "augment.policy=[translation,cutout,colour]",
    "augment.p=adaptive",
    "augment.kimg=0.03",
]


def tiny(*overrides, seed=0) -> Gan:
    """A gan of a few filters, v5 if nothing else is said."""
    overrides = ["model.width=0.03", "model.latent_dim=8", f"training.seed={seed}", *overrides]
    config = load_config(None, overrides, models.get_recipe)
    return Gan.create(models.get_version(config.version), config)


def batches(count, size=64):
    """Random pictures, always the same ones."""
    draw = np.random.default_rng(0)
    return draw.uniform(-1, 1, (count, 4, size, size, 3)).astype("float32")


@pytest.mark.parametrize("overrides", [[], MOVING], ids=["v5", "all that moves"])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(tmp_path, overrides):
    """Weights, optimizers, dropout and noise: everything that a step depends on is saved."""
    straight, stopped, resumed = tiny(*overrides), tiny(*overrides), tiny(*overrides, seed=1)
    size = straight.config.model.resolution
    run = compile_step(straight)
    losses = [float(run(real)["g_loss"]) for real in batches(6, size)]
    run = compile_step(stopped)
    for real in batches(6, size)[:3]:
        run(real)
    checkpoint.save(tmp_path, 3, stopped.state, {"note": "x"}, keep=2)
    facts, arrays = checkpoint.newest(tmp_path)
    assert facts == {"note": "x", "step": 3}
    checkpoint.restore(resumed.state, arrays)
    run = compile_step(resumed)
    assert [float(run(real)["g_loss"]) for real in batches(6, size)[3:]] == losses[3:]
    for name, variable in straight.state.items():
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(variable), keras.ops.convert_to_numpy(resumed.state[name])
        )


def test_the_newest_few_are_kept_and_a_damaged_one_is_passed_over(tmp_path, capsys):
    """Old ones go; cut off or flipped, the newest is found out and the one before it used."""
    state = {"a": keras.Variable(np.arange(1000.0))}
    for step in (1, 2, 10, 9):
        checkpoint.save(tmp_path, step, state, {}, keep=3)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"checkpoint_{step}.npz" for step in (10, 2, 9)
    ]
    newest = tmp_path / "checkpoint_10.npz"
    whole = newest.read_bytes()
    for damaged in (whole[:-100], b"", whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:]):
        newest.write_bytes(damaged)
        assert checkpoint.newest(tmp_path)[0]["step"] == 9
        assert "checkpoint_10.npz is damaged" in capsys.readouterr().out
    assert checkpoint.newest(tmp_path / "nothing") is None


def test_a_checkpoint_of_other_networks_is_refused_before_anything_changes(tmp_path):
    """Half a restore would be worse than none."""
    first, second = keras.Variable(np.ones(3)), keras.Variable(np.ones(2))
    arrays = {"a": np.zeros(3), "b": np.zeros(5)}
    with pytest.raises(UserError, match="does not fit"):
        checkpoint.restore({"a": first, "b": second}, arrays)
    assert float(first[0]) == 1
    with pytest.raises(UserError, match="does not fit"):
        checkpoint.restore({"a": first}, arrays)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    """A crash or a full disk in the middle of writing: the old content stays, nothing else."""
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_full_disk_is_told_before_it_is_hit(tmp_path, monkeypatch):
    """One sentence with both numbers, and the last checkpoint intact."""
    state = {"a": keras.Variable(np.zeros(1000))}
    checkpoint.save(tmp_path, 1, state, {}, keep=3)
    usage = files.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UserError, match="full"):
        checkpoint.save(tmp_path, 2, state, {}, keep=3)
    assert checkpoint.newest(tmp_path)[0]["step"] == 1


def test_state_names_are_unique_and_complete():
    """The compiled step and the checkpoint share one list: what is missing would be frozen."""
    gan = tiny()
    parts = [gan.generator, gan.discriminator, gan.generator_optimizer, gan.discriminator_optimizer]
    assert len(gan.state) == sum(len(part.variables) for part in parts) + 1
    assert any("seed" in name for name in gan.state if name.startswith("discriminator/"))


@pytest.mark.parametrize("version", ["v5", "blog"])
def test_a_run_that_goes_on_with_another_rate_takes_it(tmp_path, version):
    """A rate kept in the checkpoint would silently win over the config's."""
    before, after = (tiny(f"version={version}", f"generator.rate={r}") for r in (0.5, 0.25))
    checkpoint.save(tmp_path, 3, before.state, {}, keep=1)
    checkpoint.restore(after.state, checkpoint.newest(tmp_path)[1])
    assert float(after.generator_optimizer.learning_rate) == pytest.approx(0.25)
