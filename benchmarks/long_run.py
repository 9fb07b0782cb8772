"""Print whether a long run grows: its memory, open files and threads while it trains.

    python -m benchmarks.long_run                   20,000 steps, a quarter of an hour on two cores
    python -m benchmarks.long_run --steps 2000 --every 20

train_gan.py trains a tiny v5 on demo faces in a process of its own, with a grid, a curve and a
checkpoint every 200 steps, and metrics for a tenth of the time; this process watches it from
outside. Growth is the slope of a least-squares line through the second half of the run.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from anime_gan.data import demo
from benchmarks import new_parser

ROOT = Path(__file__).parents[1]

IMAGES = 200
ROWS = 20  # of the table
TINY = [
    "run=long",
    "model.width=0.02",
    "model.resolution=32",
    "training.batch_size=4",
    "training.precision=float32",
    "metrics.share=0.1",
    "metrics.count=20",
]


def watch(folder: Path, steps: int, every: int) -> np.ndarray:
    """Train in `folder` and return (N, 4): step, resident bytes, open files and threads."""
    images = demo.ensure_faces(folder / "faces", count=IMAGES)
    given = [f"data.images={images}", f"training.steps={steps}", f"schedule.sample_every={every}"]
    command = [sys.executable, str(ROOT / "train_gan.py"), *TINY, *given]
    samples: list[tuple] = []
    log = folder / "gan_images/long/losses.jsonl"
    with (folder / "output.txt").open("w") as output:
        training = psutil.Popen(command, cwd=folder, stdout=output, stderr=output)
        while training.poll() is None:
            time.sleep(0.5)
            try:
                with training.oneshot():
                    now = (training.memory_info().rss, training.num_fds(), training.num_threads())
            except psutil.NoSuchProcess:
                break
            step = step_in(log)
            # At the last step it is already releasing memory.
            if step and step < steps and (not samples or step > samples[-1][0]):
                samples.append((step, *now))
    if training.wait():
        raise SystemExit((folder / "output.txt").read_text()[-2000:])
    return np.array(samples)


def step_in(log: Path) -> int | None:
    """Return the last step in a losses.jsonl, None if there is none yet."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.path.getsize(log) - 1000))
            lines = file.read().split(b"\n")
    except OSError:
        return None
    return int(lines[-2].split(b",")[0].split(b":")[1]) if len(lines) > 2 else None


def main() -> None:
    """Train, and print the table and the slope."""
    parser = new_parser(__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=200, metavar="N", help="steps between grids")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="long-run-") as folder:
        samples = watch(Path(folder), options.steps, options.every)
        measured = (Path(folder) / "gan_images/long/metrics.jsonl").read_text().count("\n")
    name = os.environ.get("KERAS_BACKEND", "the default backend")
    print(
        f"{options.steps:,} steps on {name}, {options.steps // options.every} grids and "
        f"checkpoints, faces measured {measured} times, {time.monotonic() - started:.0f} s\n\n"
        f"{table(samples, options.steps)}"
    )


def table(samples: np.ndarray, steps: int) -> str:
    """Return what is printed of the samples (N, 4) of a run of some steps."""
    lines = ["| step | resident MB | open files | threads |", "|---|---|---|---|"]
    for part in np.array_split(samples, min(ROWS, len(samples))):
        step, resident, files, threads = part[-1]
        lines.append(f"| {step:,} | {resident / 1e6:.1f} | {files} | {threads} |")
    late = samples[samples[:, 0] > steps / 2].astype(float)
    (slope, _), errors = np.polyfit(late[:, 0], late[:, 1], 1, cov=True)
    span = ", ".join(
        f"{name} {int(late[:, i].min())} to {int(late[:, i].max())}"
        for i, name in ((2, "open files"), (3, "threads"))
    )
    error = errors[0, 0] ** 0.5
    lines += [
        "",
        f"second half: {slope:+.0f} ± {error:.0f} bytes a step of resident memory, {span}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
