"""The first command in a fresh clone."""

import subprocess
import sys

from tests.conftest import ROOT


def test_without_the_packages_it_says_what_to_install():
    """In a sentence; -S hides everything that is installed."""
    for script in ("sample", "train_gan"):
        code = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module({script!r})"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True
        )
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert "pip install -r requirements.txt" in done.stderr
