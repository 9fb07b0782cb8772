"""What the terminal shows of a run, and how a run is asked to stop."""

import signal
import sys

from tqdm import tqdm

from anime_gan.config.schema import Config
from anime_gan.runs.health import Finding


class Progress(tqdm):
    """A bar of steps with images/s, both losses, both accuracies, passes and the time left."""

    def __init__(self, config: Config, step: int):
        terminal = sys.stderr.isatty()
        super().__init__(
            total=config.training.steps,
            initial=step,
            unit="step",
            desc=config.run,
            dynamic_ncols=True,
            # In a file every refresh is a line of its own, so there are fewer of them.
            mininterval=0.2 if terminal else 30,
            bar_format="{desc} {n}/{total} {bar:12} {postfix} [{elapsed}, {remaining} left]",
        )
        self._training = config.training

    def show(
        self, step: int, seconds: float, row: dict, passes: int, wrong: Finding | None
    ) -> None:
        """Show step `step`; `seconds` of training so far, `row` is the record's newest.

        wrong: what the health monitor finds of the present state.
        """
        if self._training.minutes is not None:
            # The end is wherever the minutes run out, so the total is an estimate: at the rate of
            # late, since networks that grow get slower.
            rate = self.format_dict["rate"] or step / seconds
            by_time = step + int((self._training.minutes * 60 - seconds) * rate)
            self.total = max(step, min(self._training.steps, by_time))
        self.set_postfix_str(
            f"{row['images_per_second']:.0f} images/s, "
            f"loss d {row['d_loss']:.3f} g {row['g_loss']:.3f}, "
            f"right on real {row['real_accuracy']:.0%} fake {row['fake_accuracy']:.0%}, "
            f"pass {passes + 1}" + (f", {wrong.kind.upper()}" if wrong else ""),
            refresh=False,
        )
        self.update(step - self.n)


class StopRequest:
    """Within it, Ctrl-C and SIGTERM ask for a stop after the step; a second Ctrl-C insists.

    signal: the number of the signal that came, None while there was none.
    """

    signal: int | None = None

    def __enter__(self) -> "StopRequest":
        self._before = {s: signal.signal(s, self._ask) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number, frame) -> None:
        first, self.signal = self.signal is None, self.signal or number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if first:
            words = "\nstopping: this step is finished and saved first."
            print(words, file=sys.stderr, flush=True)
