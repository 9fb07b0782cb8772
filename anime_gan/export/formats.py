"""The formats that a trained generator is exported to, and what they need.

Importing this module imports no Keras.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from anime_gan.errors import UserError

PARTS = ("whole", "mapping", "synthesis")


@dataclass(frozen=True)
class Format:
    """A format of files that other programs read.

    Args:
        suffix: of its files; "" for a folder.
        module: a module with two functions. `write(generator, network, float16, card,
            path)` writes a file of the network, which is a part of the generator; `open_file(path)`
            returns its function, from arrays by name to its output.
        packages: what must be installed, by the names that Python imports.
        parts: which of PARTS it can hold.
        is_network: whether it holds one network that is exported. If not, `write` gets None.
    """

    suffix: str
    module: str
    packages: Sequence[str] = ()
    parts: Sequence[str] = PARTS
    is_network: bool = True


FORMATS = {
    "onnx": Format(
        ".onnx", "anime_gan.export.onnx", ("tensorflow", "tf2onnx", "onnx", "onnxruntime")
    ),
    "litert": Format(".tflite", "anime_gan.export.litert", ("tensorflow",)),
    "savedmodel": Format("", "anime_gan.export.saved_model", ("tensorflow",)),
    "npz": Format(".npz", "anime_gan.export.arrays", parts=("whole",), is_network=False),
}


def require_packages(form: Format) -> None:
    """Raise UserError if a package is missing that the format needs."""
    for package in form.packages:
        if not _is_installed(package):
            raise UserError(
                f"this format needs {package}, which is not installed; run pip install "
                f"{_pinned(package)}, or export NumPy arrays, which need no other package."
            )


def _is_installed(package: str) -> bool:
    with suppress(ValueError):  # sys.modules[package] is None: imports of it are blocked
        return importlib.util.find_spec(package) is not None
    return False


def _pinned(package: str) -> str:
    """Return a package with the version that the project pins, such as tf2onnx==1.17.0."""
    file = Path(__file__).parents[2] / "requirements.txt"
    with suppress(OSError, PackageNotFoundError):
        lines = file.read_text().splitlines() if file.is_file() else requires("anime-gan") or []
        return next((line for line in lines if re.match(rf"{package}\b", line)), package)
    return package


def choose_backend() -> None:
    """Choose TensorFlow as Keras's backend where it is installed: most formats need it.

    Any backend opens the files of the other. Once Keras is imported, it is too late.
    """
    if "keras" not in sys.modules and _is_installed("tensorflow"):
        os.environ["KERAS_BACKEND"] = "tensorflow"
