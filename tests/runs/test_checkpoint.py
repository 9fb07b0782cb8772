"""Checkpoints are whole or not there, and nothing is missing in them."""

import hashlib
import io
import json
import os
import zipfile

import keras
import numpy as np
import pytest

from anime_gan import files
from anime_gan.config import load_config
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

FACTS = {"config": {}, "precision": "float32", "data_key": "a key", "seconds": 1.5}

# Together they have all the state of a step: v5 dropout and label noise, this one everything that
# changes with the number of images seen.
CHANGING = [
    "version=illustration",
    "model.resolution=32",
    "generator.rate=[0.01,0.001]",
    "discriminator.beta2=[0.5,0.9]",
    "discriminator.spectral_norm=true",
    "training.cosine_kimg=0.02",
    "training.ema_kimg=[0,0.1]",
    "augment.policy=[translation,cutout,colour]",
    "augment.p=adaptive",
    "augment.kimg=0.03",
]
HARDER = [
    "version=wgan_gp",
    "model.resolution=32",
    "discriminator.dropout=0.4",
    "discriminator.noise=[0.3,0.1]",
    "training.n_critic=1",
    "training.steps=6",
]


def tiny(*overrides, seed=0) -> TrainState:
    """Networks of a few filters, v5 by default."""
    overrides = ["model.width=0.03", "model.latent_dim=8", f"training.seed={seed}", *overrides]
    config = load_config(None, overrides)
    return TrainState(config)


def batches(count, size=64):
    """Random images, always the same ones."""
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, 4, size, size, 3)).astype("float32")


@pytest.mark.backends
@pytest.mark.parametrize("overrides", [[], CHANGING, HARDER], ids=["v5", "changing", "harder"])
def test_a_run_resumes_bit_exactly(tmp_path, overrides):
    """Weights, optimizers, dropout and noise: everything that a step depends on is saved."""
    unbroken, stopped, resumed = tiny(*overrides), tiny(*overrides), tiny(*overrides, seed=1)
    size = unbroken.config.model.resolution
    run = compile_step(unbroken)
    losses = [float(run(real)["g_loss"]) for real in batches(6, size)]
    run = compile_step(stopped)
    for real in batches(6, size)[:3]:
        run(real)
    checkpoint.save(tmp_path, 3, stopped.named_variables, FACTS | {"note": "x"}, keep=2)
    facts, arrays = checkpoint.newest(tmp_path)
    assert facts.items() >= (FACTS | {"note": "x", "step": 3, "format": 2}).items()
    checkpoint.restore(resumed.named_variables, arrays)
    run = compile_step(resumed)
    assert [float(run(real)["g_loss"]) for real in batches(6, size)[3:]] == losses[3:]
    for name, variable in unbroken.named_variables.items():
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(variable),
            keras.ops.convert_to_numpy(resumed.named_variables[name]),
        )


def test_the_newest_few_are_kept_and_one_to_spare(tmp_path):
    """Older ones are removed; a folder of such a name is left alone."""
    state = {"a": np.arange(10.0)}
    (tmp_path / "checkpoint_0.npz").mkdir()
    for step in (1, 2, 10, 11):
        checkpoint.save(tmp_path, step, state, FACTS | {"sound": 1}, keep=2)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == [f"checkpoint_{step}.npz" for step in (0, 1, 10, 11)]
    assert checkpoint.newest(tmp_path)[0]["step"] == 11
    assert checkpoint.newest(tmp_path / "nothing") is None


@pytest.fixture
def two(tmp_path):
    """A folder with checkpoints 9 and 10."""
    state = {"a": np.arange(30, dtype="float32"), "b/000/kernel": np.ones((2, 3))}
    for step in (9, 10):
        checkpoint.save(tmp_path, step, state, FACTS, keep=3)
    return tmp_path


def is_skipped(folder, capsys) -> bool:
    """Whether the newest checkpoint is reported as damaged, and the one before it is used."""
    facts, arrays = checkpoint.newest(folder)
    return (
        facts["step"] == 9
        and np.array_equal(arrays["a"], np.arange(30))
        and capsys.readouterr().err.count("checkpoint_10.npz is damaged and skipped") == 1
    )


def test_a_checkpoint_with_any_byte_changed_or_missing_is_skipped(two, capsys):
    """Headers, names, sizes, methods, flags, data, checksums: each byte, one at a time."""
    newest = two / "checkpoint_10.npz"
    whole, random = newest.read_bytes(), np.random.default_rng(0)
    for place, byte in enumerate(whole):
        newest.write_bytes(
            whole[:place] + bytes([byte ^ 1 << random.integers(8)]) + whole[place + 1 :]
        )
        assert is_skipped(two, capsys), place
    for length in [0, 1, 21, 64, 65, *range(100, len(whole), 97), len(whole) - 64, len(whole) - 1]:
        newest.write_bytes(whole[:length])
        assert is_skipped(two, capsys), length
    for strange in (whole + b"0", whole[:200] + whole, b"0" * 10_000, whole[::-1]):
        newest.write_bytes(strange)
        assert is_skipped(two, capsys)
    newest.write_bytes(whole)
    assert checkpoint.newest(two)[0]["step"] == 10


def test_what_is_no_file_is_skipped(two, capsys):
    """A folder, a pipe that nobody writes to, a device that never ends, a link to nothing."""
    newest = two / "checkpoint_10.npz"
    for put in (newest.mkdir, lambda: os.mkfifo(newest), lambda: newest.symlink_to("/dev/zero")):
        newest.unlink(missing_ok=True)
        put()
        assert is_skipped(two, capsys)
        if newest.is_dir():
            newest.rmdir()
    newest.unlink()
    newest.symlink_to("nowhere")
    assert is_skipped(two, capsys)


def forge(path, change) -> None:
    """Change the raw entries of a checkpoint and give it a checksum that fits."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.comment = b"0" * 64
    data = path.read_bytes()[:-64]
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode())


@pytest.mark.parametrize("shape", ["(3,)", f"({10**15},)", f"({2**31},)", "(-1,)", "(" * 500])
def test_a_shape_that_does_not_fit_asks_for_no_memory(two, capsys, shape):
    """Even where the checksum fits: made by hand, or by another program."""

    def change(entries):
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".encode()
        entries["a.npy"] = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(9)

    forge(two / "checkpoint_10.npz", change)
    assert is_skipped(two, capsys)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 11},
        {"step": "10"},
        {"step": True},
        {"seconds": -1.0},
        {"seconds": float("nan")},
        {"config": []},
        {"precision": "float99"},
        {"sound": 1.5},
        {"rollbacks": None},
        {"format": "two"},
        {"micro_batch": "4"},
    ],
)
def test_invalid_facts_are_damage_too(two, capsys, wrong):
    """Well-formed, and with the right checksum."""
    name = "facts.json.npy"

    def change(entries):
        facts = json.loads(np.load(io.BytesIO(entries[name])).tobytes()) | wrong
        np.save(file := io.BytesIO(), np.frombuffer(json.dumps(facts).encode(), np.uint8))
        entries[name] = file.getvalue()

    forge(two / "checkpoint_10.npz", change)
    assert is_skipped(two, capsys)


def test_a_run_without_a_whole_checkpoint_does_not_start_from_the_beginning(two):
    """That would write over files that may still be put back."""
    for step in (9, 10):
        (two / f"checkpoint_{step}.npz").write_bytes(b"")
    with pytest.raises(UserError, match=r"all checkpoints in .* are damaged; .* run=NAME"):
        checkpoint.newest(two)


def test_a_checkpoint_of_a_newer_format_is_refused(two, monkeypatch):
    """An older version can't know what is in it."""
    monkeypatch.setattr(checkpoint, "FORMAT", 3)
    checkpoint.save(two, 11, {}, FACTS, keep=3)
    monkeypatch.undo()
    with pytest.raises(UserError, match="newer version"):
        checkpoint.newest(two)


def test_a_checkpoint_of_the_first_format_is_refused(two):
    """It has no checksum: called damaged, it would be renamed, and the run go back."""
    np.savez(two / "checkpoint_11.npz", a=np.zeros(3))
    with pytest.raises(UserError, match="an earlier version"):
        checkpoint.newest(two)


def test_skipped_checkpoints_are_renamed_when_the_run_resumes(two):
    """Else they would count among the newest that are kept, and new ones be removed as too old.

    None takes the name of another one of its step.
    """
    (two / "checkpoint_10.npz").rename(two / "checkpoint_10.npz.damaged")
    (two / "checkpoint_10.npz").mkdir()
    checkpoint.set_aside(two, 9)
    (two / "checkpoint_10.npz").write_bytes(b"")
    checkpoint.set_aside(two, 9)
    checkpoint.save(two, 9, {}, FACTS, keep=1)
    damaged = [f"checkpoint_10.npz.damaged{number}" for number in ("", 1, 2)]
    assert sorted(p.name for p in two.iterdir()) == [*damaged, "checkpoint_9.npz"]


def test_a_checkpoint_of_other_networks_is_refused_before_anything_changes(tmp_path):
    """Half a restore would be worse than none."""
    first, second = keras.Variable(np.ones(3)), keras.Variable(np.ones(2))
    arrays = {"a": np.zeros(3), "b": np.zeros(5)}
    with pytest.raises(UserError, match="does not match"):
        checkpoint.restore({"a": first, "b": second}, arrays)
    assert float(first[0]) == 1
    with pytest.raises(UserError, match="does not match"):
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


def test_a_full_disk_is_reported_before_anything_is_written(tmp_path, monkeypatch):
    """One sentence with both numbers, and the last checkpoint intact."""
    state = {"a": keras.Variable(np.zeros(1000))}
    checkpoint.save(tmp_path, 1, state, FACTS, keep=3)
    usage = files.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UserError, match="full"):
        checkpoint.save(tmp_path, 2, state, FACTS, keep=3)
    assert checkpoint.newest(tmp_path)[0]["step"] == 1


@pytest.mark.backends
def test_state_names_are_unique_and_complete():
    """The compiled step and the checkpoint share one list: what is missing would be frozen."""
    state = tiny()
    parts = [state.generator, state.discriminator]
    parts += [state.generator_optimizer, state.discriminator_optimizer]
    assert len(state.named_variables) == sum(len(part.variables) for part in parts) + 1
    assert any(
        "seed" in name for name in state.named_variables if name.startswith("discriminator/")
    )


@pytest.mark.backends
@pytest.mark.parametrize("version", ["v5", "blog"])
def test_a_run_that_resumes_with_another_rate_takes_it(tmp_path, version):
    """A rate kept in the checkpoint would silently win over the config's."""
    before, after = (tiny(f"version={version}", f"generator.rate={r}") for r in (0.5, 0.25))
    checkpoint.save(tmp_path, 3, before.named_variables, FACTS, keep=1)
    checkpoint.restore(after.named_variables, checkpoint.newest(tmp_path)[1])
    assert float(after.generator_optimizer.learning_rate) == pytest.approx(0.25)
