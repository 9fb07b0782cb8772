"""How often the health monitor finds a failure, and how often it finds one where there is none.

    python -m tests.robustness.monitor                train what is missing, print the table
    python -m tests.robustness.monitor --fit          fit the limits to the first half of the runs
    python -m tests.robustness.monitor --seed 7       train the second half from another seed
    python -m tests.robustness.monitor --every 100    as if there were fewer observations

Every run of failures.py is trained on the demo faces, whose hair, eyes and background can be read
back from generated ones. A run has failed if, at its end, 256 of its faces show few combinations of
these compared with 256 real ones, or less than half of what they showed before; the monitor does
not know them. The monitor's limits are fitted on half of the runs, and reported on the other half.
What a run showed is kept in data/health, so that only missing runs are trained.
"""

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

from anime_gan.config import load_config
from anime_gan.data.batches import Batches
from anime_gan.data.demo.reader import read_attributes
from anime_gan.data.image_set import open_data
from anime_gan.data.pixels import to_uint8
from anime_gan.networks.latents import latents_from_seeds
from anime_gan.runs import health
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step
from benchmarks import new_parser
from tests.data.files import InMemory
from tests.robustness.failures import FAILING, HEALTHY, Case

FOLDER = Path("data/health")
OBSERVE, COUNT = 25, 50  # steps between two observations, and between two counts of combinations
FACES = 256  # whose combinations are counted
FAILED = 0.12  # of the combinations that as many real faces show; no run ends in 0.10 to 0.13
LOST = 0.5  # of the most that the run showed before
SIDE = 16  # pixels of what is kept of a face, enough for the monitor's blocks
CASES = FAILING | HEALTHY


def record(case: Case, path: Path, seed: int | None = None) -> None:
    """Train a case and write what the monitor would have seen, and the share of combinations.

    Args:
        seed: for training; None for the case's own.
    """
    arguments = [*case.arguments, "training.precision=float32", f"training.steps={case.steps}"]
    arguments += [] if seed is None else [f"training.seed={seed}"]
    config = load_config(None, arguments)
    images = open_data(config).images
    combinations = len(set(read_attributes(_sample(images, FACES))))
    if case.images:
        images = InMemory(case.images(images))
    state = TrainState(config)
    step = compile_step(state)
    run = case.sabotage(state, step) if case.sabotage else (lambda number, real: step(real))
    latents = latents_from_seeds(range(FACES), config.model.latent_dim)
    rows, steps, small, shares = [], [], [], []
    training = config.training
    with Batches(images, training.images_per_step, training.seed, config.data.x_flip) as batches:
        for number in range(1, case.steps + 1):
            rows.append({k: float(v) for k, v in run(number, next(batches).images).items()})
            if not np.isfinite(rows[-1]["d_loss"] + rows[-1]["g_loss"]):
                break
            if number % OBSERVE == 0:
                some = latents if number % COUNT == 0 else latents[: health.FACES]
                faces = np.concatenate(
                    [
                        to_uint8(state.sampler()(part, training=False))
                        for part in np.split(some, len(some) // health.FACES)
                    ]
                )
                steps.append(number)
                small.append(_reduce(faces[: health.FACES]))
                if number % COUNT == 0:
                    shares.append(len(set(read_attributes(faces))) / combinations)
    path.parent.mkdir(parents=True, exist_ok=True)
    real = _reduce(_sample(images, health.FACES))
    text = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    np.savez_compressed(
        path, steps=steps, small=small, real=real, shares=shares, rows=text, total=case.steps
    )


def _sample(images, count: int) -> np.ndarray:
    """Return random images of a set."""
    return np.asarray(images[np.random.default_rng(0).permutation(len(images))[:count]])


def _reduce(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (N, H, W, C) reduced to (N, SIDE, SIDE, C)."""
    count, size, _, channels = images.shape
    part = size // SIDE
    blocks = images.reshape(count, SIDE, part, SIDE, part, channels)
    return blocks.mean(axis=(2, 4)).round().astype("uint8")


@dataclass(frozen=True)
class Recorded:
    """A run that was trained: the monitor's observations, and the truth.

    shares: of the combinations that real faces show, at every COUNT-th step.
    nan: the step at which a loss was no longer a number, or None.
    """

    name: str
    observations: list[dict]
    shares: list[float]
    nan: int | None

    @property
    def share(self) -> float:
        """The share of combinations at its end, the mean of three counts."""
        return 0.0 if self.nan else float(np.mean(self.shares[-3:]))

    @property
    def failed(self) -> bool:
        """Whether its last faces show too few combinations, or have lost most of them."""
        if self.nan:
            return True
        best = max(np.convolve(self.shares, np.ones(3) / 3, "valid"))
        return self.share < FAILED or self.share < LOST * best

    def alarm(self, limits: health.Limits) -> tuple[int, str] | None:
        """Return the step and the name of the first finding, None if there is none."""
        for count in range(1, len(self.observations) + 1):
            found = health.diagnose(self.observations[:count], limits)
            if found:
                return self.observations[count - 1]["step"], found[0]
        return (self.nan, "not a number") if self.nan else None


def read(name: str, path: Path, every: int = OBSERVE) -> Recorded:
    """Return a recorded run as if observed every so many steps, a multiple of OBSERVE."""
    with np.load(path) as file:
        rows = json.loads(file["rows"].tobytes())
        steps, small, real = file["steps"], file["small"], file["real"]
        shares, total = file["shares"], int(file["total"])
    _, place, counts = np.unique(real, axis=0, return_inverse=True, return_counts=True)
    copies = float((counts[place] > 1).mean())
    real, before, observations, last = health.sketch(real), None, [], 0
    fewer = slice(every // OBSERVE - 1, None, every // OBSERVE)
    for step, faces in zip(steps[fewer], small[fewer], strict=True):
        fake = health.sketch(faces)
        means = {key: float(np.mean([row[key] for row in rows[last:step]])) for key in health.MEANS}
        signs = health.signs(real, fake, before)
        observations.append({"step": int(step), **signs, "copies": copies, **means})
        before, last = fake, step
    nan = len(rows) if len(rows) < total else None
    return Recorded(name, observations, shares.tolist(), nan)


def halves(runs: list[Recorded]) -> tuple[list[Recorded], list[Recorded]]:
    """Return every second run of those that failed and of the others, and the rest."""
    failed = [run for run in runs if run.failed]
    healthy = [run for run in runs if not run.failed]
    return failed[::2] + healthy[::2], failed[1::2] + healthy[1::2]


def score(runs: list[Recorded], limits: health.Limits) -> tuple[float, float, float]:
    """Return the share of failures found, that of false alarms, and the median delay in steps.

    A delay counts from the first step, or from where the run was sabotaged.
    """
    failed = [run for run in runs if run.failed]
    alarms = [run.alarm(limits) for run in failed]
    false = [run.alarm(limits) is not None for run in runs if not run.failed]
    delays = [
        alarm[0] - sabotaged_at(run.name)
        for run, alarm in zip(failed, alarms, strict=True)
        if alarm
    ]
    return (
        len(delays) / max(1, len(failed)),
        sum(false) / max(1, len(false)),
        median(delays) if delays else float("nan"),
    )


def sabotaged_at(name: str) -> int:
    """Return the step at which a case is sabotaged, 0 if it is so from the start."""
    words = name.split()
    return int(words[-1]) if "at" in words else 0


def fit(runs: list[Recorded]) -> health.Limits:
    """Return the best limits: most failures less false alarms, then the least delay.

    Of equally good ones the first is taken: the longest window, the middle of the rest.
    """
    candidates = [
        health.Limits(warm_up, window, far, twins=twins)
        for warm_up in (300, 400, 500, 550, 600)
        for window in (0.4, 0.33, 0.25, 0.2)
        for far in (0.3, 0.25, 0.35, 0.2, 0.4)
        for twins in (0.1, 0.15, 0.05, 0.2)
    ]

    def worth(limits):
        found, false, delay = score(runs, limits)
        return found - false, -delay

    return max(candidates, key=worth)


def main() -> None:
    """Train what is missing, and print what the monitor finds."""
    parser = new_parser(__doc__)
    parser.add_argument("--fit", action="store_true", help="fit the limits to the first half")
    parser.add_argument("--seed", type=int, metavar="N", help="use the second half, from seed N")
    parser.add_argument("--every", type=int, default=OBSERVE, metavar="N", help="steps apart")
    parser.add_argument("--only", metavar="NAME", help="train this case and print nothing")
    options = parser.parse_args()
    if options.only:
        record(CASES[options.only], _path(options.only, options.seed), options.seed)
        return
    if options.every < OBSERVE or options.every % OBSERVE:
        parser.error(f"--every must be a multiple of {OBSERVE}")
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
    _print_score("the half that the limits were fitted on", first, limits)
    _print_score("the other half", second, limits)


def _trained(names: list[str], seed: int | None, every: int) -> list[Recorded]:
    """Return the records of cases; the missing ones are trained."""
    started = time.monotonic()
    for name in names:
        if not _path(name, seed).exists():
            # In a process of its own: the memory that one leaves behind would slow the next.
            command = [sys.executable, "-m", "tests.robustness.monitor", "--only", name]
            command += [] if seed is None else ["--seed", str(seed)]
            subprocess.run(command, check=True)
            print(f"{name}: trained, {time.monotonic() - started:.0f} s so far", flush=True)
    return [read(name, _path(name, seed), every) for name in names]


def _print(runs: list[Recorded], first: list[Recorded], limits: health.Limits) -> None:
    """Print how each run ended, and what the monitor found."""
    for run in runs:
        alarm = run.alarm(limits)
        print(
            f"{'fit' if run in first else 'report':7} {'failed' if run.failed else 'healthy':8}"
            f"{run.share:5.2f}  {run.name:32}"
            + (f"{alarm[1]} at {alarm[0]}" if alarm else "nothing found")
        )


def _print_score(name: str, runs: list[Recorded], limits: health.Limits) -> None:
    """Print how often the monitor was right."""
    found, false, delay = score(runs, limits)
    failed = sum(run.failed for run in runs)
    print(
        f"{name}: {found:.0%} of {failed} failures found, {false:.0%} false alarms in "
        f"{len(runs) - failed} healthy runs, median delay {delay:.0f} steps"
    )


def _path(name: str, seed: int | None) -> Path:
    """Return where a case's record is kept."""
    folder = FOLDER if seed is None else FOLDER / f"seed_{seed}"
    return folder / f"{name.replace(' ', '_').replace(',', '')}.npz"


if __name__ == "__main__":
    main()
