"""Time v5's compiled step against the report's literal Keras loop.

    python benchmarks/step.py [--width 0.25] [--batch 64] [--rounds 5] [--precision auto]

Both train networks of the same shape on the same random pictures. The rounds alternate between
them, so that a machine whose speed drifts does not favour one; the ratio is the median of the
rounds' own ratios. The literal loop runs as its author would run it: float32, Keras's defaults.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from training import backend  # isort: split

import numpy as np

import models
from benchmarks.report_loop import ReportLoop
from config import load_config
from training.gan import Gan
from training.step import compile_step


def seconds_of(run, steps: int) -> float:
    """Return the seconds that one call of `run` takes, over `steps` calls."""
    start = time.perf_counter()
    for _ in range(steps):
        run()
    return (time.perf_counter() - start) / steps


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1, help="of each, in a round")
    parser.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    options = parser.parse_args()

    overrides = ["version=v5", f"model.width={options.width}"]
    config = load_config(None, overrides, models.get_recipe)
    precision = options.precision
    if precision == "auto":
        precision = backend.fastest_precision()
    real = np.random.default_rng(0).uniform(-1, 1, (options.batch, 64, 64, 3)).astype("float32")

    version = models.get_version("v5")
    compiled = compile_step(Gan.create(version, config, precision))
    plain = Gan.create(version, config)
    rule = config.generator
    loop = ReportLoop(plain.generator, plain.discriminator, rule.rate, rule.decay, rule.clipvalue)
    ours = lambda: float(compiled(real)["g_loss"])  # noqa: E731 (fetching waits for the device)
    theirs = lambda: loop.step(real)  # noqa: E731
    ours(), ours(), theirs(), theirs()

    rounds = [
        (seconds_of(theirs, options.steps), seconds_of(ours, options.steps))
        for _ in range(options.rounds)
    ]
    print(
        f"v5, width {options.width:g}, batch {options.batch}, {options.rounds} rounds, on "
        f"{backend.device()} with {backend.NAME}"
    )
    for name, place in (("literal loop, float32", 0), (f"compiled step, {precision}", 1)):
        seconds = statistics.median(pair[place] for pair in rounds)
        print(f"{name:<24} {seconds:8.3f} s a step {options.batch / seconds:10.1f} images/s")
    ratios = sorted(a / b for a, b in rounds)
    print(f"ratio {statistics.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
