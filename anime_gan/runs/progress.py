"""What the terminal and the log show of a run in training."""

from __future__ import annotations

import math
import sys
import time

from tqdm import tqdm

from anime_gan import console
from anime_gan.config import Config
from anime_gan.console import clock
from anime_gan.runs.follower import Follower
from anime_gan.runs.health import Finding
from anime_gan.runs.run import Run

LINE_SECONDS = 30  # from one line to the next, where there is no terminal


class ProgressBar(tqdm):
    """A line with step, time gone and left, images/s and both losses, within 80 columns.

    Accuracies, epoch and name follow where the terminal is wider. In a file, a line every 30 s.
    """

    def __init__(self, config: Config, step: int, shown: bool = True):
        self._config, self._is_shown = config, shown
        self._in_terminal = sys.stderr.isatty()
        super().__init__(
            dynamic_ncols=True,
            disable=not (shown and self._in_terminal),
            bar_format="{desc}",
        )
        self._first: int | None = None  # the step of the first line, where timing begins

    def warn(self, step: int, finding: Finding | None) -> None:
        """Print a finding of the health monitor, if there is one, above the bar."""
        if finding:
            console.warn(f"WARNING at step {step:,}: {finding}")

    def show(self, run: Run | Follower, step: int, epochs: int) -> None:
        """Show a step and complete epochs, the newest row of the log and what health finds."""
        if not self._is_shown or not run.history.last:
            return
        now = time.monotonic()
        if self._first is None:
            self._first, self._begun, self._next = step, now, now + 5
        line = self._line(run, step, epochs)
        self.set_description_str(line, refresh=False)
        self.update(1)
        if now >= self._next:
            self._next = now + LINE_SECONDS
            (console.note if self._in_terminal else console.say)(line)

    def _line(self, run: Run, step: int, epochs: int) -> str:
        row, training = run.history.last, self._config.training
        speed = row["images_per_second"]
        left = math.inf
        if step > self._first and training.steps:
            left = (time.monotonic() - self._begun) / (step - self._first) * (training.steps - step)
        done = f"{step:,}/{training.steps:,}" if training.steps else f"step {step:,}"
        if training.minutes is not None:
            left = min(left, training.minutes * 60 - run.seconds)
        return (
            f"{done}  {clock(run.seconds)} gone {clock(left)} left"
            f"  {speed:,.{0 if speed > 99 else 1}f} images/s"
            f"  D {row['d_loss']:.3f} G {row['g_loss']:.3f}"
            + (f"  {run.finding.kind.upper()}" if run.finding else "")
            + f"  D acc real {row['real_accuracy']:.0%} fake {row['fake_accuracy']:.0%}"
            f"  epoch {epochs + 1}  {self._config.run}"
        )
