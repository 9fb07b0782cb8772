"""Runs a comparison: trains each entrant in turn, measures it, and writes the page."""

import os
import platform
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from anime_gan import backend
from anime_gan.comparison import page
from anime_gan.comparison.entrants import Budget, Entrant, require_same_data
from anime_gan.comparison.results import collect
from anime_gan.config.stages import stages_of
from anime_gan.data.batches import require_batch
from anime_gan.data.image_set import open_data
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork, open_network
from anime_gan.files import whole_file
from anime_gan.metrics.measures import SIDES
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.run import is_finished
from anime_gan.runs.stopping import SIGNALS, StopRequest

# Exit statuses of train_gan.py; before its first step a stop ends it by the signal itself.
_STOPPED_BY_HEALTH = 3
_STOPPED = [code for s in SIGNALS for code in (128 + s, -s)]


@dataclass(frozen=True)
class Comparison:
    """A comparison of entrants that each get the same budget."""

    entrants: list[Entrant]
    budget: Budget
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
        self._prepare_references()
        results: page.Results = {entrant.name: "not yet trained" for entrant in self.entrants}
        for number, entrant in enumerate(self.entrants, 1):
            print(f"== {entrant.name}, {number} of {len(self.entrants)}", flush=True)
            results[entrant.name] = self._outcome(entrant)
            self._write(results)
        if all(isinstance(result, str) for result in results.values()):
            raise UserError("no version could be trained and measured; the reasons are above.")
        early = [name for name, r in results.items() if isinstance(r, str) or r["ended"]]
        if early:
            raise UserError(
                f"{', '.join(early)} did not reach the end, for the reasons above and in "
                f"{self.folder / 'index.html'}; the same command tries again."
            )

    def _prepare_references(self) -> None:
        """Compute the real images' features, so that no run spends its own time on them."""
        config = self.entrants[0].config
        images = open_data(config)
        print(images.summary())
        for entrant in self.entrants:
            for stage in stages_of(entrant.config):
                batch = stage.config.training.images_per_step
                require_batch(len(images.images), batch, stage.batch_key)
            require_same_data(entrant, images.key)
        uses = [(network, self.count) for network in self.networks]
        if config.metrics.share:
            uses.append((open_network(config.metrics.network), config.metrics.count))
        for network, count in uses:
            reference = ReferenceSet(images.images, images.key, Path(config.data.cache), count)
            for side in SIDES:
                reference.features(network, reference.taken, side, "real")

    def _outcome(self, entrant: Entrant) -> dict | str:
        """Train an entrant; return its result with why it "ended" early, or why there is none."""
        ended = self._train(entrant)
        try:
            result = collect(entrant, self.networks, self.count)
        except UserError as error:
            print(f"{entrant.name}: {error}", file=sys.stderr)
            return ended or str(error)
        return result | {"ended": ended} if result else ended or "nothing to measure"

    def _train(self, entrant: Entrant) -> str | None:
        """Train an entrant in a process with its own peak memory; return why it ended early."""
        found = checkpoint.newest(RunFolder(entrant.config.run).weights)
        if found and is_finished(entrant.config, found[0]["step"], found[0]["seconds"]):
            return None  # saves the start of a process
        with StopRequest() as stop:
            process = subprocess.Popen([*self.train_command, *entrant.arguments])
            try:
                while process.poll() is None and not stop.signal:
                    time.sleep(0.2)
                if stop.signal:  # Ctrl-C may have reached it, or not
                    process.send_signal(signal.SIGTERM)
                status = process.wait()
            finally:
                process.kill()  # where an error ends this one
        if stop.signal or status in _STOPPED:
            raise SystemExit(128 + (stop.signal or signal.SIGINT))
        if status == _STOPPED_BY_HEALTH:
            return "stopped early, as health.action says"
        return f"ended with status {status}; see its message in the terminal" if status else None

    def _write(self, results: page.Results) -> None:
        """Write the page and the tables of the results so far, if there are any."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if all(isinstance(result, str) for result in results.values()):
            return
        count = len(self.entrants)
        title = f"{count} {'versions' if count > 1 else 'version'}, {self.budget} each"
        for name, render in (("index.html", page.html), ("table.md", page.markdown)):
            with whole_file(self.folder / name) as temporary:
                temporary.write_text(render(title, self._notes(), results), encoding="utf-8")

    def _notes(self) -> list[str]:
        """Return what all the numbers depend on."""
        config = self.entrants[0].config
        size = config.model.resolution
        return [
            f"Each was trained for {self.budget}, one after the other, with seed "
            f"{config.training.seed}, on {config.data.images} at {size}x{size} pixels, using "
            f"{backend.name()} on {_machine()}.",
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
