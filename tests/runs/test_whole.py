"""A damaged file of a network is named at once: before Keras is imported, which takes seconds."""

import os
import subprocess
import sys
import zipfile

import pytest

from anime_gan.errors import UserError
from anime_gan.runs.whole import require_whole
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path):
    """Two runs: a whole one and one with damaged files."""
    with zipfile.ZipFile(ROOT / "tests/files/before_the_move.zip") as file:
        file.extractall(tmp_path)
    folder = tmp_path / "weights/v5-before"
    whole = (folder / "generator_2.keras").read_bytes()
    half = len(whole) // 2
    files = {
        "cut": whole[:half],
        "flipped": whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :],
        "empty": b"",
        "text": b"<html>404</html>",
    }
    for name, data in files.items():
        (folder / f"{name}.keras").write_bytes(data)
    with zipfile.ZipFile(folder / "photos.keras", "w") as file:
        file.writestr("photo.png", b"photo")
    raw = (folder / "gan_weights_2.weights.h5").read_bytes()
    (folder / "cut.weights.h5").write_bytes(raw[: len(raw) // 2])
    (tmp_path / "alone.weights.h5").write_bytes(raw)
    return tmp_path


DAMAGED = [f"{name}.keras" for name in ("cut", "flipped", "empty", "text", "photos")]
DAMAGED.append("cut.weights.h5")


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named(project, name):
    """Whole files of both kinds pass."""
    folder = project / "weights/v5-before"
    for whole in ("generator_2.keras", "gan_weights_2.weights.h5"):
        require_whole(folder / whole)
    with pytest.raises(UserError, match=rf"{name} can't be loaded: it is damaged, or "):
        require_whole(folder / name)


def test_scripts_name_it_before_keras_is_imported(project):
    """sample.py and evaluate.py, also for a feature network; one sentence and status 2."""
    program = f"""
import sys
import evaluate, sample
for script, line in {COMMANDS!r}:
    sys.argv = [script, *line.split()]
    try:
        (sample if script == "sample.py" else evaluate).main()
    except SystemExit as end:
        assert end.code == 2, line
    else:
        raise AssertionError(line)
assert "keras" not in sys.modules
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    errors = done.stderr.splitlines()
    assert len(errors) == len(COMMANDS) and all(line.startswith("error: ") for line in errors)
    assert "alone.weights.h5 is not a generator" in errors[-1]


CUT = "weights/v5-before/cut.keras"
COMMANDS = [
    ("sample.py", CUT),
    ("sample.py", "walk weights/v5-before/cut.weights.h5 --seeds 1,2"),
    ("evaluate.py", f"{CUT} --count 10"),
    ("evaluate.py", f"v5-before --network {CUT} --input-size 32 --scale 0,1"),
    ("sample.py", "alone.weights.h5"),
]
