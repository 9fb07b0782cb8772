"""Full checkpoints, from which a run resumes bit-exactly.

Each is an .npz, a zip of plain arrays that can run no code: the arrays of
`TrainState.named_variables` by name, and a JSON text with the step, the config and other facts. The
order of images is not stored: seed and step determine it.

The zip's comment at the end of the file is the SHA-256 of all bytes before it. It is checked before
anything in the file is used.
"""

import hashlib
import json
import os
import zipfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from anime_gan import console
from anime_gan.errors import UserError
from anime_gan.files import number_in, numbered, require_space, whole_file
from anime_gan.runs.folder import CHECKPOINT

FORMAT = 2  # of what save() writes

_FACTS = "facts.json"
_DIGITS = 64  # hexadecimal, of a checksum

Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Facts(BaseModel):
    """What a checkpoint holds besides its arrays; unknown keys are kept."""

    model_config = ConfigDict(strict=True, extra="allow")

    format: int = Field(ge=1)
    step: int = Field(ge=0)
    config: dict[str, Any]  # the run's, nested
    precision: Literal["float32", "bfloat16"]
    data_key: str
    micro_batch: int | None = Field(None, ge=1)  # images, where the batch is split
    seconds: float = Field(ge=0, allow_inf_nan=False)  # trained so far
    peak_memory: int = Field(0, ge=0)  # bytes
    rollbacks: int = Field(0, ge=0)  # to earlier checkpoints, so far
    sound: int | None = Field(None, ge=0)  # the step of the last healthy checkpoint
    # The first step of each growing stage, and the seconds after it; None where the config tells.
    grown: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] | None = None


def save(folder: Path, step: int, state: dict[str, Any], facts: dict[str, Any], keep: int) -> Path:
    """Write checkpoint `step` atomically; keep the newest `keep`, and the last healthy one.

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
            archive.comment = b"0" * _DIGITS
        with temporary.open("r+b") as file:
            checksum = _checksum(file)
            file.seek(-_DIGITS, os.SEEK_END)
            file.write(checksum)
    for old in _newer(folder, -1)[keep:]:
        if old != _path(folder, facts.get("sound")) and old.is_file():
            old.unlink()
    return path


def drop_after(folder: Path, step: int) -> None:
    """Remove the checkpoints that are newer than `step`.

    The newest one is removed last: after an interruption the next start rolls back again.
    """
    for path in reversed(_newer(folder, step)):
        path.unlink()


def set_aside(folder: Path, step: int) -> None:
    """Rename the checkpoints that are newer than `step`, from which the run resumes.

    They are damaged, and would count for `schedule.keep`.
    """
    for path in _newer(folder, step):
        names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in count())
        kept = path.rename(next(name for name in names if not name.exists()))
        console.warn(f"{path.name} is kept as {kept.name}.")


def newest(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of the newest whole checkpoint; None in a folder without any.

    Damaged ones are skipped with a warning: the one before is still good. UserError if all are
    damaged, or one has another format.
    """
    paths = _newer(folder, -1)
    whole = next(filter(None, map(_read, paths)), None)
    if paths and not whole:
        raise UserError(
            f"all checkpoints in {folder} are damaged; restore one from a backup, give the run "
            "another name with run=NAME, or remove them to train from the beginning."
        )
    return whole


def newest_facts(folder: Path) -> dict[str, Any] | None:
    """Return the facts of the newest checkpoint that has some, None if there is none.

    Neither arrays nor checksum are read, which takes seconds: to say something, not to resume.
    """
    return next(filter(None, map(_facts, _newer(folder, -1))), None)


def facts_at(folder: Path, step: int) -> dict[str, Any] | None:
    """Return the facts of checkpoint `step`, as newest_facts; None if it is damaged."""
    return _facts(_path(folder, step))


def _facts(path: Path) -> dict[str, Any] | None:
    with suppress(Exception):  # as in _read
        with np.load(path, allow_pickle=False) as archive:
            facts = json.loads(archive[_FACTS].tobytes())
        return Facts.model_validate(facts).model_dump()
    return None


def at(folder: Path, step: int | None) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of checkpoint `step`, None if it is missing or damaged."""
    path = _path(folder, step)
    return _read(path) if path.is_file() else None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of a checkpoint; None, with a warning, if it is damaged."""
    try:
        facts, arrays = _load(path)
        if facts["format"] > FORMAT:
            raise _other_format(path, "a newer")
        facts = Facts.model_validate(facts).model_dump()
        if facts["step"] != number_in(path, CHECKPOINT):
            raise ValueError(f"it is of step {facts['step']}")
    except UserError:
        raise
    except Exception as error:  # on damaged data, zipfile and NumPy raise errors of every kind
        reason = " ".join(str(error).split())[:150]
        console.warn(f"{path} is damaged and skipped ({reason}).")
        return None
    return facts, arrays


def _other_format(path: Path, version: str) -> UserError:
    return UserError(
        f"{path} was written by {version} version of the project; resume with that version, or "
        "start a new run with run=NAME."
    )


def _load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the facts, not validated, and the arrays of a checkpoint whose checksum matches."""
    if not path.is_file():
        raise ValueError("it is not a file")
    if path.stat().st_size <= _DIGITS:
        raise ValueError("it is cut off")
    with path.open("rb") as file:
        if _checksum(file) != (ending := file.read()):
            if ending[-22:].startswith(b"PK\5\6") and ending.endswith(b"\0\0"):
                raise _other_format(path, "an earlier")  # format 1, a zip file without a comment
            raise ValueError("its checksum does not match")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    return json.loads(arrays.pop(_FACTS).tobytes()), arrays


def _checksum(file: BinaryIO) -> bytes:
    """Return the SHA-256 digits of an open file up to its last _DIGITS bytes, and seek to these."""
    left, digest = file.seek(0, os.SEEK_END) - _DIGITS, hashlib.sha256()
    file.seek(0)
    while part := file.read(min(left, 2**20)):
        digest.update(part)
        left -= len(part)
    return digest.hexdigest().encode()


def restore(state: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Assign the arrays of a checkpoint to the variables of a state, by name.

    UserError if names or shapes differ; then no variable is changed.
    """
    wrong = set(state) ^ set(arrays) or {
        name for name in state if tuple(state[name].shape) != arrays[name].shape
    }
    if wrong:
        raise UserError(
            f"the checkpoint does not match these networks ({min(wrong)} differs); resume with the "
            "version of the project that wrote it, or start a new run with run=NAME."
        )
    for name, variable in state.items():
        variable.assign(arrays[name])


def _path(folder: Path, step: int | None) -> Path:
    return folder / CHECKPOINT.format(step)


def _newer(folder: Path, step: int) -> list[Path]:
    """Return the checkpoints that are newer than `step`, newest first."""
    found = numbered(folder, CHECKPOINT)
    return [found[number] for number in reversed(found) if number > step]
