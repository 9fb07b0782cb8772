"""What README.md promises: its Python code runs, its links and commands exist."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from anime_gan.config import load_config
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_python_code_runs(script, faces, call):
    """As it stands there, beside a run of that name and a set of faces."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert len(code.splitlines()) <= 20
    own = ["run=r3gan-cpu", "version=r3gan", "training.steps=1", "model.latent_dim=8"]
    status, errors = call("train_gan.py", *script.tiny, *own, "model.resolution=64")
    assert status == 0, errors
    code = code.replace('"faces.zip"', repr(str(faces)))
    code += "assert faces.shape == (16, 64, 64, 3) and faces.dtype == 'uint8'\n"
    code += "assert scores.shape == (16, 1) and real.shape == faces.shape\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=script.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Every relative link is a file of the project."""
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page):
    """A script or module is there, its code has the options, and a config has the keys."""
    for module, words in re.findall(r"python ((?:-m )?[\w.]+)([^`#\n]*)", page.read_text()):
        if module in ("-m pytest", "-m benchmarks.NAME"):
            continue
        name = module.removeprefix("-m ")
        file = importlib.util.find_spec(name).origin if name != module else ROOT / name
        files = [Path(file)]
        if name == "sample.py":
            files += (ROOT / "anime_gan/sampling").glob("*.py")
        code = "".join(path.read_text() for path in files)
        for option in re.findall(r"--[\w-]+", words):
            assert f'"{option}"' in code, (module, option)
        words = re.sub(r"--(label|set) \S+", "", words)  # hair=blue is no key
        file = re.search(r"--config (\S+)", words)
        keys = [word for word in words.split() if re.match(r"[a-z_.]+=", word)]
        load_config(file and str(ROOT / file[1]), keys)
