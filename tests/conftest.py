"""What the tests share: tiny networks and a way to run the scripts as a user does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import training.backend  # noqa: F401 (chooses Keras's backend)

ROOT = Path(__file__).parents[1]
TINY = ["model.width=0.02", "training.batch_size=4", "data.images=demo_faces"]


@pytest.fixture(scope="session")
def faces(tmp_path_factory) -> Path:
    """A folder of 24 drawn faces."""
    from demo_faces import ensure_faces

    return ensure_faces(tmp_path_factory.mktemp("faces") / "drawn", count=24, seed=0, size=64)


@pytest.fixture
def script(tmp_path, faces):
    """A function that runs one of the scripts in a folder with a space in its name.

    It returns the finished process, whose output is text and whose folder is `script.folder`.
    """
    folder = tmp_path / "a user's folder"
    folder.mkdir()

    def run(name: str, *arguments, **options) -> subprocess.CompletedProcess:
        environment = os.environ | options.pop("env", {})
        return subprocess.run(
            [sys.executable, str(ROOT / name), *map(str, arguments)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            **options,
        )

    run.folder = folder
    run.tiny = [
        f"data.images={faces}",
        "model.width=0.02",
        "training.batch_size=4",
        "training.precision=float32",
    ]
    return run
