"""Prints how long the commands take to their first result, each from fresh processes.

    python -m benchmarks.start [--rounds 3] [--backends tensorflow,jax] [--only sample,v5]

sample: `python sample.py --seeds 1` with v5's generator of full width. The others: train_gan.py
from the command to the end of its first step, with the grid and the checkpoint that one step alone
ends in, on drawn faces whose cache is there; v5 in float32, batch 64, v5_auto in the precision that
is faster here, else as the config in configs/ says.
The median of the clock's seconds, and of the processor's beside it: other programs on the machine
lengthen the first, and cores that work side by side the second.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRAINED = {
    "v5": ["version=v5", "training.precision=float32"],
    "v5_auto": ["version=v5"],
    "v5_quarter": ["version=v5", "model.width=0.25", "training.precision=float32"],
    "r3gan_cpu": ["--config", str(ROOT / "configs/r3gan_cpu.yaml")],
    "stylegan_cpu": ["--config", str(ROOT / "configs/stylegan_cpu.yaml")],
}
SAVE = """
from training import backend
import models
from config import Config
from training.gan import Gan
TrainState.create(Config()).generator.save("weights/v5/generator_1.keras")
"""
LIMITS = {"sample": 6, "training": 20}


def main() -> None:
    """Read the command line and print a row for each command and backend."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="fresh processes each")
    parser.add_argument("--backends", default="tensorflow,jax", metavar="LIST")
    parser.add_argument("--only", default=",".join(["sample", *TRAINED]), metavar="LIST")
    arguments = parser.parse_args()
    print("| command | backend | clock, s | processor, s | wanted, s |", "|---" * 5 + "|", sep="\n")
    with tempfile.TemporaryDirectory(prefix="start-") as temporary:
        prepare(Path(temporary))
        for name in arguments.only.split(","):
            for backend in arguments.backends.split(","):
                times = [seconds(name, backend, temporary) for _ in range(arguments.rounds)]
                clock, processor = (
                    statistics.median(column) for column in zip(*times, strict=True)
                )
                limit = LIMITS["sample" if name == "sample" else "training"]
                row = f"| {name} | {backend} | {clock:.1f} | {processor:.1f} | {limit} |"
                print(row, flush=True)


def prepare(folder: Path) -> None:
    """Save weights to draw from and draw faces to train on: neither is part of a start."""
    (folder / "weights/v5").mkdir(parents=True)
    sys.path.insert(0, str(ROOT))
    from anime_gan.data import demo
    from anime_gan.data.image_set import open_images

    faces = demo.ensure_faces(folder / "faces", count=200, size=64)
    for size in (64, 8):  # stylegan begins small
        open_images(str(faces), size, cache=folder / "data/cache")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", SAVE], cwd=folder, env=environment, check=True)


def seconds(name: str, backend: str, folder: str) -> tuple[float, float]:
    """Run one command; return the seconds of the clock and of the processor."""
    if name == "sample":
        command = [ROOT / "sample.py", "--seeds", "1", "--out", "drawn"]
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
