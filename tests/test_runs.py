"""The table of runs."""

import json
import shutil

import runs
from anime_gan.files import lock


def test_every_run_has_a_line(script, call, capfd, monkeypatch):
    """Version, progress, best distance and state; a run that is being trained, one that is odd."""
    assert call("runs.py")[0] == 0
    assert call("train_gan.py", *script.tiny, "training.steps=2", "run=done", "version=v2")[0] == 0
    weights, images = (script.folder / name for name in ("weights", "gan_images"))
    rows = [{"step": step, "whole": {"frechet": d}} for step, d in ((1, 9.5), (2, 12.0))]
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
    assert done.split() == ["done", "v2", "2", "8", "0", "min", "9.5", "1", "finished"]
    assert any(line.startswith("busy") and line.endswith("training") for line in table)
    assert any(line.startswith("odd") and line.endswith("unreadable config") for line in table)
    assert not (weights / "odd/.lock").exists()
