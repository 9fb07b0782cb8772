"""Measure starts and private memory of the loader over a large folder.

    python -m benchmarks.memory [--count 86000]

The folder is made for it, of equal small JPEGs, and removed at the end. Private memory is what no
other process shares and the system can't drop: the mapped cache is not part of it.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
import psutil
from PIL import Image

from anime_gan.data.image_set import Batches, open_images

BATCH_SIZE = 64


def private_megabytes() -> float:
    """Return the private memory of this process."""
    return psutil.Process().memory_full_info().uss / 1e6


def main() -> None:
    """Make the folder, start twice, go through two passes, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=86_000, help="number of pictures")
    count = parser.parse_args().count
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8")
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG")
    with tempfile.TemporaryDirectory(prefix="memory-benchmark-") as temporary:
        folder, cache = Path(temporary, "pictures"), Path(temporary, "cache")
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.jpg").write_bytes(file.getvalue())
        before = private_megabytes()
        for name in ("first start", "later start"):
            start = time.perf_counter()
            found = open_images(folder, 64, cache=cache)
            print(f"{name:<12} {time.perf_counter() - start:6.2f} s, {count:,} pictures")
        peak = private_megabytes()
        with Batches(found.images, BATCH_SIZE, seed=0) as batches:
            for step in range(2 * batches.batches_per_pass):
                next(batches)
                if step % 50 == 0:
                    peak = max(peak, private_megabytes())
        print(f"private memory over the start's: {peak - before:.0f} MB at most in two passes")


if __name__ == "__main__":
    main()
