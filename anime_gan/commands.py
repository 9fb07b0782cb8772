"""The installed commands, such as `train-gan`, and how all scripts read their arguments.

Each command runs the script of that name. In a clone (also with `pip install -e`) the scripts are
beside the package; after `pip install .` they are in anime_gan/scripts/.
"""

import argparse
import importlib.util
import re
import runpy
import sys
from functools import partial
from pathlib import Path

from anime_gan.errors import UserError


class Parser(argparse.ArgumentParser):
    """A parser that keeps the lines of its description, and whose errors are one sentence."""

    def __init__(self, **options):
        if importlib.util.find_spec("fcntl") is None:
            raise UserError(
                "this Python has no fcntl, as on native Windows; run the project in WSL2, with the "
                "same commands."
            )
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def parse_known_args(self, args=None, namespace=None):
        """As argparse's, by default of own_arguments()."""
        return super().parse_known_args(own_arguments() if args is None else args, namespace)

    def error(self, message: str):
        """Raise UserError."""
        raise UserError(f"{message}." if in_notebook() else f"{message}; see {self.prog} --help.")


def own_arguments() -> list[str]:
    """Return the arguments of the script; none in a notebook, where they are the kernel's."""
    return [] if in_notebook() else sys.argv[1:]


def in_notebook() -> bool:
    """Return whether the command line is that of a notebook's kernel."""
    return Path(sys.argv[0]).name == "ipykernel_launcher.py"


def with_negatives(argv: list[str], *options: str) -> list[str]:
    """Return the arguments with "--psi -1,0.5" as "--psi=-1,0.5", for some options.

    argparse takes a value that begins with a minus for an option, unless it is one number.
    """
    joined = []
    for argument in argv:
        if joined and joined[-1] in options and re.match(r"-[\d.]", argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def number(low: float, high: float, kind: type = float):
    """Return a function that reads a number from low to high, for the type of an argument."""

    def read(text: str):
        try:  # as in a config: 1e3 is a whole number, and 010 is none
            value = float(text) if "e" in text.lower() else kind(text)
            is_plain = kind(value) == value and not re.match(r"[-+]?0\d", text)
            value = kind(value) if is_plain else None
        except (ValueError, OverflowError):
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:,} to {high:,}")
        return value

    return read


def checked_file(out: Path, suffixes: tuple[str, ...]) -> Path:
    """Return the output file, with the first suffix if it has none."""
    if out.exists() and not (out.is_file() or out.is_dir()):  # such as /dev/null
        raise UserError(f"--out is {out}, which is not a regular file; name one.")
    is_complete = out.suffix or out.name in ("", "..") or out.is_dir()
    named = out if is_complete else out.with_suffix(suffixes[0])
    if named.suffix.lower() not in suffixes or named.is_dir():
        raise UserError(f"--out is {out}, but must be a file ending in {' or '.join(suffixes)}.")
    return named


def _run(name: str) -> None:
    folder = Path(__file__).with_name("scripts")
    if not folder.is_dir():
        folder = Path(__file__).parents[1]
    runpy.run_path(str(folder / f"{name}.py"), run_name="__main__")


compare = partial(_run, "compare")
data_loader = partial(_run, "data_loader")
directions = partial(_run, "directions")
train_upscaler = partial(_run, "train_upscaler")
evaluate = partial(_run, "evaluate")
export = partial(_run, "export")
features = partial(_run, "features")
models = partial(_run, "models")
prepare_faces = partial(_run, "prepare_faces")
quiz = partial(_run, "quiz")
runs = partial(_run, "runs")
sample = partial(_run, "sample")
studio = partial(_run, "studio")
train_gan = partial(_run, "train_gan")
