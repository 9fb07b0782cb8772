"""The table of runs, and the page of one."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import runs
from anime_gan.files import lock
from tests.conftest import ROOT


def test_every_run_has_a_line(script, call, capfd, monkeypatch):
    """Version, progress, best distance and state; a run that is being trained, one that is odd."""
    assert call("runs.py")[0] == 0
    assert call("train_gan.py", *script.tiny, "training.steps=2", "run=done", "version=v2")[0] == 0
    weights, images = (script.folder / name for name in ("weights", "gan_images"))
    by = {"network": "lite0", "count": 9}
    rows = [by | {"step": step, "whole": {"frechet": d}} for step, d in ((1, 9.5), (2, 12.0))]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (images / "done/metrics.jsonl").write_text(lines + '{"step": 3, "wh')
    shutil.copytree(weights / "done", weights / "busy")
    (weights / "odd").mkdir()
    (weights / "odd/config.yaml").write_text("model: 3")
    capfd.readouterr()
    assert lock(weights / "busy/.lock", "")
    monkeypatch.setattr("sys.argv", ["runs.py"])
    runs.main()
    heads, *table = capfd.readouterr().out.splitlines()
    assert heads.split()[:3] == ["run", "version", "step"] and max(map(len, table)) <= 80
    done = next(line for line in table if line.startswith("done"))
    before, minutes, after = re.fullmatch(r"(.*?)(\d+) min(.*)", done).groups()
    assert before.split() == ["done", "v2", "2", "8"] and int(minutes) < 10
    assert after.split() == ["9.5", "1", "finished"]
    assert any(line.startswith("busy") and line.endswith("training") for line in table)
    assert any(line.startswith("odd") and line.endswith("unreadable config") for line in table)
    assert not (weights / "odd/.lock").exists()


def test_the_page_of_a_run_is_written_without_keras(script, faces):
    """By its name, or from another folder; also of an old run, of which grids are left."""
    folder = script.folder / "gan_images/old"
    folder.mkdir(parents=True)
    shutil.copy(next(faces.glob("*.png")), folder / "gan_500.png")
    (script.folder / "weights").mkdir()
    program = "import runs, sys; runs.main(); sys.exit('keras' in sys.modules)"
    for name, place in (("old", script.folder), ("gan_images/old", script.folder), (".", folder)):
        done = subprocess.run(
            [sys.executable, "-c", program, name],
            cwd=place,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        page = place / done.stdout.strip()
        assert page.samefile(folder / "index.html")
        assert "Generated at step" in page.read_text() and "<dd>500</dd>" in page.read_text()


@pytest.mark.parametrize("name", ["new", "weights/new", ".."])
def test_no_page_of_what_is_no_run(script, call, name):
    """A sentence that says which runs there are."""
    status, errors = call("runs.py", name)
    assert status == 2 and errors.startswith("error: there is no run") and errors.count("\n") == 1
    assert not [*script.folder.rglob("index.html")]
