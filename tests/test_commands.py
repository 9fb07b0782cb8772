"""How all scripts read their arguments."""

import argparse
import subprocess
import sys

import pytest

from anime_gan import commands
from anime_gan.errors import UserError
from tests.conftest import ROOT

SCRIPTS = sorted(path.stem for path in ROOT.glob("*.py"))


def test_a_notebooks_own_arguments_are_not_the_scripts(monkeypatch):
    """A kernel is started with "-f" and a file; train_gan.main() in a cell must not read it."""
    monkeypatch.setattr(sys, "argv", ["/x/ipykernel_launcher.py", "-f", "kernel.json"])
    assert commands.own_arguments() == []
    parser = commands.Parser()
    assert vars(parser.parse_args()) == {}
    with pytest.raises(UserError) as caught:
        parser.parse_args(["--steps", "20"])
    assert "ipykernel" not in str(caught.value)  # it has no such --help
    monkeypatch.setattr(sys, "argv", ["train_gan.py", "v4"])
    assert commands.own_arguments() == ["v4"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_native_windows_is_one_sentence(script):
    """Its Python has neither fcntl nor resource."""
    code = (
        "import sys; sys.modules['fcntl'] = sys.modules['resource'] = None; import signal; "
        f"del signal.SIGHUP; sys.argv = ['{script}.py', '--help']; import {script}; {script}.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("error: "), done.stderr
    assert "WSL2" in done.stderr and done.stderr.count("\n") == 1


def test_lists_that_begin_with_a_minus_are_values():
    """--psi -1,0.5 as well as --psi=-1,0.5; other options stay as they are."""
    given = ["faces", "--psi", "-1,0.5", "--out", "-1,2", "--psi", "-.5", "--psi", "--size"]
    expected = ["faces", "--psi=-1,0.5", "--out", "-1,2", "--psi=-.5", "--psi", "--size"]
    assert commands.with_negatives(given, "--psi") == expected


def test_a_number_is_one_as_in_a_config():
    """1e3 is a whole number; what has a leading zero is none, since some take 010 for eight."""
    whole, real = commands.number(1, 10**9, int), commands.number(0, 100)
    assert [whole("1e3"), whole("12"), real("1e-1"), real("0.5")] == [1000, 12, 0.1, 0.5]
    assert type(whole("1e3")) is int
    for text in ("010", "1.5", "15e-1", "1e99", "1e999", "many", "", "nan", "-1"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not a number from 1"):
            whole(text)
    with pytest.raises(argparse.ArgumentTypeError):
        real("01.5")
