"""Print how long the page of a run takes to write during training, and how large it is.

    python -m benchmarks.page [--rounds 10]

Each row is a run whose images become noise, the worst case for its size. Times are of the
processor: of the first page, which encodes all grids that it shows, and the median of the pages
after it, each 500 steps and one grid later. "Grown" is the memory that the process gains by them.
"""

import json
import resource
import statistics
import tempfile
import time
from contextlib import chdir
from pathlib import Path

import numpy as np

from anime_gan.config import from_dict
from anime_gan.data.pixels import to_image
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.grids import save_grid
from anime_gan.runs.health import COLUMNS
from anime_gan.runs.history import CURVES, LOSSES, Curve, read_rows
from anime_gan.runs.page import Standing, renew_page
from benchmarks import new_parser

RUNS = [(64, 5_000, 200), (64, 500_000, 200), (64, 500_000, 500), (512, 5_000, 200)]
DISTINCT = 7  # grids; the others are links to them, which are encoded too


def main() -> None:
    """Print a row for each run."""
    parser = new_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="later pages")
    rounds = parser.parse_args().rounds
    print("| pixels | steps | grids | first page, s | later page, s | page, MB | grown, MB |")
    print("|---" * 7 + "|")
    for run in RUNS:
        with tempfile.TemporaryDirectory(prefix="page-") as folder, chdir(folder):
            print("| " + " | ".join(row(*run, rounds)) + " |", flush=True)


def row(size: int, steps: int, grids: int, rounds: int) -> list[str]:
    """Return the cells of one run."""
    run = RunFolder("noise")
    write_files(run, size, steps, grids)
    config = from_dict({"version": "r3gan", "model": {"resolution": size}})
    curve = Curve(CURVES)
    for line in read_rows(run.images / "losses.jsonl", LOSSES):
        curve.add(line)
    times, memory = [], []
    for number in range(rounds + 1):
        run.grid(grids + number).hardlink_to(run.grid(number))
        for step in range(500):
            curve.add({"step": steps + step, **dict.fromkeys(CURVES, number / 9)})
        started = time.process_time()
        standing = Standing(steps, 3_600.0, "training")
        renew_page(run, config, standing, curve.columns)
        times.append(time.process_time() - started)
        memory.append(resident())
    return [
        *(f"{number:,}" for number in (size, steps, grids)),
        *(f"{seconds:.2f}" for seconds in (times[0], statistics.median(times[1:]))),
        f"{run.page.stat().st_size / 1e6:.1f}",
        f"{memory[-1] - memory[1]:.0f}",
    ]


def write_files(run: RunFolder, size: int, steps: int, grids: int) -> None:
    """Write the logs of a run of many steps, and grids that become noise."""
    run.images.mkdir(parents=True)
    draw = np.random.default_rng(0)
    scores = {"frechet": 50.0, "precision": 0.5, "recall": 0.5}
    whole = {"whole": scores | {"real_vs_real": scores}, "network": "none", "count": 500}
    for name, keys, count, others in (
        ("losses", (*CURVES, "images_per_second"), steps, {}),
        ("health", COLUMNS, 1_000, {}),
        ("metrics", (), 100, whole),
    ):
        with (run.images / f"{name}.jsonl").open("w") as file:
            for step in range(steps // count, steps + 1, steps // count):
                row = {"step": step, **dict.fromkeys(keys, draw.random()), **others}
                file.write(json.dumps(row) + "\n")
    noise = draw.integers(0, 256, (25, size, size, 3), "uint8")
    coarse = np.asarray([to_image(image).resize((8, 8)).resize((size, size)) for image in noise])
    for number in range(grids):
        if number < DISTINCT:
            share = number / DISTINCT
            save_grid(run.grid(number), (coarse * (1 - share) + noise * share).astype("uint8"))
        else:
            run.grid(number).hardlink_to(run.grid(number % DISTINCT))
    save_grid(run.reference_grid, noise)


def resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
