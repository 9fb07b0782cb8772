"""Print how long the commands take to their first result, each from fresh processes.

    python -m benchmarks.start [--rounds 3] [--backends tensorflow,jax] [--only sample,v5]

sample: `python sample.py faces --seeds 1`, v5's generator at full width. The others: train_gan.py
from the command to the end of its first step, with the grid and the checkpoint that a run of one
step ends in, on demo faces that are decoded already. v5 is in float32, batch 64; v5_auto in the
precision that is faster here; the others as configs/ says. Times are medians: of the wall clock,
which other load lengthens, and of the processor, which cores that work side by side lengthen.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from anime_gan.data import demo
from anime_gan.data.image_set import open_images
from benchmarks import new_parser
from benchmarks.common import make_state

ROOT = Path(__file__).resolve().parents[1]
TRAINED = {
    "v5": ["version=v5", "training.precision=float32"],
    "v5_auto": ["version=v5"],
    "v5_quarter": ["version=v5", "model.width=0.25", "training.precision=float32"],
    "r3gan_cpu": ["--config", str(ROOT / "configs/r3gan_cpu.yaml")],
    "stylegan_cpu": ["--config", str(ROOT / "configs/stylegan_cpu.yaml")],
}
TARGETS = {"sample": 6, "training": 20}  # seconds


def main() -> None:
    """Print a row for each command and backend."""
    parser = new_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="fresh processes each")
    parser.add_argument("--backends", default="tensorflow,jax", metavar="LIST")
    parser.add_argument("--only", default=",".join(["sample", *TRAINED]), metavar="LIST")
    options = parser.parse_args()
    print("| command | backend | clock, s | processor, s | target, s |", "|---" * 5 + "|", sep="\n")
    with tempfile.TemporaryDirectory(prefix="start-") as temporary:
        prepare(Path(temporary))
        for name in options.only.split(","):
            for backend in options.backends.split(","):
                times = [seconds(name, backend, temporary) for _ in range(options.rounds)]
                clock, processor = map(statistics.median, zip(*times, strict=True))
                target = TARGETS["sample" if name == "sample" else "training"]
                row = f"| {name} | {backend} | {clock:.1f} | {processor:.1f} | {target} |"
                print(row, flush=True)


def prepare(folder: Path) -> None:
    """Save weights to sample from, and decode demo faces: neither is part of a start."""
    (folder / "weights/v5").mkdir(parents=True)
    make_state("version=v5").generator.save(folder / "weights/v5/generator_1.keras")
    faces = demo.ensure_faces(folder / "faces", count=200, size=64)
    for size in (64, 8):  # stylegan begins at 8x8
        open_images(str(faces), size, cache=folder / "data/cache")


def seconds(name: str, backend: str, folder: str) -> tuple[float, float]:
    """Run one command; return the seconds of the wall clock and of the processor."""
    if name == "sample":
        command = [ROOT / "sample.py", "faces", "--seeds", "1", "--out", "faces_of_v5"]
    else:
        run = f"run={name}-{backend}-{time.monotonic_ns()}"
        data = ["data.images=faces", "metrics.share=0", "training.steps=1", run]
        command = [ROOT / "train_gan.py", *TRAINED[name], *data]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    clock = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
