"""Runs a comparison: trains the entrants in turn, measures them, and writes the page."""

import os
import platform
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from anime_gan import backend
from anime_gan.comparison import page
from anime_gan.comparison.child import run_child
from anime_gan.comparison.entrants import Budget, Entrant, require_same_data
from anime_gan.comparison.results import Measurement, collect
from anime_gan.comparison.settings import budget_of
from anime_gan.config import Config
from anime_gan.config.stages import stages_of
from anime_gan.data.batches import require_batch
from anime_gan.data.image_set import open_data
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork, open_network
from anime_gan.files import whole_file
from anime_gan.metrics.measures import SIDES
from anime_gan.runs import checkpoint
from anime_gan.runs.run import is_finished
from anime_gan.runs.stopping import SIGNALS

# Exit statuses of train_gan.py; before its first step a stop ends it by the signal itself.
_STOPPED_BY_HEALTH = 3
_STOPPED = [code for s in SIGNALS for code in (128 + s, -s)]


@dataclass(frozen=True)
class Comparison:
    """A comparison of entrants: those that are trained for it get the same budget."""

    entrants: list[Entrant]
    shared: Config  # as from find_entrants
    budget: Budget | None  # None if there are runs only
    networks: list[FeatureNetwork]  # to measure with
    count: int  # images to measure, at most
    folder: Path  # of index.html and table.md
    train_command: list[str]  # starts train_gan.py; an entrant's arguments are appended
    command: str  # that the user typed, for the page

    def run(self) -> None:
        """Train and measure each entrant, and write the page after each.

        UserError before the first is trained, if the images do not suit an entrant, and at the end,
        if not all used up their budget. SystemExit at a signal, once the one in training has saved.
        """
        by = self._prepare()
        results: page.Results = {entrant.name: "not yet trained" for entrant in self.entrants}
        for number, entrant in enumerate(self.entrants, 1):
            print(f"== {entrant.name}, {number} of {len(self.entrants)}", flush=True)
            results[entrant.name] = self._outcome(entrant, by)
            self._write(results)
        if all(isinstance(result, str) for result in results.values()):
            raise UserError("none of them could be trained and measured; the reasons are above.")
        early = [name for name, r in results.items() if isinstance(r, str) or r["ended"]]
        if early:
            raise UserError(
                f"{', '.join(early)} did not reach the end, for the reasons above and in "
                f"{self.folder / 'index.html'}; the same command tries again."
            )

    def _prepare(self) -> Measurement:
        """Return what is measured with.

        The real images' features are computed now, so that no run spends its own time on them.
        """
        images, metrics = open_data(self.shared), self.shared.metrics
        print(images.summary())
        for entrant in self.entrants:
            for stage in stages_of(entrant.config) if entrant.arguments is not None else ():
                batch = stage.config.training.images_per_step
                require_batch(len(images.images), batch, stage.batch_key)
            require_same_data(entrant, images, self.shared)
        curve = open_network(metrics.network)
        by = Measurement(self.shared, images, self.networks, self.count, curve)
        uses = [(network, self.count) for network in self.networks]
        for network, count in [*uses, (curve, metrics.count)]:
            reference = by.reference(count)
            for side in SIDES:
                reference.features(network, reference.taken, side, "real")
        return by

    def _outcome(self, entrant: Entrant, by: Measurement) -> dict | str:
        """Train an entrant; return its result with why it "ended" early, or why there is none."""
        ended = self._train(entrant)
        try:
            result = collect(entrant, by)
        except UserError as error:
            print(f"{entrant.name}: {error}", file=sys.stderr)
            return ended or str(error)
        return result | {"ended": ended} if result else ended or "nothing to measure"

    def _train(self, entrant: Entrant) -> str | None:
        """Train an entrant in a process with its own peak memory; return why it ended early."""
        if entrant.arguments is None:
            return None
        found = checkpoint.newest(entrant.run.weights)
        if found and is_finished(entrant.config, found[0]["step"], found[0]["seconds"]):
            return None  # saves the start of a process
        status, stopped_by = run_child([*self.train_command, *entrant.arguments])
        if stopped_by or status in _STOPPED:
            raise SystemExit(128 + (stopped_by or signal.SIGINT))
        if status == _STOPPED_BY_HEALTH:
            return "stopped early, as health.action says"
        return f"ended with status {status}; see its message in the terminal" if status else None

    def _write(self, results: page.Results) -> None:
        """Write the page and the tables of the results so far, if there are any."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if all(isinstance(result, str) for result in results.values()):
            return
        for name, render in (("index.html", page.html), ("table.md", page.markdown)):
            with whole_file(self.folder / name) as temporary:
                text = render(self._title(), self._notes(results), results)
                temporary.write_text(text, encoding="utf-8")

    def _title(self) -> str:
        """Return how many are compared."""
        trained, runs = self._names(trained=True), self._names(trained=False)
        parts = []
        if trained:
            several = len(trained) > 1
            what, each = ("versions", " each") if several else ("version", "")
            parts.append(f"{len(trained)} {what}, {self.budget}{each}")
        if runs:
            parts.append(f"{len(runs)} {'runs' if len(runs) > 1 else 'run'}")
        return ", and ".join(parts)

    def _names(self, trained: bool) -> list[str]:
        """Return the names of the entrants that are trained, or of the others."""
        return [e.name for e in self.entrants if (e.arguments is not None) == trained]

    def _notes(self, results: page.Results) -> list[str]:
        """Return what all the numbers depend on."""
        size, shared, runs = self.shared.model.resolution, self.shared, self._names(trained=False)
        how = "Measured"
        if len(runs) < len(self.entrants):
            trained = self._names(trained=True)
            who = f"Each but {', '.join(runs)}" if runs else "Each"
            who, turn = (who, " one after the other,") if len(trained) > 1 else (trained[0], "")
            how = f"{who} was trained for {self.budget},{turn} with seed {shared.training.seed},"
        notes = [
            f"{how} on {Path(shared.data.images).name} at {size}x{size} pixels, using "
            f"{backend.name()} on {_machine()}."
        ]
        taken = [
            f"{name}, {result['state']} after {result['step']:,} steps and "
            f"{result['seconds'] / 60:,.1f} minutes of a budget of {budget_of(result['config'])}"
            for name, result in results.items()
            if isinstance(result, dict) and result["taken"]
        ]
        if taken:
            notes.append(f"Measured as it is, not trained for this: {'; '.join(taken)}.")
        return [
            *notes,
            f"Command: {self.command}",
            "No single number is a ranking: look at the images, and at more than one network.",
        ]


def _machine() -> str:
    """Return the GPU's name, or how many cores of which CPU."""
    if backend.has_gpu():
        return backend.device()
    info = Path("/proc/cpuinfo")  # names no model on ARM
    model = re.search(r"^model name\s*: (.*)", info.read_text(), re.M) if info.is_file() else None
    return f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}"
