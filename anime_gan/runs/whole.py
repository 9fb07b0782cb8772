"""Whether a file of a network is whole, without Keras, whose import takes seconds."""

from __future__ import annotations

import zipfile
from pathlib import Path

from anime_gan.errors import UserError

UNPACKED = 10  # a .keras unpacks to at most 10 times its size; Keras compresses nothing


def require_whole(path: Path) -> None:
    """Raise UserError if a .keras or .h5 file is damaged so that Keras could not load it.

    Of a .keras all checksums are compared; a .h5 has none that every program writes, so it is only
    opened.
    """
    try:
        if path.suffix == ".keras":
            check_zip(path)
        else:
            import h5py

            h5py.File(path).close()
    except Exception as error:  # on damaged data they raise errors of every kind
        raise damaged(path, error) from None


def damaged(path: Path, error: Exception) -> UserError:
    """Return the error of a file that can't be loaded."""
    reason = " ".join(str(error).split())[:120]
    other = "not of the network that the config.yaml beside it describes"
    if path.suffix == ".keras":
        other = "not a network that Keras saved"
    return UserError(f"{path} can't be loaded: it is damaged, or {other} ({reason}).")


def check_zip(path: Path) -> None:
    """Raise an error if a .keras is damaged, or unpacks to far more than its size."""
    with zipfile.ZipFile(path) as file:
        if sum(part.file_size for part in file.infolist()) > UNPACKED * path.stat().st_size:
            raise ValueError(f"it unpacks to over {UNPACKED} times its size")
        if missing := {"config.json", "model.weights.h5"} - {*file.namelist()}:
            raise ValueError(f"it holds no {min(missing)}")
        if file.testzip():
            raise ValueError("its checksum does not match")
