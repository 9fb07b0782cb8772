"""Prints what more pictures, a larger batch and larger pictures cost, beside the line they follow.

    python -m benchmarks.growth pictures [--counts 1000,86000,1000000]
    python -m benchmarks.growth batch [version=v5 model.width=0.1] [--sizes 16,64,256]
    python -m benchmarks.growth resolution [version=v5 model.width=0.1] [--sizes 64,128,256]

pictures: files are hard links to one and pixels a sparse file, so that a million take no disk; what
is read of it comes out as zeros, from memory, not from a disk. Listing, index and orders of a pass
should grow with their number, a batch not at all. batch and resolution: seconds of a step and
memory, which should grow with the pictures and with the square of their side. A ratio of 1 is on
the line from the first row; below 1 is better. Seconds of the processor stand beside those of the
clock, which other programs on the machine lengthen. Each row is a process of its own.
"""

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCHES = 50
BATCH_SIZE = 64
STEPS = 3
DEFAULTS = {"pictures": "1000,86000,1000000", "batch": "16,64,256", "resolution": "64,128,256"}


def main() -> None:
    """Read the command line and print one table, each row from a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=DEFAULTS)
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="of the config")
    parser.add_argument("--sizes", "--counts", metavar="LIST", help="of the rows, rising")
    parser.add_argument("--row", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args()
    what, overrides = arguments.what, arguments.overrides
    sizes = [int(size) for size in (arguments.sizes or DEFAULTS[what]).split(",")]
    if arguments.row:
        figures = (
            of_pictures(sizes[0]) if what == "pictures" else of_step(what, sizes[0], overrides)
        )
        print(*(f"{name}={value}" for name, value in figures.items()))
        return
    rows: list[dict] = []
    for size in sizes:
        command = [sys.executable, __file__, what, *overrides, "--sizes", str(size), "--row"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.returncode)
        pairs = (pair.split("=") for pair in done.stdout.splitlines()[-1].split())
        rows.append({name: float(value) for name, value in pairs})
        if size == sizes[0]:
            print(f"| {what} |", " | ".join(name.replace("_", " ") for name in rows[0]), "|")
            print("|---" * (len(rows[0]) + 1) + "|")
        cells = [
            f"{value:.3g} ({ratio(what, n, rows, sizes):.2f})" for n, value in rows[-1].items()
        ]
        print(f"| {size:,} |", " | ".join(cells), "|", flush=True)


def ratio(what: str, name: str, rows: list[dict], sizes: list[int]) -> float:
    """Return a row's figure over what it should be by the first row's; 1 is on the line.

    Less than 1 ms or 1 MB in the first row says nothing of a line, and counts as 1.
    """
    power = {"pictures": 0 if name.startswith("batch") else 1, "batch": 1, "resolution": 2}[what]
    size = sizes[len(rows) - 1]
    if len(rows) == 1:
        return 1.0
    return rows[-1][name] / (max(rows[0][name], 1.0) * (size / sizes[0]) ** power)


def timed(name: str, work) -> dict[str, float]:
    """Return the milliseconds of the clock and of the processor that work() takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {f"{name}_ms": 1e3 * wall, f"{name}_cpu_ms": 1e3 * cpu}


def resident() -> float:
    """Return the MB that this process has resident at most so far, in its own memory and files."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def of_pictures(count: int) -> dict[str, float]:
    """Measure a start over a decoded set, a pass's order and its batches."""
    from anime_gan.data.image_set import Batches, open_images

    with tempfile.TemporaryDirectory(prefix="growth-") as temporary:
        folder, cache = Path(temporary, "pictures"), Path(temporary, "cache")
        # In a process of its own, whose memory is not counted.
        making = multiprocessing.get_context("spawn").Process(
            target=make_set, args=(folder, cache, count)
        )
        making.start()
        making.join()
        before, found = resident(), []
        figures = timed("start", lambda: found.append(open_images(folder, 64, cache=cache)))
        figures["start_MB"] = resident() - before
        pictures = found[0].images
        with Batches(pictures, BATCH_SIZE, seed=0) as batches:
            figures |= timed("first_batch", lambda: next(batches))
            for _ in range(3):
                next(batches)
            each = timed("batch", lambda: [next(batches) for _ in range(BATCHES)])
            figures |= {name: value / BATCHES for name, value in each.items()}
            figures |= timed("order", lambda: batches._draw_pass(1))
    return figures


def make_set(folder: Path, cache: Path, count: int) -> None:
    """Make a folder of so many pictures, and the cache of a start that decoded them."""
    import json

    from anime_gan.data.cache import Cache
    from anime_gan.data.sources import open_source

    make_files(folder, count)
    source = open_source(folder)
    store = Cache(cache, source, (64, 64, 3), str(folder))
    names = [entry[0] for entry in source.entries]
    index = {"names": names, "skipped": [], "kept": list(range(count))}
    cache.mkdir()
    store._index.write_text(json.dumps(index))
    with store._data.open("wb") as file:
        file.truncate(count * 64 * 64 * 3)


def make_files(folder: Path, count: int) -> None:
    """Make so many names of one small file, a thousand to a folder."""
    for number in range(count):
        place = folder / f"{number // 1000:04}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
            first = place / "first.png"
            first.write_bytes(b"x")
        os.link(first, place / f"{number:07}.jpg")
        if number % 1000 == 999 or number == count - 1:
            first.unlink()


def of_step(what: str, size: int, overrides: list[str]) -> dict[str, float]:
    """Measure a compiled step at a batch or a resolution."""
    from anime_gan import backend, networks
    from anime_gan.config.schema import load_config
    from anime_gan.training.step import compile_step

    key = {"batch": "training.batch_size", "resolution": "model.resolution"}[what]
    own = ["training.batch_size=4"] if what == "resolution" else []
    own = ["model.width=0.1", *own, *overrides, f"{key}={size}"]
    config = load_config(None, own, networks.get_recipe)
    shape, training = config.model, config.training
    gan = TrainState.create(config)
    step, before = compile_step(gan), backend.peak_memory()
    size = (training.images_per_step, shape.resolution, shape.resolution, shape.channels)
    real = np.zeros(size, "float32")
    float(step(real)["g_loss"])
    best: dict[str, float] = {}
    for _ in range(STEPS):
        one = timed("step", lambda: float(step(real)["g_loss"]))
        best = {name: min(value, best.get(name, value)) for name, value in one.items()}
    return best | {"step_MB": (backend.peak_memory() - before) / 2**20}


if __name__ == "__main__":
    main()
