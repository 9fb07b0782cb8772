"""What the terminal shows of a run in training."""

from __future__ import annotations

import sys

from tqdm import tqdm

from anime_gan.config import Config
from anime_gan.runs.health import Finding
from anime_gan.runs.run import Follower, Run


class ProgressBar(tqdm):
    """A bar of steps with images/s, both losses, both accuracies, the epoch and the time left."""

    def __init__(self, config: Config, step: int, shown: bool = True):
        super().__init__(
            total=config.training.steps,
            initial=step,
            unit="step",
            desc=config.run,
            dynamic_ncols=True,
            disable=not shown,
            # In a file every refresh is a line of its own.
            mininterval=0.2 if sys.stderr.isatty() else 30,
            bar_format="{desc} {n}/{total} {bar:12} {postfix} [{elapsed}, {remaining} left]",
        )
        self._training = config.training

    def warn(self, step: int, finding: Finding | None) -> None:
        """Print a finding of the health monitor, if there is one, above the bar."""
        if finding:
            self.write(f"WARNING at step {step:,}: {finding}", sys.stderr)

    def show(self, run: Run | Follower, step: int, epochs: int) -> None:
        """Show a step and complete epochs, the newest row of the log and what health finds."""
        if self.disable or not run.history.last:
            return
        row, seconds = run.history.last, run.seconds
        if self._training.minutes is not None:
            # Training ends when the minutes run out, so the total is an estimate: at the recent
            # rate, since growing networks get slower.
            rate = self.format_dict["rate"] or step / seconds
            by_time = step + int((self._training.minutes * 60 - seconds) * rate)
            self.total = max(step, min(self._training.steps, by_time))
        self.set_postfix_str(
            f"{row['images_per_second']:.0f} images/s, "
            f"loss d {row['d_loss']:.3f} g {row['g_loss']:.3f}, "
            f"D acc real {row['real_accuracy']:.0%} fake {row['fake_accuracy']:.0%}, "
            f"epoch {epochs + 1}" + (f", {run.finding.kind.upper()}" if run.finding else ""),
            refresh=False,
        )
        self.update(step - self.n)
