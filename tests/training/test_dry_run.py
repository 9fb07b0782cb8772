"""The cost that a dry run prints."""

from types import SimpleNamespace

import numpy as np

from anime_gan.config import load_config
from anime_gan.data.batches import Batch
from anime_gan.training import dry_run
from anime_gan.training.distribution import Group


def test_no_compilation_is_timed(monkeypatch, capsys):
    """Neither of the step with lazy penalties nor of that without; both count as in a run."""
    clock, calls = [0.0], []

    def step(images, labels=None):
        kind = len(calls) % 4 == 0
        clock[0] += (100 if kind not in calls else 0) + (5 if kind else 1)
        calls.append(kind)
        return {"d_loss": 1.0, "g_loss": 2.0}

    monkeypatch.setattr(dry_run, "compile_step", lambda state: step)
    monkeypatch.setattr(dry_run, "SECONDS", 50)
    monkeypatch.setattr(dry_run, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    words = ["r3gan", "model.width=0.01", "model.resolution=16", "objective.penalty_every=4"]
    config = load_config(None, [f"version={words[0]}", *words[1:], "training.steps=100"])
    images = np.zeros((config.training.batch_size, 16, 16, 3), "uint8")
    dry_run.dry_run(config, Batch(images, None), Group(config), ["A note."])
    printed = capsys.readouterr().out
    assert "2.00 s a step" in printed and "100 steps, 3:20" in printed  # 3 of 1 s, 1 of 5 s
    assert printed.endswith("A note.\n")
