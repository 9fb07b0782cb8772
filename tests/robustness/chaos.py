"""Let all kinds of things happen to training runs, and see whether anything is lost.

    KERAS_BACKEND=jax python -m tests.robustness.chaos [--kills 120] [--seed 0] [--short]

Runs of several versions, tiny and on drawn faces, are killed again and again, each time given the
same command, and at the end compared with runs that nothing happened to: weights, optimizers,
losses, grids and what TensorBoard shows must be the same to the last bit. Runs of v5 have their
checkpoints damaged too, find their disk full or read-only, and more.

Each start is train_gan.py's own main() in a process of its own, forked from this one. With JAX that
has imported all but started nothing, which spares seconds; with TensorFlow a fork would hang. Kills
during start-up are of `python train_gan.py` itself. --short is a handful of faults, on one run.
"""

import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[2]
_compiled = tempfile.TemporaryDirectory(prefix="chaos-jax-")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", _compiled.name)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorBoard's reader starts TensorFlow
BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")

from anime_gan import backend

backend.start()

import numpy as np

from anime_gan.data import demo
from benchmarks import new_parser
from tests.robustness import faults
from tests.robustness.differences import differences
from tests.robustness.faults import REFUSED, Fault

TINY = [
    "run=r",
    "model.width=0.02",
    "training.batch_size=4",
    "training.precision=float32",
    "schedule.sample_every=6",
    "schedule.checkpoint_every=5",
    "schedule.keep=2",
]
SMALL, SMALLER = "model.resolution=32", "model.resolution=16"
# What of versions goes on from step to step, each at least once.
CASES = {
    "v5": [SMALL],
    "dcgan, EMA": ["version=dcgan", SMALL, "training.ema_kimg=[0,0.1]"],
    "wgan_gp, 2 critic steps": ["version=wgan_gp", SMALL, "training.n_critic=2"],
    "r3gan": ["version=r3gan", SMALL, "training.ema_kimg=[0,0.1]"],
    "stylegan, growing 4 to 16": [
        *("version=stylegan", SMALLER, "growing.start=4", "growing.batch_at={4: 4, 8: 4, 16: 4}"),
        *("growing.fade_kimg=0.04", "growing.stable_kimg=0.04"),
    ],
    "stylegan2, path lengths": [
        *("version=stylegan2", SMALLER, "growing.start=null"),
        *("objective.path_every=2", "objective.penalty_every=2"),
    ],
    "illustration, adaptive augmentation": [
        *("version=illustration", SMALL, "augment.policy=[translation,cutout,colour]"),
        *("augment.p=adaptive", "augment.kimg=0.1", "generator.rate=[0.01,0.001]"),
        *("training.cosine_kimg=0.1", "data.x_flip=true"),
    ],
    "v5, observed and measured": [SMALL, "metrics.share=1", "metrics.count=20"],
}


@dataclass
class Row:
    """A line of the table: how often a fault happened, and the steps that were done again."""

    times: int = 0
    survived: int = 0
    again: list[int] = field(default_factory=list)


class Subject:
    """A run that things happen to, in a folder of its own.

    errors: what its last start said on standard error.
    """

    def __init__(self, folder: Path, images: Path, name: str, steps: int):
        self.folder, self.watched = folder, "metrics.share=1" in CASES[name]
        folder.mkdir(parents=True)
        measured = [] if self.watched else ["metrics.share=0"]
        self.arguments = [f"data.images={images}", *TINY, *CASES[name], *measured]
        self.arguments.append(f"training.steps={steps}")
        self.errors = ""
        self._step = mmap.mmap(-1, 8)  # shared with the processes

    def begin(self, within=lambda: None, more: tuple[str, ...] = ()) -> tuple[int, int]:
        """Start a process that trains on; return its number, and where to read its errors from."""
        self._step[:] = struct.pack("q", -1)
        read, write = os.pipe()
        process = os.fork()
        if process:
            os.close(write)
            return process, read
        status = 1
        try:
            os.chdir(self.folder)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(write, 2)
            main = self._prepared()
            within()
            sys.argv = ["train_gan.py", *self.arguments, *more]
            status = main() or 0
        except SystemExit as ended:
            status = ended.code
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)

    def run(self, within=lambda: None, more: tuple[str, ...] = ()) -> int:
        """Start and wait; return the exit status, the negative signal if it was killed."""
        process, read = self.begin(within, more)
        with open(read, errors="replace") as file:
            self.errors = file.read()
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def kill_start(self, seconds: float) -> int:
        """Start train_gan.py itself and kill it after so many seconds, wherever it is by then."""
        self._step[:] = struct.pack("q", -1)
        command = [sys.executable, str(ROOT / "train_gan.py"), *self.arguments]
        nowhere = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=self.folder, stdout=nowhere, stderr=nowhere) as process:
            time.sleep(seconds)
            process.kill()
        self.errors = ""
        return process.returncode

    def _prepared(self):
        """Return train_gan's main, in a process where the step is noted."""
        import train_gan
        from anime_gan.metrics.during_training import Metrics
        from anime_gan.runs import health
        from anime_gan.runs.history import History

        if self.watched:
            health.SHARE, Metrics._after = 1e9, lambda *_: 0.0  # after every step
        original = History.add

        def add(history, step, scalars):
            original(history, step, scalars)
            self._step[:] = struct.pack("q", step)

        History.add = add
        return train_gan.main

    def lost(self) -> int | None:
        """Return how many steps of the last start have to be done again; None if it did none."""
        (step,) = struct.unpack("q", self._step[:])
        if step < 0:
            return None
        found = list(self.folder.glob("weights/r/checkpoint_*.npz"))
        return step - (faults.step_of(faults.newest(self.folder)) if found else 0)


def happen(subject: Subject, fault: Fault | str, draw: np.random.Generator) -> str:
    """Let a fault happen to a run; return what was not as it must be, "" if all was."""
    if isinstance(fault, str):
        return OTHERS[fault](subject)
    fault.before(subject.folder)
    if fault.within is None:
        status = subject.kill_start(float(draw.uniform(0.1, 4)))
    else:
        status = subject.run(fault.within)
    fault.after(subject.folder)
    if status != fault.ends:
        return f"ended with {status}, not {fault.ends}: {subject.errors[-400:]}"
    if status == REFUSED and (
        subject.errors.count("error: ") != 1 or "Traceback" in subject.errors
    ):
        return f"did not say one sentence: {subject.errors[-400:]}"
    return "" if fault.words in subject.errors else f"did not say {fault.words!r}"


def two_at_once(subject: Subject) -> str:
    """Start a second process while the first is in the middle of training; then kill that."""
    stop = lambda: os.kill(os.getpid(), signal.SIGSTOP)  # noqa: E731
    first, read = subject.begin(partial(faults.at_call, "add", 3, action=stop))
    os.waitpid(first, os.WUNTRACED)
    status = subject.run()
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    os.close(read)
    told = subject.errors.count("is being trained by another process") == 1
    return "" if status == REFUSED and told else f"was not refused: {subject.errors[-400:]}"


def other_version(subject: Subject) -> str:
    """Give the run's name to a run of another version."""
    status = subject.run(more=("version=blog",))
    told = "cannot change these settings" in subject.errors
    return "" if status == REFUSED and told else f"was not refused: {subject.errors[-400:]}"


OTHERS = {"second process on one run": two_at_once, "run of another version": other_version}


def happen_in_turn(
    subject: Subject,
    calm: Subject,
    series: list[Fault | str],
    draw: np.random.Generator,
    told: list[str],
) -> dict[str, Row]:
    """Let faults happen to a run one after the other, then let it end and compare it with `calm`.

    Returns the rows of the table; what was not as it must be is added to `told`.
    """
    rows: dict[str, Row] = defaultdict(Row)
    well: dict[str, int] = defaultdict(int)
    if calm.run() != 0:
        raise SystemExit(f"the run that nothing happens to failed: {calm.errors}")
    for fault in series:
        wrong = happen(subject, fault, draw)
        name = fault if isinstance(fault, str) else fault.name
        rows[name].times += 1
        well[name] += not wrong
        lost = subject.lost()
        if lost is not None:
            rows[name].again.append(lost)
        told += [f"{subject.folder.name}: {name} {wrong}"] * bool(wrong)
    different = [] if subject.run() == 0 else [f"the end was not reached: {subject.errors[-400:]}"]
    with ProcessPoolExecutor(
        1, get_context("fork")
    ) as apart:  # TensorBoard's reader starts threads
        different += apart.submit(differences, calm.folder, subject.folder).result()
    told += [f"{subject.folder.name}: {text}" for text in different]
    for name, row in rows.items():
        row.survived = 0 if different else well[name]
    print(
        f"{subject.folder.name}: {len(series)} faults, {different or 'no difference'}", flush=True
    )
    return rows


def report(rows: dict[str, Row], wrong: list[str]) -> int:
    """Print the table; return the exit status."""
    print("\n| fault | times | survived | steps done again: mean, most |\n|---|---|---|---|")
    for name, row in sorted(rows.items(), key=lambda item: not item[0].startswith("killed")):
        again = f"{np.mean(row.again):.1f}, {max(row.again)}" if row.again else "-"
        print(f"| {name} | {row.times} | {row.survived} | {again} |")
    times, survived = (sum(getattr(row, k) for row in rows.values()) for k in ("times", "survived"))
    killed = sum(row.times for name, row in rows.items() if name.startswith("killed"))
    print(f"\n{times} faults, {killed} of them kills at random moments; {survived} survived.")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def main() -> int:
    """Let everything happen, and print the table."""
    parser = new_parser(__doc__)
    parser.add_argument("--kills", type=int, default=120, help="over all versions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--short", action="store_true", help="a handful of faults on one run")
    options = parser.parse_args()
    draw = np.random.default_rng(options.seed)
    each = -(-options.kills // len(CASES))
    plan = [(name, name, faults.kills(draw, each), 7 * each) for name in CASES]
    rest = [*faults.clocks(draw), *faults.damages(draw), *faults.refusals(), *OTHERS]
    # Looked at after every step: looks that go by the time would not be at the same steps.
    plan.append(("v5, other faults", "v5, observed and measured", rest, 150))
    if options.short:
        plan = [("v5", "v5", faults.short(draw), 13)]
    if BACKEND == "jax":
        import train_gan  # noqa: F401 (see above)
    print(f"{BACKEND}, seed {options.seed}, {len(plan)} runs of 4 pictures a step", flush=True)
    rows: dict[str, Row] = defaultdict(Row)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        images = demo.ensure_faces(Path(temporary, "faces"), count=48, size=32)
        for title, case, series, steps in plan:
            calm = Subject(Path(temporary, "calm", title), images, case, steps)
            subject = Subject(Path(temporary, title), images, case, steps)
            for name, row in happen_in_turn(subject, calm, series, draw, wrong).items():
                rows[name].times += row.times
                rows[name].survived += row.survived
                rows[name].again += row.again
    return report(rows, wrong)


if __name__ == "__main__":
    raise SystemExit(main())
