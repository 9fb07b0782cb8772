"""The record of a run: one JSON line a step, TensorBoard curves, and what the bar shows."""

import itertools
import json
import math
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from errors import UserError
from training import preview
from training.board import Board
from training.files import told, whole_file


COLUMNS = ("d_loss", "g_loss", "real_accuracy", "fake_accuracy", "images_per_second")


class NotFinite(UserError):
    """A loss is no longer a number; step: the first such."""

    def __init__(self, step: int, row: dict[str, float]):
        super().__init__(
            f"the losses are no longer numbers at step {step} (discriminator {row['d_loss']}, "
            f"generator {row['g_loss']}); the last good checkpoint is kept: lower generator.rate "
            "and discriminator.rate and start again."
        )
        self.step = step


class History:
    """Collects the scalars of every step and writes them where they can be plotted from.

    folder: the run's folder; losses.jsonl and tensorboard/ are in it.
    step: the step that the run goes on from; lines after it, of steps that were lost with an
        interruption, are dropped, so that each step stands in the file once.
    batch_size: real pictures a step, for images per second.
    """

    def __init__(self, folder: Path, step: int, batch_size: int):
        self._lines = Lines(folder / "losses.jsonl", step, COLUMNS)
        self.rows = self._lines.rows
        self._board = Board(folder / "tensorboard", step)
        self._pending: list[tuple[int, dict]] = []
        self._batch_size = batch_size
        self._flushed = time.perf_counter()

    def add(self, step: int, scalars: dict) -> None:
        """Take the scalars of a step; every second they are fetched from the device and written.

        Fetching waits for the device, so a fast step is not made to do it each time.
        """
        self._pending.append((step, scalars))
        if time.perf_counter() - self._flushed > 1:
            self.flush()

    def flush(self) -> None:
        """Write what was added; NotFinite, after what is finite, at the first loss that is not."""
        pending, self._pending = self._pending, []
        values = [
            (step, {key: float(value) for key, value in scalars.items()})
            for step, scalars in pending
        ]
        now = time.perf_counter()
        rate = self._batch_size * len(values) / (now - self._flushed)
        self._flushed = now
        sound = list(itertools.takewhile(_is_finite, values))
        for step, row in sound:
            self._lines.add({"step": step, **row, "images_per_second": rate})
        self._lines.flush()
        for step, row in sound:
            self.show(step, row)
        self._board.flush()
        if len(sound) < len(values):
            raise NotFinite(*values[len(sound)])

    def show(self, step: int, scalars: dict[str, float]) -> None:
        """Add a point to TensorBoard's curves."""
        for key, value in scalars.items():
            self._board.add_scalar(key, value, step)

    def add_grid(self, step: int, grid: np.ndarray) -> None:
        """Show a uint8 grid (H, W, C) in TensorBoard."""
        self._board.add_grid("faces", grid, step)
        self._board.flush()

    def add_text(self, step: int, name: str, text: str) -> None:
        """Show a sentence in TensorBoard."""
        self._board.add_text(name, text, step)
        self._board.flush()

    def save_curve(self, path: Path) -> None:
        """Draw the losses of the whole run."""
        columns = ([row[key] for row in self.rows] for key in ("step", "d_loss", "g_loss"))
        preview.save_losses(path, *columns)

    def close(self) -> None:
        """Close both files."""
        self._lines.close()
        self._board.close()


def _is_finite(step_and_row: tuple[int, dict[str, float]]) -> bool:
    """Say whether a step's losses are numbers."""
    _, row = step_and_row
    return math.isfinite(row["d_loss"]) and math.isfinite(row["g_loss"])


class Lines:
    """The rows of a run in a .jsonl file, one for a step, each with its "step" and some keys.

    Those after `step`, where the run goes on, are dropped. rows: all of them.
    """

    def __init__(self, path: Path, step: int, keys: Iterable[str]):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.rows = [row for row in read_rows(path, keys) if row["step"] <= step]
        with whole_file(path) as temporary:
            temporary.write_text("".join(_line(row) for row in self.rows))
        self._file = path.open("a")

    def add(self, row: dict) -> None:
        """Append a row, six digits a number: so the next start has the same."""
        row = _rounded(row)
        self.rows.append(row)
        with told(self._path):
            self._file.write(_line(row))

    def flush(self) -> None:
        """Hand what was added to the system."""
        with told(self._path):
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with told(self._path):
            self._file.close()


def read_rows(path: Path, keys: Iterable[str]) -> list[dict]:
    """Return the rows of a .jsonl that have a whole number as "step", and all of `keys`.

    Other lines are left out: one cut off by a crash, or changed by hand. None if there is no file.
    """
    rows: list[dict] = []
    if not path.exists():
        return rows
    needed = {"step", *keys}
    for line in path.read_text(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and needed <= row.keys() and isinstance(row["step"], int):
            rows.append(row)
    return rows


def _line(row: dict) -> str:
    """Return a row as one line of JSON."""
    return json.dumps(row) + "\n"


def _rounded(value):
    """Return a value, or all within a dictionary, with its fractions cut to six digits."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value
