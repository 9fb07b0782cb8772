"""The runs that the monitor is measured on are sabotaged as they say, and counted right."""

import keras
import numpy as np
import pytest

from anime_gan.runs.health import LIMITS, Limits
from anime_gan.training.step import compile_step
from tests.robustness import failures, monitor
from tests.robustness.failures import Case
from tests.runs.test_health import observations
from tests.training.test_step import tiny


def test_a_recorded_run_is_what_the_monitor_would_have_seen(tmp_path, faces, monkeypatch):
    """Observations, the truth by the demo faces' attributes, and the monitor's verdict on both."""
    tiny = ["version=v1", "model.width=0.02", "training.batch_size=4", f"data.images={faces}"]
    monkeypatch.chdir(tmp_path)
    monitor.record(Case([*tiny, "model.resolution=64"], 150), tmp_path / "r.npz")
    run = monitor.read("r", tmp_path / "r.npz")
    assert [row["step"] for row in run.observations] == list(range(25, 151, 25))
    assert len(run.shares) == 3 and 0 < run.share < 1 and run.nan is None
    assert run.alarm(LIMITS) is None  # in the first steps everything may be far
    assert run.alarm(Limits(warm_up=50, window=0.9, far=-9, better=0.0)) is not None
    same = Case(tiny, 50, images=failures.repeated(1))
    monitor.record(same, tmp_path / "s.npz")
    alarm = monitor.read("s", tmp_path / "s.npz").alarm(LIMITS)
    assert alarm and alarm[0] == 25 and alarm[1].startswith("too few")


def test_failures_and_false_alarms_are_counted():
    """Of five runs: three failed, of which two are found, and one of two healthy ones is too."""
    far, near = (observations([100, 900, 950, 1000], distance=d) for d in (0.9, 0.01))
    runs = [
        monitor.Recorded("a", far, [0.0] * 3, None),
        monitor.Recorded("b", near, [0.5, 0.5, 0.5, 0.0, 0.0, 0.1], None),
        monitor.Recorded("c", near, [0.5] * 3, None),
        monitor.Recorded("breaks at 700", far, [0.5] * 3, None),
        monitor.Recorded("nan", near[:1], [], 60),
    ]
    assert [run.failed for run in runs] == [True, True, False, False, True]
    found, false, delay = monitor.score(runs, LIMITS)
    assert (found, false, delay) == (2 / 3, 0.5, (1000 + 60) / 2)
    assert monitor.sabotaged_at("breaks at 700") == 700
    assert monitor.sabotaged_at("one image") == 0


@pytest.mark.parametrize(
    "sabotage",
    [
        failures.frozen("discriminator"),
        failures.frozen("generator"),
        failures.fakes_labeled_real,
        failures.unscaled,
        failures.rates_times(100.0),
        failures.from_step(2, failures.frozen("generator")),
    ],
)
def test_a_run_is_sabotaged_as_its_name_says(sabotage):
    """What is to be frozen is, the rest trains, and faces can be sampled."""
    state = tiny("blog", "training.ema_kimg=0.001")
    size = state.config.model.resolution
    real = np.random.default_rng(0).uniform(-1, 1, (4, size, size, 3)).astype("float32")
    step = sabotage(state, compile_step(state))
    networks = {"discriminator": state.discriminator, "generator": state.generator}
    before = {name: failures.values(network.weights) for name, network in networks.items()}
    for number in (1, 2):
        assert {"d_loss", "g_loss"} <= set(step(number, real))
    faces = keras.ops.convert_to_numpy(state.sampler()(state.latents(2)))
    assert faces.shape == (2, size, size, 3) and np.isfinite(faces).all()
    for name, network in networks.items():
        moved = any(
            not np.array_equal(a, b)
            for a, b in zip(before[name], failures.values(network.weights), strict=True)
        )
        is_frozen = sabotage.__qualname__.startswith("frozen") and (
            sabotage.__closure__[0].cell_contents == name
        )
        assert moved is not is_frozen
