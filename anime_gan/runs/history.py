"""The logs of a run: one JSON line a step, the curves in TensorBoard, and the curve of losses.

A run may have millions of steps, so none of them are kept in memory: files are read and written
line by line, and the curve of losses has as many points as an image can show.
"""

import itertools
import json
import math
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NotRequired

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from anime_gan.errors import UserError
from anime_gan.files import Appended, whole_file
from anime_gan.runs.grids import LossPlot
from anime_gan.runs.tensorboard import Board

STRICT = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


def row_type(columns: dict[str, Any]) -> TypeAdapter:
    """Return the type of a log's rows: a step and these columns, by their types, and any others.

    Numbers must be numbers, and finite.
    """
    row = TypedDict("Row", {"step": Annotated[int, Field(ge=1)], **columns})
    return TypeAdapter(with_config(STRICT)(row))


COLUMNS = ("d_loss", "g_loss", "real_accuracy", "fake_accuracy", "images_per_second")
# Not in all runs: some losses have no parts, and older runs log fewer columns.
FURTHER = ("d_loss_real", "d_loss_fake", "d_rate", "g_rate", "trained")
LOSSES = row_type(dict.fromkeys(COLUMNS, float) | dict.fromkeys(FURTHER, NotRequired[float]))
# What the curves of a run's page show.
CURVES = ("d_loss", "g_loss", "d_loss_real", "d_loss_fake", "real_accuracy", "fake_accuracy")
CURVES += ("d_rate", "g_rate")
# The names of curves in TensorBoard, which groups them by what is before the slash.
TAGS = {
    "d_loss": "loss/discriminator",
    "d_loss_real": "loss/discriminator_real",
    "d_loss_fake": "loss/discriminator_fake",
    "g_loss": "loss/generator",
    "penalty": "loss/penalty",
    "path_length": "loss/path_length",
    "real_accuracy": "accuracy/real",
    "fake_accuracy": "accuracy/fake",
    "real_score": "score/real",
    "fake_score": "score/fake",
    "d_rate": "rate/discriminator",
    "g_rate": "rate/generator",
    "augment_p": "rate/augment_p",
    "kimg": "time/kimg",
    "trained": "time/trained",
}
POINTS = 10_000  # of the curve of losses, at most


class NotFinite(UserError):
    """A loss is not finite, first at `step`."""

    def __init__(self, step: int, row: dict[str, float]):
        super().__init__(
            f"a loss is not a finite number at step {step} (discriminator {row['d_loss']}, "
            f"generator {row['g_loss']}); lower generator.rate and discriminator.rate, and give "
            "the same command again to resume from the last checkpoint."
        )
        self.step = step


class History:
    """Collects the scalars of every step in losses.jsonl and in `board`, TensorBoard's file."""

    def __init__(self, folder: Path, step: int, batch_size: int):
        """Open both in a folder; curve: the CURVES of all steps so far.

        step: from which the run resumes; rows of later steps are dropped, because these steps are
        repeated. batch_size: real images a step, for images per second.
        """
        self.curve, self._plot = Curve(CURVES), LossPlot()
        self._lines = Lines(folder / "losses.jsonl", step, LOSSES, self.curve.add)
        self._sums, self._count = dict[str, float](), 0
        self.board = Board(folder / "tensorboard", step)
        self._pending: list[tuple[int, dict]] = []
        self._batch_size = batch_size
        self._flushed = time.perf_counter()
        self.step_seconds: float | None = None

    def add(self, step: int, scalars: dict) -> None:
        """Take a step's scalars; every second they are fetched from the device and written.

        Fetching waits for the device, so it is not done at every step.
        """
        if self.step_seconds is None and not self._pending:
            self.skip_pause()  # the first step compiles
        self._pending.append((step, scalars))
        if time.perf_counter() - self._flushed > 1:
            self.flush()

    def flush(self) -> None:
        """Write what was added, up to the first loss that is not finite: then raise NotFinite."""
        pending, self._pending = self._pending, []
        rows = [(step, {k: float(v) for k, v in scalars.items()}) for step, scalars in pending]
        now = time.perf_counter()
        rate = self._batch_size * len(rows) / (now - self._flushed)
        if rows:
            self.step_seconds = (now - self._flushed) / len(rows)
        self._flushed = now
        finite = list(itertools.takewhile(_is_finite, rows))
        for step, row in finite:
            self._lines.add({"step": step, **row, "images_per_second": rate})
            self._sums = {key: self._sums.get(key, 0.0) + value for key, value in row.items()}
        self._count += len(finite)
        self._lines.flush()
        for step, row in finite:
            self.show(step, row)
        self.board.flush()
        if len(finite) < len(rows):
            raise NotFinite(*rows[len(finite)])

    def skip_pause(self) -> None:
        """Leave the time since the last flush out of images per second: it was no training."""
        self._flushed = time.perf_counter()

    @property
    def last(self) -> dict | None:
        """The newest row that is written, None if there is none."""
        return self._lines.last

    def means(self) -> dict[str, float]:
        """Return the means of the scalars written since the call before, or the start."""
        means = {key: value / self._count for key, value in self._sums.items()}
        self._sums, self._count = {}, 0
        return means

    def show(self, step: int, scalars: dict[str, float]) -> None:
        """Add a point to curves in TensorBoard."""
        for key, value in scalars.items():
            self.board.add_scalar(TAGS.get(key, key), value, step)

    def save_curve(self, path: Path) -> None:
        """Draw the losses of the whole run."""
        self._plot.save(path, *self.curve.columns[:3])

    def close(self) -> None:
        """Close both files."""
        try:
            self._lines.close()
        finally:  # on a full disk each of them may fail
            self.board.close()


def _is_finite(step_and_row: tuple[int, dict[str, float]]) -> bool:
    _, row = step_and_row
    return math.isfinite(row["d_loss"]) and math.isfinite(row["g_loss"])


class Curve:
    """Columns of losses.jsonl for a run of any length: at most POINTS points.

    Each point is the mean of as many steps, NaN where one of them lacks the column.
    """

    def __init__(self, keys: Sequence[str] = ("d_loss", "g_loss")) -> None:
        self._keys, self._width = keys, 1 + len(keys)
        self._points = array("d")  # the step and the columns of each
        self._stride = 1  # steps per point
        self._sums, self._count = [0.0] * len(keys), 0  # of the next point

    def add(self, row: dict) -> None:
        """Take the row of a step."""
        self._sums = [s + row.get(k, math.nan) for s, k in zip(self._sums, self._keys, strict=True)]
        self._count += 1
        if self._count < self._stride:
            return
        self._points.append(row["step"])
        self._points.extend([total / self._stride for total in self._sums])
        self._sums, self._count = [0.0] * len(self._keys), 0
        if len(self._points) == self._width * POINTS:
            # Two neighbors become one point, at the step of the later one.
            pairs = np.array(self._points).reshape(-1, 2, self._width)
            merged = np.c_[pairs[:, 1, :1], pairs[:, :, 1:].mean(axis=1)]
            self._points = array("d", merged.ravel())
            self._stride *= 2

    @property
    def columns(self) -> np.ndarray:
        """The points as (1 + columns, N): the steps, then each column."""
        return np.array(self._points).reshape(-1, self._width).T


class Lines(Appended):
    """The rows of a .jsonl file, each with its "step"; last: the newest, None if there is none."""

    def __init__(
        self,
        path: Path,
        step: int,
        row_type: TypeAdapter,
        keep: Callable[[dict], None] = lambda row: None,
    ):
        """Open a file, which may be missing, for more rows.

        Its rows of steps after `step`, and lines that are not of `row_type`, are dropped. keep:
        called with every row, those of the file first.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        self.last: dict | None = None
        with whole_file(path) as temporary, temporary.open("wb") as file:
            for line, row in _lines_of(path, row_type):
                if row["step"] <= step:
                    file.write(line + b"\n")
                    self._take(row)
        super().__init__(path, "a")

    def _take(self, row: dict) -> None:
        self.last = row
        self._keep(row)

    def add(self, row: dict) -> None:
        """Append a row with its numbers rounded to six significant digits."""
        row = _rounded(row)
        self.write(json.dumps(row) + "\n")
        self._take(row)


def read_rows(path: Path, row_type: TypeAdapter) -> Iterator[dict]:
    """Yield the rows of a .jsonl; none if there is no file.

    Lines of another type are left out: one cut off by a crash, or changed by hand.
    """
    return (row for _, row in _lines_of(path, row_type))


def _lines_of(path: Path, row_type: TypeAdapter) -> Iterator[tuple[bytes, dict]]:
    """Yield the rows of a .jsonl, each with its line."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            with suppress(ValidationError):
                yield line.strip(), row_type.validate_json(line)


def _rounded(value):
    """Return a value, or a dictionary's values, rounded to six significant digits."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value
