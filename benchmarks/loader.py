"""Compares the reading and batching of pictures with the way of the source report.

    python -m benchmarks.loader [IMAGES] [--resolution 64] [--count 3000]

IMAGES is a folder, a glob or a .zip; without it, random pictures are drawn. The report's way reads
file after file with scikit-image, resizes each and holds all of them in one float array. Both ways
read the same `count` files, from a temporary folder that is removed at the end. Last, batches of
the decoded cache beside batches of pictures that stay encoded and are decoded ahead.
"""

import argparse
import glob
import sys
import tempfile
import time
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from PIL import Image
from skimage.io import imread
from skimage.transform import resize

from anime_gan.data.encoded import Encoded
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError

BATCH_SIZE = 64
BATCHES = 300
WARM_STARTS = 3
SECONDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="?", help="folder, glob or .zip of pictures")
    parser.add_argument("--resolution", type=int, default=64, help="side in pixels")
    parser.add_argument("--count", type=int, default=3000, help="number of pictures to read")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loader-benchmark-") as temporary:
        folder = Path(temporary, "pictures")
        folder.mkdir()
        try:
            collect(arguments.images, arguments.count, folder)
            compare(folder, arguments.resolution, Path(temporary, "cache"))
        except UserError as error:
            sys.exit(f"error: {error}")


def collect(images: str | None, count: int, folder: Path) -> None:
    """Copy the first `count` pictures of `images` into `folder`, or draw as many."""
    if images is None:
        generator = np.random.default_rng(0)
        for number in range(count):
            coarse = generator.integers(0, 256, (12, 12, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
            picture.save(folder / f"{number}.jpg", quality=90)
        return
    source = open_source(images)
    for number, (name, _, _) in enumerate(source.entries[:count]):
        (folder / f"{number}{Path(name).suffix}").write_bytes(source.read(number))
    source.close()


def compare(folder: Path, resolution: int, cache: Path) -> None:
    for path in folder.iterdir():  # so that no way pays for the first touch of the disk
        path.read_bytes()
    start = time.perf_counter()
    floats = read_as_report(folder, resolution)
    report = time.perf_counter() - start

    start = time.perf_counter()
    pictures = open.open_images(folder, resolution, cache=cache, cache_share=1).images
    cold = time.perf_counter() - start

    start = time.perf_counter()
    for _ in range(WARM_STARTS):
        open.open_images(folder, resolution, cache=cache, cache_share=1)
    warm = (time.perf_counter() - start) / WARM_STARTS

    print(f"{len(pictures)} pictures to {resolution}x{resolution}")
    for name, seconds in [("report", report), ("ours, cold", cold), ("ours, warm", warm)]:
        speed, ratio = len(pictures) / seconds, report / seconds
        print(f"{name:11} {seconds:9.4f} s {speed:11,.0f} pictures/s {ratio:9.1f} times the report")
    if len(pictures) >= BATCH_SIZE:
        compare_batches(floats, pictures)
    encoded = open.open_images(folder, resolution, cache=cache / "none", cache_share=0)
    speeds = [images_per_second(kind) for kind in (pictures, encoded.images) * 2]
    decoded, ahead = max(speeds[::2]), max(speeds[1::2])
    print(f"batches of the decoded cache {decoded:,.0f} pictures/s, ", end="")
    print(f"decoded ahead {ahead:,.0f} pictures/s: {ahead / decoded:.3f} times the cache's")


def images_per_second(pictures: np.ndarray | Encoded) -> float:
    """How many pictures come in batches for some seconds, taken as fast as they come."""
    size, taken = min(BATCH_SIZE, len(pictures)), 0
    with open.Batches(pictures, size, seed=0, x_flip=True) as batches:
        for _ in range(open.PREFETCHED_BATCHES + 1):  # begun before the clock
            next(batches)
        start = time.perf_counter()
        while (passed := time.perf_counter() - start) < SECONDS:
            next(batches)
            taken += size
    return taken / passed


def read_as_report(folder: Path, resolution: int) -> np.ndarray:
    """All pictures of `folder` as float64 (N, H, W, C) in [0, 1], read one by one."""
    files = glob.glob(str(folder / "*"))
    return np.array([resize(imread(file), (resolution, resolution)) for file in files])


def compare_batches(floats: np.ndarray, pictures: np.ndarray) -> None:
    """Batches per second, taken one after the other as fast as they come."""
    start = time.perf_counter()
    for step in range(BATCHES):
        first = step * BATCH_SIZE % (len(floats) - BATCH_SIZE + 1)
        (floats[first : first + BATCH_SIZE] * 2 - 1).astype(np.float32)
    report = BATCHES / (time.perf_counter() - start)
    with open.Batches(pictures, BATCH_SIZE, seed=0, x_flip=True) as batches:
        next(batches)
        start = time.perf_counter()
        for _ in range(BATCHES):
            next(batches)
        ours = BATCHES / (time.perf_counter() - start)
    print(f"batches of {BATCH_SIZE}: slices of a float array in memory {report:,.0f}/s", end=", ")
    print(f"ours, shuffled and mirrored {ours:,.0f}/s ({1000 / ours:.2f} ms each)")
    held = floats.nbytes / 2**20
    print(f"held in memory: report {held:,.0f} MB; on disk: ours {pictures.nbytes / 2**20:,.0f} MB")


if __name__ == "__main__":
    main()
