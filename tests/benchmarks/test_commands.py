"""The benchmarks run; what they measure is for docs/, not for a test."""

import json

import numpy as np
import pytest

from anime_gan import backend
from anime_gan.data import demo
from anime_gan.errors import UserError
from anime_gan.runs.health import LIMITS, Limits
from anime_gan.training.step import compile_step
from benchmarks import distances, long_run, thresholds
from benchmarks.step import PARTS
from tests.robustness import failures, fuzz
from tests.robustness import monitor as bench
from tests.robustness.failures import Case
from tests.runs.test_health import looks
from tests.training.test_step import tiny


@pytest.mark.backends
def test_the_step_benchmark_prints_a_ratio(script):
    """Both loops at a tiny width, the parts and the floor."""
    small = "--width", "0.02", "--batch", "4", "--rounds", "1", "--no-compiled"
    done = script("benchmarks.step", *small)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    rows = [line.split("|")[1].split(",")[0].strip() for line in lines[1:]]
    assert rows[:2] == ["ours", "literal loop"] and set(PARTS) <= set(rows)
    assert "GFLOP a step" in done.stdout


@pytest.mark.slow
def test_the_loader_benchmark_prints_ratios(script, faces):
    """The report's reading against cold and warm cache, and this against decoding ahead."""
    done = script("benchmarks.loader", faces, "--count", "24")
    assert done.returncode == 0, done.stderr
    assert "cold" in done.stdout and "warm" in done.stdout and "decoded ahead" in done.stdout


def test_the_memory_benchmark_prints_its_figures(script):
    """A folder of a few files."""
    done = script("benchmarks.memory", "--count", "130")
    assert done.returncode == 0, done.stderr
    assert "later start" in done.stdout and "private memory" in done.stdout


def test_the_long_runs_table_and_slope(tmp_path):
    """Two bytes a step in the second half, whatever the first did; steps come from the record."""
    steps = np.arange(100, 20_001, 100)
    resident = np.where(steps > 10_000, 10**8 + 2 * steps, 10**7)
    samples = np.stack([steps, resident, steps * 0 + 16, steps * 0 + 18], axis=1)
    text = long_run.table(samples, 20_000)
    assert "| 20,000 | 100.0 | 16 | 18 |" in text and "+2 ± 0 bytes a step" in text
    log = tmp_path / "losses.jsonl"
    assert long_run.step_in(log) is None
    lines = [json.dumps({"step": step, "d_loss": 0.5}) for step in range(1, 300)]
    log.write_text("\n".join([*lines, '{"step": 30']))
    assert long_run.step_in(log) == 299


SHORT = {"configs": 150, "pictures": 30, "raw pictures": 30, "zips": 8, "caches": 10}
SHORT |= {"checkpoints": 60, "records": 6, "weights": 6, "run configs": 3}


@pytest.mark.parametrize("kind", SHORT)
def test_nothing_that_is_damaged_is_a_traceback_or_read_wrong(kind, tmp_path, monkeypatch):
    """tests/robustness/fuzz.py in short, of another seed than its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fuzz, "_limit_memory", lambda: None)
    monkeypatch.setattr(fuzz.tempfile, "tempdir", str(tmp_path))
    fuzz.begin(kind)
    found = [fuzz.outcome(kind, number, seed=1) for number in range(SHORT[kind])]
    assert {name for name, _ in found} <= set(fuzz.OUTCOMES)
    assert [what for _, what in found if what] == []


def test_a_finding_is_counted_by_its_number(capsys, monkeypatch):
    """What raises and what is told in two lines; the exit status says so."""
    from tests.robustness import fuzz_texts

    def case(draw):
        raise draw.choice([KeyError("x"), UserError("one.\nTwo."), fuzz_texts.Wrong("3")])

    monkeypatch.setitem(fuzz._cases, "configs", case)
    whats = [fuzz.outcome("configs", number, 0) for number in range(20)]
    assert {name for name, _ in whats} == {"FINDING"}
    for words in ("KeyError", "no short sentence", "wrong in silence"):
        assert any(words in what for _, what in whats)


def test_the_growth_benchmark_prints_ratios(script):
    """From a few pictures to more, beside the line: the first row is on it."""
    done = script("benchmarks.growth", "pictures", "--counts", "100,1100")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| 1")]
    assert len(rows) == 2 and rows[0].count("(1.00)") == rows[0].count("(") > 5


@pytest.mark.slow
def test_the_step_memory_benchmark_holds_the_estimate_against_the_measure(script):
    """In the whole and in parts; the estimate is right within a factor where the compiler says."""
    few = ("version=v1", "model.width=0.1", "training.batch_size=256")
    done = script("benchmarks.step_memory", *few, "--micro", "null,64")
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines()[2:]]
    assert [row[3].strip() for row in rows] == ["null", "64"]
    if backend.name() == "jax":
        assert all(0.5 < float(row[6]) < 2 for row in rows)


@pytest.mark.slow
def test_the_distances_benchmark_prints_a_table(script, tmp_path):
    """Every way of spoiling, in every strength, beside the floor."""
    some = demo.ensure_faces(tmp_path / "sixty", count=60, size=64)
    done = script("benchmarks.distances", some, "--count", "20")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(lines) == 2 + 4 * len(distances.SPOILED)
    assert all(line.count("|") == 12 for line in lines)


def test_the_limits_of_cleaning_are_drawn(script):
    """A row for each reason, with numbers on either side of its limit."""
    done = script("benchmarks.thresholds", "limits.webp")
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines()[2:]]
    assert [row[0].strip() for row in rows] == list(thresholds.ROWS)
    for _, limit, _, kept, dropped in rows:
        assert float(limit) == pytest.approx((float(kept) + float(dropped)) / 2, rel=0.1)
    assert 10_000 < (script.folder / "limits.webp").stat().st_size < 150_000


def test_a_recorded_run_is_what_the_monitor_would_have_seen(tmp_path, faces, monkeypatch):
    """Looks, the truth by the drawn faces' kinds, and the monitor's word on both."""
    tiny = ["version=v1", "model.width=0.02", "training.batch_size=4", f"data.images={faces}"]
    monkeypatch.chdir(tmp_path)
    bench.record(Case([*tiny, "model.resolution=64"], 150), tmp_path / "r.npz")
    run = bench.read("r", tmp_path / "r.npz")
    assert [look["step"] for look in run.looks] == list(range(25, 151, 25))
    assert len(run.covered) == 3 and 0 < run.coverage < 1 and run.nan is None
    assert run.alarm(LIMITS) is None  # in the first steps everything may be far
    assert run.alarm(Limits(warm_up=50, window=0.9, far=-9, better=0.0)) is not None
    same = Case(tiny, 50, pictures=failures.repeated(1))
    bench.record(same, tmp_path / "s.npz")
    assert bench.read("s", tmp_path / "s.npz").alarm(LIMITS) == (25, "too few pictures")


def test_failures_and_false_alarms_are_counted():
    """Of four runs: seen, not seen, rightly let be, wrongly not."""
    far, near = (looks([100, 900, 950, 1000], distance=d) for d in (0.9, 0.01))
    runs = [
        bench.Recorded("a", far, [0.0] * 3, None),
        bench.Recorded("b", near, [0.5, 0.5, 0.5, 0.0, 0.0, 0.1], None),
        bench.Recorded("c", near, [0.5] * 3, None),
        bench.Recorded("breaks at 700", far, [0.5] * 3, None),
        bench.Recorded("nan", near[:1], [], 60),
    ]
    assert [run.failed for run in runs] == [True, True, False, False, True]
    seen, false, delay = bench.score(runs, LIMITS)
    assert (seen, false, delay) == (2 / 3, 0.5, (1000 + 60) / 2)
    assert bench.broken_at("breaks at 700") == 700 and bench.broken_at("one picture") == 0


@pytest.mark.parametrize(
    "wreck",
    [
        failures.frozen("discriminator"),
        failures.frozen("generator"),
        failures.fakes_called_real,
        failures.unscaled,
        failures.rates_times(100.0),
        failures.from_step(2, failures.frozen("generator")),
    ],
)
def test_a_run_is_broken_as_its_name_says(wreck):
    """What is to be frozen is; the rest trains; and what is drawn from follows."""
    gan = tiny("blog", "training.ema_kimg=0.001")
    size = gan.config.model.resolution
    real = np.random.default_rng(0).uniform(-1, 1, (4, size, size, 3)).astype("float32")
    step = wreck(gan, compile_step(gan))
    networks = {"discriminator": gan.discriminator, "generator": gan.generator}
    before = {k: [np.array(w) for w in network.weights] for k, network in networks.items()}
    drawn = np.array(gan.sampler(gan.latents(2)))
    for number in (1, 2):
        assert {"d_loss", "g_loss"} <= set(step(number, real))
    assert np.array(gan.sampler(gan.latents(2))).shape == drawn.shape
    for name, network in networks.items():
        moved = any(
            not np.array_equal(a, np.array(b))
            for a, b in zip(before[name], network.weights, strict=True)
        )
        is_frozen = wreck.__qualname__.startswith("frozen") and (
            wreck.__closure__[0].cell_contents == name
        )
        assert moved is not is_frozen
