"""A run's lock is held as long as the run is open, and no longer."""

import pytest

from anime_gan.errors import UserError
from anime_gan.runs.run import Run


def test_a_run_that_could_not_be_opened_is_not_locked(tmp_path, monkeypatch):
    """In a notebook the process goes on: it would be called trained by another process."""
    monkeypatch.chdir(tmp_path)
    with Run("v5") as run, pytest.raises(UserError, match="another process"):
        Run("v5")
    damaged = run.folder.weights / "checkpoint_1.npz"
    damaged.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(UserError, match="damaged"):
            Run("v5")
    damaged.unlink()
    with Run("v5"):
        pass
