"""Full checkpoints: everything a run needs to go on as if it had never stopped.

One .npz a checkpoint (a zip of plain arrays, nothing in it can run code): the arrays of `Gan.state`
by name, and one JSON text with the step, the config and the rest. The picture order needs no state
of its own, since the loader's batches follow from seed and step.

The zip's comment, which ends the file, is the SHA-256 of all bytes before it: no byte can change,
nor be missing, without being noticed before any of them is believed.
"""

import hashlib
import json
import os
import sys
import zipfile
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from anime_gan.errors import UserError
from anime_gan.files import number_in, numbered, require_space, whole_file
from anime_gan.runs.folder import CHECKPOINT

FORMAT = 2  # of what save() writes

_FACTS = "facts.json"
_SUM = 64  # hexadecimal digits


class Facts(BaseModel):
    """What a checkpoint says beside its arrays.

    config: the run's, as a nested dict. seconds: trained so far. peak_memory: in bytes. sound: the
    step of the last sound checkpoint. Other keys are kept as they are.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    format: int = Field(1, ge=1)
    step: int = Field(ge=0)
    config: dict[str, Any]
    precision: Literal["float32", "bfloat16"]
    data_key: str
    seconds: float = Field(ge=0, allow_inf_nan=False)
    peak_memory: int = Field(0, ge=0)
    rollbacks: int = Field(0, ge=0)
    sound: int | None = Field(None, ge=0)


def save(
    folder: Path,
    step: int,
    state: dict[str, Any],
    facts: dict[str, Any],
    keep: int,
    spare: int | None = None,
) -> Path:
    """Write checkpoint `step` of a run, whole or not at all; keep the newest `keep` and `spare`.

    state: Keras variables, or arrays, by name. facts: those of `Facts`, but for format and step.
    """
    arrays = {name: np.asarray(variable) for name, variable in state.items()}
    require_space(folder, sum(array.nbytes for array in arrays.values()) + 2**20)
    path = _path(folder, step)
    text = json.dumps(facts | {"format": FORMAT, "step": step}).encode()
    with whole_file(path) as temporary:
        with temporary.open("wb") as file:
            np.savez(file, **{_FACTS: np.frombuffer(text, np.uint8)}, **arrays)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.comment = b"0" * _SUM
        with temporary.open("r+b") as file:
            found = _checksum(file)
            file.seek(-_SUM, os.SEEK_END)
            file.write(found)
    for old in _paths(folder)[keep:]:
        if old != _path(folder, spare) and old.is_file():
            old.unlink()
    return path


def drop_after(folder: Path, step: int) -> None:
    """Remove the checkpoints that are newer than `step`, the newest last: cut off, it is done anew
    at the next start.
    """
    for path in reversed(_newer(folder, step)):
        path.unlink()


def set_aside(folder: Path, step: int) -> None:
    """Rename the checkpoints that were passed over, those newer than `step`: the run goes on from
    there, and they have no place in it any more.
    """
    for path in _newer(folder, step):
        names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in count())
        kept = path.rename(next(name for name in names if not name.exists()))
        print(f"{path.name} is kept as {kept.name}.", file=sys.stderr)


def newest(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of the newest whole checkpoint in a folder, None if it has none.

    One that is damaged is passed over with a word about it: the one before it is still good.
    UserError if all are damaged, or one is of a newer format.
    """
    paths = _paths(folder)
    found = next(filter(None, map(_read, paths)), None)
    if paths and not found:
        raise UserError(
            f"no checkpoint in {folder} is whole any more; put one back from a copy, give the run "
            "another name with run=NAME, or remove them to let it begin anew."
        )
    return found


def at(folder: Path, step: int | None) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of checkpoint `step`, or None if it is not there or damaged."""
    path = _path(folder, step)
    return _read(path) if path.is_file() else None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of a checkpoint, or None, with a word about it, if damaged."""
    try:
        facts, arrays = _load(path)
        newer = facts.get("format", 1) > FORMAT
        facts = facts if newer else Facts.model_validate(facts).model_dump()
        if not newer and facts["step"] != _step_of(path):
            raise ValueError(f"it is of step {facts['step']}")
    except Exception as error:  # on damaged data, zipfile and NumPy raise all there is
        reason = " ".join(str(error).split())[:150]
        print(f"{path} is damaged and passed over ({reason}).", file=sys.stderr)
        return None
    if newer:
        raise UserError(
            f"{path} was written by a newer version of the project; go on with that, or give this "
            "run another name with run=NAME."
        )
    return facts, arrays


def _load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the facts, as they are, and the arrays of a checkpoint whose bytes are those that were
    written; all kinds of errors if they are not.
    """
    if not path.is_file():
        raise ValueError("it is no file")
    if path.stat().st_size <= _SUM:
        raise ValueError("it is cut off")
    with path.open("rb") as file:
        if _checksum(file) != file.read():
            raise ValueError("its bytes do not fit its checksum")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    return json.loads(arrays.pop(_FACTS).tobytes()), arrays


def _checksum(file: BinaryIO) -> bytes:
    """Return the SHA-256, in hexadecimal, of all of an open file but its last digits, where it then
    stands.
    """
    left, found = file.seek(0, os.SEEK_END) - _SUM, hashlib.sha256()
    file.seek(0)
    while part := file.read(min(left, 2**20)):
        found.update(part)
        left -= len(part)
    return found.hexdigest().encode()


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
    return folder / CHECKPOINT.format(step)


def _step_of(path: Path) -> int:
    """Return the step that a checkpoint is named by."""
    return number_in(path, CHECKPOINT)


def _newer(folder: Path, step: int) -> list[Path]:
    """Return the checkpoints that are newer than `step`, newest first."""
    return [path for path in _paths(folder) if _step_of(path) > step]


def _paths(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, newest first."""
    return [*reversed(numbered(folder, CHECKPOINT).values())]
