"""How often the health monitor sees a failure, and how often it sees one where there is none.

    python -m tests.robustness.monitor                train what is missing, judge, print the table
    python -m tests.robustness.monitor --fit          try other limits on the first half of the runs
    python -m tests.robustness.monitor --seed 7       train and judge the second half from another seed
    python -m tests.robustness.monitor --every 100    judge as if there were fewer looks

Every run of tests/robustness/failures.py is trained on the drawn faces, whose hair, eyes and background
are read back from what it draws. A run has failed if, at its end, the kinds that 256 of its faces
show are few beside those of 256 real ones, or less than half of what they were before; the monitor
does not know them. Half of the runs are there to set the monitor's limits by, the other half to
report. What a run showed is kept in data/health, so that only missing runs are trained.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from anime_gan import backend

backend.start()

import numpy as np

from anime_gan import networks
from anime_gan.config import load_config
from anime_gan.data.demo.reader import read_attributes
from anime_gan.data.batches import Batches
from anime_gan.data.image_set import open_data
from anime_gan.data.mapped import InMemory
from anime_gan.data.pixels import to_uint8
from anime_gan.networks.latents import latents_from_seeds
from anime_gan.runs import health
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step
from tests.robustness.failures import FAILING, SOUND, Case

FOLDER = Path("data/health")
LOOK, COUNT = 25, 50  # steps between two looks, and between two counts of kinds
SEEN = 256
FAILED = 0.12  # of the kinds that as many real faces show; no run ends between 0.10 and 0.13
LOST = 0.5  # of the most that it showed before
SIDE = 16  # pixels of what is kept of a face, enough for the monitor's blocks
CASES = FAILING | SOUND


def record(case: Case, path: Path, seed: int | None = None) -> None:
    """Train a case, from its own seed if none is given, and keep what the monitor would have seen,
    and the kinds.
    """
    arguments = [*case.arguments, "training.precision=float32", f"training.steps={case.steps}"]
    if seed is not None:
        arguments.append(f"training.seed={seed}")
    config = load_config(None, arguments, networks.get_recipe)
    pictures = open_data(config).images
    real = _some(pictures, SEEN)
    if case.images:
        pictures = InMemory(case.images(pictures))
    gan = TrainState.create(config)
    step = compile_step(gan)
    run = case.wreck(gan, step) if case.wreck else (lambda number, real: step(real))
    latents = latents_from_seeds(range(SEEN), config.model.latent_dim)
    rows, looks, covered, small = [], [], [], []
    kinds = len(set(read_attributes(real)))
    batch = config.training.images_per_step
    with Batches(pictures, batch, config.training.seed, config.data.x_flip) as batches:
        for number in range(1, case.steps + 1):
            rows.append({k: float(v) for k, v in run(number, next(batches)).items()})
            if not np.isfinite(rows[-1]["d_loss"] + rows[-1]["g_loss"]):
                break
            if number % LOOK == 0:
                some = latents if number % COUNT == 0 else latents[: health.LOOKED_AT]
                faces = [
                    to_uint8(gan.sampler(part, training=False))
                    for part in np.split(some, len(some) // health.LOOKED_AT)
                ]
                looks.append(number)
                small.append(_small(faces[0]))
                if number % COUNT == 0:
                    covered.append(len(set(read_attributes(np.concatenate(faces)))) / kinds)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    own = _small(_some(pictures, health.LOOKED_AT))
    np.savez_compressed(
        path, steps=looks, small=small, real=own, covered=covered, rows=text, total=case.steps
    )


def _some(pictures, count: int) -> np.ndarray:
    """Return some of the pictures, drawn at random."""
    return np.asarray(pictures[np.random.default_rng(0).permutation(len(pictures))[:count]])


def _small(pictures) -> np.ndarray:
    """Return uint8 pictures (N, H, W, C) shrunk to (N, SIDE, SIDE, C)."""
    count, size, _, channels = pictures.shape
    part = size // SIDE
    blocks = pictures.reshape(count, SIDE, part, SIDE, part, channels)
    return blocks.mean(axis=(2, 4)).round().astype("uint8")


@dataclass(frozen=True)
class Recorded:
    """A run that was trained: its looks as the monitor keeps them, and the truth."""

    name: str
    looks: list[dict]
    covered: list[float]
    nan: int | None

    @property
    def coverage(self) -> float:
        """The share of kinds at its end, the mean of three counts."""
        return 0.0 if self.nan else float(np.mean(self.covered[-3:]))

    @property
    def failed(self) -> bool:
        """Whether its last faces cover too few kinds, or have lost most of those they covered."""
        if self.nan:
            return True
        best = max(np.convolve(self.covered, np.ones(3) / 3, "valid"))
        return self.coverage < FAILED or self.coverage < LOST * best

    def alarm(self, limits: health.Limits) -> tuple[int, str] | None:
        """Return the step of the first finding and its kind, None if there is none."""
        for count in range(1, len(self.looks) + 1):
            found = health.diagnose(self.looks[:count], limits)
            if found:
                return self.looks[count - 1]["step"], found[0]
        return (self.nan, "not a number") if self.nan else None


def read(name: str, path: Path, every: int = LOOK) -> Recorded:
    """Return a recorded run, as if looked at every so many steps, a multiple of LOOK."""
    with np.load(path) as file:
        rows = json.loads(file["rows"].tobytes())
        steps, small, real = file["steps"], file["small"], file["real"]
        covered, total = file["covered"], int(file["total"])
    _, place, counts = np.unique(real, axis=0, return_inverse=True, return_counts=True)
    copies = float((counts[place] > 1).mean())
    own, before, looks, last = health.sketch(real), None, [], 0
    fewer = slice(every // LOOK - 1, None, every // LOOK)
    for step, faces in zip(steps[fewer], small[fewer], strict=True):
        drawn = health.sketch(faces)
        keys = ("real_accuracy", "fake_accuracy", "d_loss", "g_loss")
        means = {key: float(np.mean([row[key] for row in rows[last:step]])) for key in keys}
        found = health.signs(own, drawn, before)
        looks.append({"step": int(step), **found, "copies": copies, **means})
        before, last = drawn, step
    nan = len(rows) if len(rows) < total else None
    return Recorded(name, looks, covered.tolist(), nan)


def halves(runs: list[Recorded]) -> tuple[list[Recorded], list[Recorded]]:
    """Return every second run of each sort, and the others."""
    failed = [run for run in runs if run.failed]
    sound = [run for run in runs if not run.failed]
    return failed[::2] + sound[::2], failed[1::2] + sound[1::2]


def score(runs: list[Recorded], limits: health.Limits) -> tuple[float, float, float]:
    """Return the share of failures seen, that of false alarms, and the median delay in steps.

    A delay counts from the first step, or from where the run was broken on purpose.
    """
    failed = [run.alarm(limits) for run in runs if run.failed]
    sound = [run.alarm(limits) for run in runs if not run.failed]
    delays = [
        alarm[0] - broken_at(run.name)
        for run in runs
        if run.failed and (alarm := run.alarm(limits))
    ]
    seen = sum(alarm is not None for alarm in failed) / max(1, len(failed))
    false = sum(alarm is not None for alarm in sound) / max(1, len(sound))
    return seen, false, median(delays) if delays else float("nan")


def broken_at(name: str) -> int:
    """Return the step at which a case is broken on purpose, 0 if it is so from the beginning."""
    words = name.split()
    return int(words[-1]) if "at" in words else 0


def fit(runs: list[Recorded]) -> health.Limits:
    """Return the limits that do best: most failures less false alarms, then the soonest.

    Of those that do equally well the first is taken: the longest window, the middle of the rest.
    """
    tried = [
        health.Limits(warm_up, window, far, twins=twins)
        for warm_up in (300, 400, 500, 550, 600)
        for window in (0.4, 0.33, 0.25, 0.2)
        for far in (0.3, 0.25, 0.35, 0.2, 0.4)
        for twins in (0.1, 0.15, 0.05, 0.2)
    ]

    def worth(limits):
        seen, false, delay = score(runs, limits)
        return seen - false, -delay

    return max(tried, key=worth)


def main() -> None:
    """Train what is missing, judge, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", action="store_true", help="try other limits on the first half")
    parser.add_argument("--seed", type=int, metavar="N", help="judge the second half from seed N")
    parser.add_argument("--every", type=int, default=LOOK, metavar="N", help="steps between looks")
    parser.add_argument("--only", metavar="NAME", help="train this case and judge nothing")
    options = parser.parse_args()
    if options.only:
        record(CASES[options.only], _path(options.only, options.seed), options.seed)
        return
    if options.every < LOOK or options.every % LOOK:
        parser.error(f"--every must be a multiple of {LOOK}")
    runs = _trained(list(CASES), None, options.every)
    first, second = halves(runs)
    limits = fit(first) if options.fit else health.LIMITS
    print(limits)
    if options.seed is not None:
        again = _trained([run.name for run in second], options.seed, options.every)
        _print(again, [], limits)
        _print_score(f"seed {options.seed}", again, limits)
        return
    _print(runs, first, limits)
    _print_score("the half it was set on", first, limits)
    _print_score("the other half", second, limits)


def _trained(names: list[str], seed: int | None, every: int) -> list[Recorded]:
    """Return the records of cases; the missing ones are trained."""
    started = time.monotonic()
    for name in names:
        if not _path(name, seed).exists():
            # In a process of its own: what one leaves in memory would slow the next.
            command = [sys.executable, __file__, "--only", name]
            command += [] if seed is None else ["--seed", str(seed)]
            subprocess.run(command, check=True)
            print(f"{name}: trained, {time.monotonic() - started:.0f} s so far", flush=True)
    return [read(name, _path(name, seed), every) for name in names]


def _print(runs: list[Recorded], first: list[Recorded], limits: health.Limits) -> None:
    """Print what became of each run, and what was found."""
    for run in runs:
        alarm = run.alarm(limits)
        print(
            f"{'set' if run in first else 'report':7} {'failed' if run.failed else 'sound':7}"
            f"{run.coverage:5.2f}  {run.name:32}"
            + (f"{alarm[1]} at {alarm[0]}" if alarm else "nothing found")
        )


def _print_score(name: str, runs: list[Recorded], limits: health.Limits) -> None:
    """Print how often the monitor was right."""
    seen, false, delay = score(runs, limits)
    failed = sum(run.failed for run in runs)
    print(
        f"{name}: {seen:.0%} of {failed} failures seen, {false:.0%} of {len(runs) - failed} "
        f"sound runs called wrong, median delay {delay:.0f} steps"
    )


def _path(name: str, seed: int | None) -> Path:
    """Return where a case's record is kept."""
    folder = FOLDER if seed is None else FOLDER / f"seed_{seed}"
    return folder / f"{name.replace(' ', '_').replace(',', '')}.npz"


if __name__ == "__main__":
    main()
