"""Several devices and processes give the numbers of one, and end together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from anime_gan import backend
from anime_gan.config import load_config
from anime_gan.errors import UserError
from anime_gan.runs.stopping import StopReason
from anime_gan.training import distribution
from anime_gan.training.distribution import Group
from tests.conftest import ROOT

on_jax = pytest.mark.skipif(backend.name() != "jax", reason="several devices are for JAX")


def config_of(*overrides: str):
    """The config of v5 with some keys set."""
    return load_config(None, list(overrides))


def joined(process: int, *overrides: str):
    """The config of one of two processes."""
    address = "distribution.coordinator=127.0.0.1:1234"
    return config_of(
        address, "distribution.processes=2", f"distribution.process={process}", *overrides
    )


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["distribution.devices=0"], ["distribution.devices", "all"]),
        (["distribution.devices=some"], ["distribution.devices", "all"]),
        ([f"distribution.devices=1{'0' * 400}"], ["distribution.devices", "all"]),
        (["distribution.coordinator=here"], ["distribution.coordinator", "192.168.0.5:1234"]),
        (["distribution.process=0"], ["set all of distribution.coordinator", "none of them"]),
        (["distribution.coordinator=a:1"], ["set all of distribution.coordinator", "none of them"]),
        (
            [
                *("distribution.coordinator=a:1", "distribution.processes=2"),
                "distribution.process=2",
            ],
            ["distribution.process is 2", "0 to 1"],
        ),
    ],
)
def test_impossible_configs_are_refused_in_a_sentence(monkeypatch, overrides, words):
    """Before any device is used, and with the way out."""
    monkeypatch.setattr(backend, "several_devices", lambda: None)
    with pytest.raises(UserError) as error:
        distribution.refuse(config_of(*overrides))
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["training.batch_size=6"], "training.batch_size is 6"),
        (["training.batch_size=8", "training.micro_batch=2"], "training.micro_batch is 2"),
        (["version=stylegan", "growing.batch_at={8: 6}"], "growing.batch_at={8: N} is 6"),
    ],
)
def test_a_batch_that_devices_cannot_share_is_named(overrides, key):
    """By the key that it comes from; a multiple is allowed."""
    config = config_of(*overrides)
    distribution.refuse_batches(config, 2)
    with pytest.raises(UserError, match=key):
        distribution.refuse_batches(config, 4)


def test_too_few_and_unequal_devices_are_refused():
    """Each with its number."""
    config = config_of("distribution.devices=2")
    assert distribution._devices_of(config, [["a", "b", "c"], ["d", "e", "f"]]) == [*"abde"]
    with pytest.raises(UserError, match="is 2, but there are 1 here"):
        distribution._devices_of(config, [["a"]])
    with pytest.raises(UserError, match="have 2, 1 devices"):
        distribution._devices_of(config, [["a", "b"], ["c"]])


def test_a_taken_port_is_named_before_jax_crashes():
    """In one sentence."""
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port}"):
            distribution._require_port(f"127.0.0.1:{port}")


def other_process(monkeypatch, config, process: int, first: dict | None = None) -> Group:
    """One of two processes; the other one is simulated: it sends nothing, or the config `first`."""
    monkeypatch.setattr(distribution, "is_used", lambda config: False)  # no devices to join
    group = Group(config)
    gather = SimpleNamespace(gather=lambda data: np.stack([data, 0 * data]))
    monkeypatch.setattr(backend, "several_devices", lambda: gather)
    if first is not None:
        monkeypatch.setattr(Group, "share", lambda self, *sent: (first, {}))
    return group


def test_each_process_takes_its_rows_of_each_of_a_steps_batches(monkeypatch):
    """Two batches of six: together the processes take all rows, in order."""
    rows = [other_process(monkeypatch, joined(i), i).rows(6, 2).tolist() for i in (0, 1)]
    assert rows == [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11]]
    assert np.arange(12)[Group(config_of()).rows(6, 2)].tolist() == [*range(12)]


def test_processes_of_different_configs_are_refused_but_for_their_own_keys(monkeypatch):
    """The index and the place of the images may differ; the learning rate may not."""
    first = distribution.flat(joined(0).model_dump(mode="json"))
    same = joined(1, "data.images=elsewhere")
    other_process(monkeypatch, same, 1, first).compare(same)
    other = joined(1, "generator.rate=0.1")
    with pytest.raises(UserError, match=r"generator.rate is 0.1 there and 0.0005 in process 0"):
        other_process(monkeypatch, other, 1, first).compare(other)


def test_a_request_to_stop_ends_all_processes_at_the_same_step(monkeypatch):
    """Requested after step 3, it ends all at step 5, with the same signal."""
    board: dict[int, list[int]] = {}

    def vote(numbers, mesh):
        cast = board.setdefault(mesh[0], [])
        cast.append(int(numbers[0]))
        return _Later(cast)

    groups, stops = [], [SimpleNamespace(signal=None) for _ in range(2)]
    for index in (0, 1):
        groups.append(other_process(monkeypatch, joined(index), index))
        groups[-1].devices = 2
    monkeypatch.setattr(backend, "several_devices", lambda: SimpleNamespace(maximum=vote))
    ended = []
    for step in range(1, 6):
        if step == 4:
            stops[1].signal = signal.SIGTERM
        for group in groups:
            group._distribution = SimpleNamespace(device_mesh=[step])
        ended.append([g.ends(None, s, last=False) for g, s in zip(groups, stops, strict=True)])
    assert ended == [[False, False]] * 4 + [[True, True]]
    assert stops[0].signal == signal.SIGTERM
    alone = Group(config_of())
    assert not alone.ends(None, stops[1], last=False)
    assert alone.ends(StopReason.FINISHED, stops[1], last=False)


def test_a_signal_that_only_another_process_got_stops_this_one(monkeypatch):
    """With the same number, before the first step too: else one would leave and one train on."""
    stop = SimpleNamespace(signal=None)
    group = other_process(monkeypatch, joined(0), 0)
    gather = SimpleNamespace(gather=lambda own: np.stack([own, 0 * own + signal.SIGTERM]))
    monkeypatch.setattr(backend, "several_devices", lambda: gather)
    monkeypatch.setattr(Group, "share", lambda self, sent: (sent, {}))
    reason = group.shared_reason(lambda: StopReason.SIGNAL if stop.signal else None, stop)
    assert reason is StopReason.SIGNAL and stop.signal == signal.SIGTERM


class _Later:
    """The maximum of votes, which is read once all are cast."""

    def __init__(self, cast):
        self._cast = cast

    def __int__(self):
        assert len(self._cast) == 2
        return max(self._cast)


@on_jax
@pytest.mark.backends
def test_a_closed_connection_is_a_lost_process_however_jax_raises_it():
    """A bug whose text only has the word is not."""
    text = "UNKNOWN: Gloo all-reduce failed: Connection closed by peer [127.0.0.1]:17299"
    is_lost = backend.several_devices().is_lost_process
    assert is_lost(ValueError(text)) and is_lost(
        backend.several_devices().jax.errors.JaxRuntimeError(text)
    )
    assert not is_lost(ValueError("a connection of layers")) and not is_lost(OSError(text))


@pytest.mark.skipif(backend.name() == "jax", reason="JAX has it")
def test_tensorflow_is_refused_with_the_way_out(script, call):
    """And nothing is written."""
    status, errors = call("train_gan.py", *script.tiny, "distribution.devices=all")
    assert status == 2 and "KERAS_BACKEND=jax" in errors
    assert not (script.folder / "weights").exists()


@on_jax
@pytest.mark.backends
def test_two_devices_give_the_numbers_of_one(script):
    """With batch statistics, penalties, lazy steps, augmentation, label noise and EMA."""
    done = script(
        "benchmarks.scaling",
        *("--check", "--versions", "v5", "dcgan", "--devices", "2"),
        env={"XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| yes |") == 2


def start(script, process: int, port: int, *arguments) -> subprocess.Popen:
    """Start one of two processes in a folder of its own."""
    folder = script.folder / str(process)
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(ROOT / "train_gan.py"), *script.tiny, "run=r", *arguments]
    command += [f"distribution.coordinator=127.0.0.1:{port}", "distribution.processes=2"]
    return subprocess.Popen(
        [*command, f"distribution.process={process}"],
        cwd=folder,
        env=os.environ | {"XLA_FLAGS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    """A port that no process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def rows_of(folder) -> list[dict]:
    """The log of a run, without times."""
    lines = (folder / "gan_images/r/losses.jsonl").read_text().splitlines()
    timed = ("images_per_second", "trained")
    return [{k: v for k, v in json.loads(x).items() if k not in timed} for x in lines]


@on_jax
@pytest.mark.backends
def test_two_processes_train_one_run_which_ends_without_one_and_resumes_alone(script, call):
    """Only process 0 writes; the losses are those of one process, before and after."""
    often = ["schedule.sample_every=2", "training.steps=100000"]
    port = free_port()
    processes = [start(script, i, port, *often) for i in (0, 1)]
    weights = script.folder / "0/weights/r"
    until = time.monotonic() + 200
    while not list(weights.glob("checkpoint_*.npz")):
        assert time.monotonic() < until and processes[0].poll() is None
        time.sleep(0.1)
    processes[1].kill()
    _, errors = processes[0].communicate(timeout=100)
    processes[1].communicate()
    assert processes[0].returncode == 2, errors
    assert "error: the connection to another process of this run is lost" in errors
    assert "Traceback" not in errors
    assert {path.name for path in (script.folder / "1").iterdir()} == {"data"}

    reached = max(int(path.stem.rpartition("_")[2]) for path in weights.glob("checkpoint_*"))
    to_the_end = [*script.tiny, "run=r", f"training.steps={reached + 2}"]
    folder, logs = script.folder, []
    for place in (folder / "0", folder):
        script.folder = place
        assert call("train_gan.py", *to_the_end)[0] == 0
        logs.append(rows_of(place))
    assert [row["step"] for row in logs[0]] == list(range(1, reached + 3))
    for ours, theirs in zip(*logs, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


@on_jax
@pytest.mark.backends
def test_a_signal_to_the_second_process_saves_and_stops_both(script):
    """Between two scheduled checkpoints, where only the stop itself saves."""
    rare = [f"schedule.{key}=100000" for key in ("sample_every", "checkpoint_every")]
    rare += ["training.steps=100000"]
    port = free_port()
    processes = [start(script, i, port, *rare) for i in (0, 1)]
    observed = script.folder / "0/gan_images/r/losses.jsonl"
    until = time.monotonic() + 200
    while not (observed.exists() and observed.read_text()):
        assert time.monotonic() < until and processes[0].poll() is None
        time.sleep(0.1)
    processes[1].send_signal(signal.SIGTERM)
    printed = [process.communicate(timeout=100) for process in processes]
    assert [process.returncode for process in processes] == [143, 143], printed
    (saved,) = (script.folder / "0/weights/r").glob("checkpoint_*.npz")
    step = int(saved.stem.rpartition("_")[2])
    assert step > 0 and f"Stopped and saved at step {step};" in printed[0][0]
    assert rows_of(script.folder / "0")[-1]["step"] == step


@on_jax
@pytest.mark.backends
def test_a_process_that_never_joins_is_reported(script):
    """The one that waits ends in time, and JAX prints nothing of its own."""
    code = f"""
from anime_gan import backend
backend.start()
from anime_gan import networks
from anime_gan.config import load_config
from anime_gan.training import distribution
distribution.JOIN_SECONDS = 2
asked = ["distribution.processes=2", "distribution.process=1"]
asked += ["distribution.coordinator=127.0.0.1:{free_port()}"]
with distribution.joined(load_config(None, asked)):
    print("joined")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = [x for x in done.stderr.splitlines() if x.startswith("error: ")]
    assert "not all 2 processes connected" in line and "2 seconds" in line
    assert "Traceback" not in done.stderr and "***" not in done.stderr
