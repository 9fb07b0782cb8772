"""Each benchmark runs and prints its table; what it measures is for docs/, not for a test."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from anime_gan import backend
from anime_gan.data import demo
from benchmarks import answers, distances, duplicates, long_run, quiz_studies, start, thresholds
from benchmarks.step import PARTS
from tests.conftest import ROOT, SLOW_ON_JAX, size_of


def table_of(done) -> list[list[str]]:
    """The cells of the table that a finished process printed, without its heads."""
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[1:]]


@pytest.mark.backends
@SLOW_ON_JAX
def test_the_step_benchmark_prints_ratios(script):
    """Both loops at a tiny width, and the parts with their utilization."""
    small = "--width", "0.02", "--batch", "4", "--rounds", "1", "--no-compiled"
    done = script("benchmarks.step", *small)
    names = [row[0].split(",")[0] for row in table_of(done)]
    assert names[:2] == ["ours", "report's loop"] and set(PARTS) <= set(names)
    assert "GFLOP a step" in done.stdout


@pytest.mark.slow
def test_the_truncation_benchmark_has_a_row_for_each_psi(script, faces):
    """At psi 0 all faces are the mean face: it can't be near to every real one."""
    with zipfile.ZipFile(ROOT / "tests/files/before_the_move.zip") as file:
        file.extractall(script.folder)
    options = "--real", faces, "--count", "10", "--psi", "0,1"
    rows = table_of(script("benchmarks.truncation", "stylegan-before", *options))
    assert [row[0] for row in rows] == ["real vs real", "0", "1"]
    assert all(len(row) == 7 for row in rows) and float(rows[1][3]) < float(rows[0][3])


@pytest.mark.slow
def test_the_export_benchmark_has_two_rows_for_each_format(script):
    """Weights in float32 and in float16, which are half the size."""
    options = "--resolution", "16", "--formats", "onnx,npz"
    rows = table_of(script("benchmarks.export", "r3gan:0.05", *options))
    assert [row[2:4] for row in rows] == [
        [name, precision] for name in ("onnx", "npz") for precision in ("float32", "float16")
    ]
    sizes = [float(row[4]) for row in rows]
    assert sizes[0] > 1.8 * sizes[1] and sizes[2] > 1.8 * sizes[3]


@pytest.mark.slow
def test_the_loader_benchmark_prints_ratios(script, faces):
    """The report's reading against a first and a later start, and decoded against encoded."""
    done = script("benchmarks.loader", faces, "--count", "24")
    assert [row[0] for row in table_of(done)] == ["report", "first start", "later start"]
    assert "from encoded ones" in done.stdout


@pytest.mark.slow
def test_the_loader_benchmark_prints_waiting_times(script, faces):
    """Two versions, images in three places."""
    done = script("benchmarks.loader", faces, "--waiting", "--count", "24", "--steps", "1")
    rows = table_of(done)
    assert len(rows) == 6 and all(0 <= float(row[4][:-1]) < 100 for row in rows)


@pytest.mark.slow
def test_the_start_benchmark_prints_a_row(script, monkeypatch, tmp_path):
    """One step of a tiny run, in the folder that is prepared for it."""
    monkeypatch.setitem(start.TRAINED, "v5", [*script.tiny[1:], "model.latent_dim=8"])
    monkeypatch.setattr(start, "make_state", lambda *_: start_state())
    start.prepare(tmp_path)
    clock, processor = start.seconds("v5", backend.name(), str(tmp_path))
    assert clock > 0.5 and processor > 0.5


def start_state():
    """A tiny network in place of one of full width."""
    from benchmarks.common import make_state

    return make_state("version=v5", "model.width=0.02", "model.resolution=32")


def test_the_long_runs_table_and_growth(tmp_path):
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


@pytest.mark.slow
def test_the_growth_benchmark_measures_images(script):
    """From a few images to more, in relation to linear growth: the first row is on it."""
    first, second = table_of(script("benchmarks.growth", "images", "--sizes", "100,1100"))
    assert len(first) == len(second) > 6 and all("(1.00)" in cell for cell in first[1:])
    assert (first[0], second[0]) == ("100", "1100")
    assert all(float(cell.split()[0]) > 0 for cell in first[1:] + second[1:])


@pytest.mark.slow
@pytest.mark.slow
def test_the_growth_benchmark_compares_memory_with_the_estimate(script):
    """Whole and in micro batches; within a factor of two where the compiler knows the memory."""
    few = ("version=v1", "model.width=0.1", "training.batch_size=256", "--steps", "0")
    rows = table_of(script("benchmarks.growth", "micro_batch", *few, "--sizes", "null,64"))
    assert [row[0] for row in rows] == ["null", "64"]
    if backend.name() == "jax":
        for row in rows:
            measured, estimate = (float(cell.split()[0]) for cell in row[1:])
            assert 0.5 < estimate / measured < 2


@pytest.mark.slow
def test_the_distances_benchmark_prints_a_table(script, tmp_path):
    """Every way to degrade faces, in every strength, after real vs real."""
    some = demo.ensure_faces(tmp_path / "sixty", count=60, size=64)
    done = script("benchmarks.distances", some, "--count", "20")
    rows = table_of(done)
    assert len(rows) == 1 + 4 * len(distances.DEGRADED)
    assert rows[0][0] == "real vs real" and all(len(row) == 11 for row in rows)


def run_main(module, monkeypatch, capsys, *arguments) -> list[str]:
    """The lines that a benchmark prints, run within this process, which spares Keras's start."""
    monkeypatch.setattr("sys.argv", [module.__name__, *map(str, arguments)])
    module.main()
    return capsys.readouterr().out.splitlines()


def test_planted_copies_are_found(script, faces, monkeypatch, capsys):
    """Most of each kind; the sheet shows the faces that were in the set twice."""
    shutil.copytree(faces, script.folder / "faces")
    first = next((script.folder / "faces").iterdir())
    shutil.copy(first, first.with_stem("again"))
    sheet = script.folder / "pairs.png"
    given = (script.folder / "faces", "--planted", "4", "--sheet", sheet)
    lines = run_main(duplicates, monkeypatch, capsys, *given)
    shares = [float(line.split()[-2].rstrip("%")) for line in lines if line.endswith("% found")]
    assert len(shares) == len(duplicates.KINDS) and np.mean(shares) > 50
    assert size_of(sheet) == (12 * 132, 68)


def test_the_limits_of_cleaning_are_shown(script, monkeypatch, capsys):
    """A row for each reason, with numbers on either side of its limit."""
    out = script.folder / "limits.webp"
    lines = run_main(thresholds, monkeypatch, capsys, out)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert [row[0] for row in rows] == list(thresholds.ROWS)
    for _, limit, _, kept, dropped in rows:
        assert float(limit) == pytest.approx((float(kept) + float(dropped)) / 2, rel=0.1)
    assert 10_000 < out.stat().st_size < 150_000


def test_answers_are_timed_and_wrong_ones_marked(monkeypatch, capsys):
    """A row for each command; one that does not end with a sentence and status 2 is marked."""
    cases = {"data_loader": ["--help", "nowhere"], "sample": ["nobody"], "no_script": ["nobody"]}
    monkeypatch.setattr(answers, "CASES", cases)
    lines = run_main(answers, monkeypatch, capsys, "--rounds", "1")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert [row[0] for row in rows] == [
        "data_loader.py --help",
        "data_loader.py nowhere",
        "sample.py nobody",
        "no_script.py nobody",
    ]
    assert all(0 < float(row[1]) < 60 for row in rows)
    assert [row[2] in ("", "slow") for row in rows] == [True, True, True, False]


def test_quiz_studies_print_verdicts_and_coverage(monkeypatch, capsys):
    """A row for each kind of study, and one for each size of the effects."""
    few = ("--studies", "1", "--intervals", "5")
    lines = run_main(quiz_studies, monkeypatch, capsys, *few)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line]
    count = len(quiz_studies.CASES)
    assert [row[0] for row in rows[2 : 2 + count]] == [case.name for case in quiz_studies.CASES]
    assert all(row[2] == "100.0%" for row in rows[2 : 2 + count])
    assert len(rows) == count + len(quiz_studies.EFFECTS) + 4
    assert all(len(row) == len(quiz_studies.SIZES) + 1 for row in rows[count + 4 :])


@pytest.mark.slow
def test_the_screens_of_a_quiz_are_written(script, browser):
    """Five screens of a phone beside each other; `browser` skips where there is none."""
    browser.quit()
    done = script("benchmarks.quiz_screenshots", "screens.webp")
    assert done.returncode == 0, done.stderr
    assert size_of(script.folder / "screens.webp") == (5 * 392 + 4 * 12, 642)


@pytest.mark.slow
def test_the_held_out_benchmark_knows_the_images_themselves(script, faces):
    """The same images on both sides have no distance; a generator's have one."""
    options = "--real", faces, "--train", faces, "--count", "20", "--network", "lite0"
    known, drawn = table_of(script("benchmarks.held_out", "pretrained", *options))
    assert known[0] == "training images" and abs(float(known[1])) < 1e-3
    assert drawn[0] == "pretrained" and float(drawn[1]) > 10


@pytest.mark.slow
def test_the_benchmark_of_eyes_spoils_faces(script):
    """A row for each way; drawn faces with two eyes that differ are found."""
    demo.ensure_faces(script.folder / "many", count=1_200, seed=2, size=64)
    rows = table_of(script("benchmarks.eyes", "many", "--network", "lite0"))
    assert len(rows) == 6 and rows[0][0] == "not spoiled"
    found = {row[0]: int(row[1].rstrip("%")) for row in rows}
    assert found["one eye of another face"] > 50 > found["not spoiled"]


@pytest.mark.slow
def test_the_studio_benchmark_prints_speeds(script):
    """Of two generators, and writes the pictures of docs/studio.md."""
    if not shutil.which("chromedriver"):
        pytest.skip("no Chromium and chromedriver; on Debian: apt install chromium-driver")
    rows = table_of(script("benchmarks.studio", "--rounds", "1", "--pictures", script.folder))
    assert [row[0] for row in rows] == ["r3gan_cpu", "stylegan2_cpu"]
    assert all(float(row[3]) > 1 for row in rows)
    assert size_of(script.folder / "studio_phone.webp") == (390, 844)


@pytest.mark.slow
def test_the_directions_benchmark_has_a_row_for_each_step(script):
    """The further the hair goes, the more faces it changes in."""
    rows = table_of(script("benchmarks.directions", "--faces", "10", "--names", "hair"))
    rows = [row for row in rows if row[0] == "hair"]
    assert [row[1] for row in rows] == ["-3", "-2", "-1", "+1", "+2", "+3"]
    assert float(rows[0][2].strip("%")) >= float(rows[2][2].strip("%"))
