"""Print what more images, a larger batch and a higher resolution cost, and whether that is linear.

    python -m benchmarks.growth images [--sizes 1000,86000,1000000]
    python -m benchmarks.growth batch [version=v5 model.width=0.1] [--sizes 16,64,256]
    python -m benchmarks.growth resolution [version=v5 model.width=0.1] [--sizes 64,128,256]
    KERAS_BACKEND=jax python -m benchmarks.growth micro_batch [version=v5] [--sizes null,16,4]

images: time and private memory of a start over decoded images, and of batches. Files are hard links
to one, and pixels are a sparse file, so that a million take no disk; they are read as zeros from
memory. The start and the order of an epoch should grow linearly, a batch not at all.
batch, resolution, micro_batch: time and memory of a step, which should grow with the number of
pixels. Beside the memory stands the estimate that training.micro_batch=auto goes by.

Each row is a process of its own. In parentheses: the ratio to linear growth from the first row;
less is better. Milliseconds are wall-clock time; cpu ms is processor time, which other load changes
less. The memory of a step is the compiler's own number on JAX (arguments, results and temporaries
of the larger update of the step). TensorFlow has none: there it is the peak of the process over two
steps, which includes what the allocator keeps.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from anime_gan import backend
from benchmarks import new_parser

BATCHES = 50
BATCH_SIZE = 64
SIZES = {
    "images": "1000,86000,1000000",
    "batch": "16,64,256",
    "resolution": "64,128,256",
    "micro_batch": "null,16,4",
}
KEYS = {
    "batch": "training.batch_size",
    "resolution": "model.resolution",
    "micro_batch": "training.micro_batch",
}


def main() -> None:
    """Print one table, each row from a process of its own."""
    parser = new_parser(__doc__)
    parser.add_argument("what", choices=SIZES)
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="of the config")
    parser.add_argument("--sizes", metavar="LIST", help="of the rows, in rising order")
    parser.add_argument("--steps", type=int, default=3, help="to time; 0: memory only")
    parser.add_argument("--row", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args()
    what, sizes = options.what, (options.sizes or SIZES[options.what]).split(",")
    if options.row:
        backend.start(import_keras=what != "images")
        if what == "images":
            print(json.dumps(measure_images(int(sizes[0]))))
        else:
            print(json.dumps(measure_step(KEYS[what], sizes[0], options.overrides, options.steps)))
        return
    rows: list[dict[str, float]] = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.growth", what, *options.overrides]
        command += ["--sizes", size, "--steps", str(options.steps), "--row"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.returncode)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        if len(rows) == 1:
            print(f"| {what} |", " | ".join(rows[0]), "|")
            print("|---" * (len(rows[0]) + 1) + "|")
        print(f"| {size} |", " | ".join(cells(what, sizes, rows)), "|", flush=True)


def cells(what: str, sizes: list[str], rows: list[dict[str, float]]) -> list[str]:
    """Return the last row's figures with their ratios to linear growth.

    Less than 1 ms or 1 MB in the first row is noise, and counts as 1.
    """
    texts = []
    for name, value in rows[-1].items():
        power = {"images": 0 if "batch" in name else 1, "batch": 1, "resolution": 2}.get(what, 0)
        growth = (float(sizes[len(rows) - 1]) / float(sizes[0])) ** power if power else 1.0
        ratio = 1.0 if len(rows) == 1 else value / (max(rows[0][name], 1.0) * growth)
        texts.append(f"{value:.3g} ({ratio:.2f})")
    return texts


def timed(name: str, work) -> dict[str, float]:
    """Return the milliseconds of wall-clock and of processor time that work() takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {f"{name}, ms": 1e3 * wall, f"{name}, cpu ms": 1e3 * cpu}


def private_megabytes() -> float:
    """Return the resident memory of this process that is no file's, so the system can't drop it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024 / 1e6


def measure_images(count: int) -> dict[str, float]:
    """Measure a start over decoded images, an epoch's order and its batches."""
    from anime_gan.data.batches import Batches
    from anime_gan.data.image_set import open_images

    with tempfile.TemporaryDirectory(prefix="growth-") as temporary:
        folder, cache = Path(temporary, "images"), Path(temporary, "cache")
        # In a process of its own, whose memory is not counted.
        making = multiprocessing.get_context("spawn").Process(
            target=make_images, args=(folder, cache, count)
        )
        making.start()
        making.join()
        before, found = private_megabytes(), []
        figures = timed("start", lambda: found.append(open_images(folder, 64, cache=cache)))
        figures["start, MB"] = private_megabytes() - before
        with Batches(found[0].images, BATCH_SIZE, seed=0) as batches:
            figures |= timed("first batch", lambda: next(batches))
            for _ in range(3):
                next(batches)
            each = timed("batch", lambda: [next(batches) for _ in range(BATCHES)])
            figures |= {name: value / BATCHES for name, value in each.items()}
            figures["with batches, MB"] = private_megabytes() - before
            figures |= timed("order", lambda: batches._shuffle(1))
    return figures


def make_images(folder: Path, cache: Path, count: int) -> None:
    """Write `count` names of one file, a thousand to a folder, and a cache of their pixels."""
    from anime_gan.data.cache import Cache
    from anime_gan.data.sources import open_source

    for number in range(count):
        part = folder / f"{number // 1000:04}"
        if number % 1000 == 0:
            part.mkdir(parents=True)
            first = part / "first.png"
            first.write_bytes(b"x")
        os.link(first, part / f"{number:07}.jpg")
        if number % 1000 == 999 or number == count - 1:
            first.unlink()
    time.sleep(2)  # the checksums of files that were written just now are not kept
    store = Cache(cache, open_source(folder), (64, 64, 3), "lanczos", workers=2)
    cache.mkdir(exist_ok=True)
    found = {"images": count, "skipped": [], "again": [], "stretched": 0}
    store._index.write_text(json.dumps(found))
    with store._pixels(store._read_index()).open("wb") as file:
        file.truncate(count * 64 * 64 * 3)


def measure_step(key: str, size: str, overrides: list[str], steps: int) -> dict[str, float]:
    """Measure a step with one key of the config set to a size."""
    from anime_gan.training import micro_batch
    from anime_gan.training.step import compile_step, train_discriminator, train_generator
    from benchmarks.common import compiled_bytes, make_state, random_images

    default = ["training.batch_size=4"] if key == "model.resolution" else []
    state = make_state("model.width=0.1", *default, *overrides, f"{key}={size}")
    batch_size, real = state.config.training.batch_size, random_images(state)
    weights = sum(4 * int(np.prod(variable.shape)) for variable in state.variables)
    step, before, best = compile_step(state), backend.peak_memory(), {}
    compiled = [
        compiled_bytes(half, state, real[:batch_size])
        for half in (train_discriminator, train_generator)
    ]
    for number in range(steps + 1 if steps else 2 if None in compiled else 0):
        one = timed("step", lambda: float(step(real)["g_loss"]))
        if number and steps:  # the first compiles
            best = {name: min(value, best.get(name, value)) for name, value in one.items()}
    if None in compiled:
        compiled = [backend.peak_memory() - before + weights]
    estimate = micro_batch.step_bytes(state, state.micro_batch or batch_size)
    return best | {"step, MB": max(compiled) / 1e6, "estimate, MB": estimate / 1e6}


if __name__ == "__main__":
    main()
