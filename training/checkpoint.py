"""Full checkpoints: everything a run needs to go on as if it had never stopped.

One .npz a checkpoint (a zip of plain arrays, each with its own CRC, nothing in it can run code):
the arrays of `Gan.state` by name, and one JSON text with the step, the config and the rest. The
picture order needs no state of its own, since the loader's batches follow from seed and step.
"""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from errors import UserError
from training.files import require_space, whole_file

_FACTS = "facts.json"


def save(
    folder: Path,
    step: int,
    state: dict[str, Any],
    facts: dict[str, Any],
    keep: int,
    spare: int | None = None,
) -> Path:
    """Write checkpoint `step` of a run, whole or not at all; keep the newest `keep` and `spare`.

    state: Keras variables, or arrays, by name. facts: what else belongs to the run, as JSON can
    hold it.
    """
    arrays = {name: np.asarray(variable) for name, variable in state.items()}
    require_space(folder, sum(array.nbytes for array in arrays.values()) + 2**20)
    path = _path(folder, step)
    text = np.frombuffer(json.dumps(facts | {"step": step}).encode(), np.uint8)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{_FACTS: text}, **arrays)
    for old in _paths(folder)[keep:]:
        if old != _path(folder, spare):
            old.unlink(missing_ok=True)
    return path


def drop_after(folder: Path, step: int) -> None:
    """Remove the checkpoints that are newer than `step`, the newest last: cut off, it is done anew
    at the next start.
    """
    for path in reversed(_paths(folder)):
        if int(path.stem.rpartition("_")[2]) > step:
            path.unlink()


def newest(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of the newest whole checkpoint in a folder, or None.

    One that can't be read is passed over with a word about it: the one before it is still good.
    """
    return next(filter(None, map(_read, _paths(folder))), None)


def at(folder: Path, step: int | None) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of checkpoint `step`, or None if it is not there or damaged."""
    path = _path(folder, step)
    return _read(path) if path.is_file() else None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of a checkpoint, or None, with a word about it, if damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(arrays.pop(_FACTS).tobytes()), arrays
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        print(f"{path} is damaged and passed over ({error}).")
        return None


def restore(state: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Give every variable of `state` its value; UserError, before any is set, if names or shapes
    are not those of the checkpoint.
    """
    wrong = set(state) ^ set(arrays) or {
        name for name in state if tuple(state[name].shape) != arrays[name].shape
    }
    if wrong:
        raise UserError(
            f"the checkpoint does not fit these networks ({min(wrong)} differs); it was written by "
            "another version of the project, so give the run another name with run=NAME."
        )
    for name, variable in state.items():
        variable.assign(arrays[name])


def _path(folder: Path, step: int | None) -> Path:
    """Return where checkpoint `step` lies."""
    return folder / f"checkpoint_{step}.npz"


def _paths(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, newest first."""
    found = {
        int(match[1]): path
        for path in folder.glob("checkpoint_*.npz")
        if (match := re.fullmatch(r"checkpoint_(\d+)", path.stem))
    }
    return [found[step] for step in sorted(found, reverse=True)]
