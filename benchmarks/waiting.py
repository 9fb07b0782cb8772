"""Prints which share of a run's time the step waits for its batches.

    python -m benchmarks.waiting [key=value ...] [--steps 20] [--count 2000]

Two runs: v5 at a quarter of its width, or what the overrides say, and dcgan at a tiny one, whose
step is as fast as one on a GPU. Each with pictures decoded on the disk, encoded and decoded ahead,
and kept on the device (data.on_device). Waiting is the time in next(batches), of a loop that takes
a batch, trains on it and asks for the losses; the first steps, which compile, are left out.
"""

import argparse
import tempfile
import time
from pathlib import Path

from anime_gan import backend

backend.start()

from anime_gan import networks
from anime_gan.config.schema import load_config
from anime_gan.data import demo
from anime_gan.data.image_set import Batches, open_images
from anime_gan.data.on_device import OnDevice
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

RUNS = (
    ["version=v5", "model.width=0.25", "training.batch_size=16"],
    ["version=dcgan", "model.width=0.03", "training.batch_size=16"],
)


def main() -> None:
    """Read the command line, draw faces, print a row for each run and place of the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="of the config")
    parser.add_argument("--steps", type=int, default=20, help="that are measured")
    parser.add_argument("--count", type=int, default=2000, help="drawn faces")
    arguments = parser.parse_intermixed_args()
    print("| run | pictures | ms a step | ms waiting | share |", "|---" * 5 + "|", sep="\n")
    with tempfile.TemporaryDirectory(prefix="waiting-") as temporary:
        faces = demo.ensure_faces(Path(temporary, "faces"), count=arguments.count, size=64)
        for overrides in RUNS:
            config = load_config(None, [*overrides, *arguments.overrides], networks.get_recipe)
            gan = TrainState.create(config)
            step, size = compile_step(gan), config.model.resolution
            places = {
                place: open_images(faces, size, cache=Path(temporary, place), cache_share=share)
                for place, share in (("decoded", 1.0), ("encoded", 0.0))
            }
            sets = {place: found.images for place, found in places.items()}
            sets["on the device"] = OnDevice(sets["decoded"])
            for place, pictures in sets.items():
                waited, total = measure(step, pictures, config, arguments.steps)
                row = (config.version, place, f"{total:.1f}", f"{waited:.2f}")
                print(f"| {' | '.join(row)} | {waited / total:.2%} |", flush=True)


def measure(step, pictures, config, steps: int) -> tuple[float, float]:
    """Return the milliseconds of a step that are spent waiting for its batch, and all of them."""
    training, waited = config.training, 0.0
    with Batches(pictures, training.images_per_step, training.seed, True) as batches:
        for _ in range(3):
            float(step(next(batches))["g_loss"])
        started = time.perf_counter()
        for _ in range(steps):
            asked = time.perf_counter()
            real = next(batches)
            waited += time.perf_counter() - asked
            float(step(real)["g_loss"])
        total = time.perf_counter() - started
    return 1e3 * waited / steps, 1e3 * total / steps


if __name__ == "__main__":
    main()
