"""Compare the reading and batching of images with the report's way, and time how long a step waits.

    python -m benchmarks.loader [IMAGES] [--resolution 64] [--count 3000]
    python -m benchmarks.loader --waiting [--steps 20]

IMAGES is a folder, a glob or a zip; without it, blurred noise is written as JPEG. The report reads
file after file with scikit-image, resizes each, and holds all of them in one float64 array. Both
ways read the same `count` files, from a temporary folder. Then batches from decoded images are
compared with batches from images that stay encoded.

--waiting trains v5 at a quarter of its width, and dcgan at 3%, whose step is as fast as one on a
GPU, on images that are decoded on the disk, encoded, and on the device (data.on_device), and prints
the share of a step's time that is spent in next(batches).
"""

import glob
import tempfile
import time
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from PIL import Image
from skimage.io import imread
from skimage.transform import resize

from anime_gan.data import batches as batching
from anime_gan.data.image_set import open_images
from anime_gan.data.on_device import OnDevice
from anime_gan.data.sources import open_source
from anime_gan.errors import clean_exit
from anime_gan.training.step import compile_step
from benchmarks import new_parser
from benchmarks.common import make_state

BATCH_SIZE = 64
BATCHES = 300
WARM_STARTS = 3
SECONDS = 5
TRAINED = (["version=v5", "model.width=0.25"], ["version=dcgan", "model.width=0.03"])


@clean_exit
def main() -> None:
    """Read the command line and print one of the two comparisons."""
    parser = new_parser(__doc__)
    parser.add_argument("images", nargs="?", help="folder, glob or zip")
    parser.add_argument("--resolution", type=int, default=64, help="side in pixels")
    parser.add_argument("--count", type=int, default=3000, help="number of images to read")
    parser.add_argument("--waiting", action="store_true", help="train and time next(batches)")
    parser.add_argument("--steps", type=int, default=20, help="to time, with --waiting")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loader-benchmark-") as temporary:
        folder, cache = Path(temporary, "images"), Path(temporary, "cache")
        folder.mkdir()
        copy_or_make(options.images, options.count, folder)
        if options.waiting:
            print_waiting(folder, cache, options.steps)
        else:
            compare(folder, options.resolution, cache)


def copy_or_make(images: str | None, count: int, folder: Path) -> None:
    """Copy the first `count` images of `images` into `folder`, or write as many."""
    if images is None:
        generator = np.random.default_rng(0)
        for number in range(count):
            coarse = generator.integers(0, 256, (12, 12, 3), dtype=np.uint8)
            image = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
            image.save(folder / f"{number}.jpg", quality=90)
        return
    source = open_source(images)
    suffixes = Image.registered_extensions()  # the report's reader needs an image's ending
    numbers = [n for n, entry in enumerate(source.entries) if Path(entry[0]).suffix in suffixes]
    for number in numbers[:count]:
        suffix = Path(source.entries[number][0]).suffix
        (folder / f"{number}{suffix}").write_bytes(source.read(number))
    source.close()


def compare(folder: Path, resolution: int, cache: Path) -> None:
    """Print seconds and images/s of both ways to read, then of batches."""
    for path in folder.iterdir():  # so that the first reader does not pay for the disk
        path.read_bytes()
    start = time.perf_counter()
    floats = read_as_report(folder, resolution)
    report = time.perf_counter() - start

    start = time.perf_counter()
    images = open_images(folder, resolution, cache=cache, cache_share=1).images
    first = time.perf_counter() - start

    start = time.perf_counter()
    for _ in range(WARM_STARTS):
        open_images(folder, resolution, cache=cache, cache_share=1)
    later = (time.perf_counter() - start) / WARM_STARTS

    print(f"{len(images)} images to {resolution}x{resolution}\n")
    print("| | seconds | images/s | times the report's |\n|---|---|---|---|")
    for name, seconds in (("report", report), ("first start", first), ("later start", later)):
        speed = len(images) / seconds
        print(f"| {name} | {seconds:.2f} | {speed:,.0f} | {report / seconds:.1f} |")
    if len(images) >= BATCH_SIZE:
        compare_batches(floats, images)
    encoded = open_images(folder, resolution, cache=cache / "none", cache_share=0).images
    speeds = [images_per_second(store) for store in (images, encoded) * 2]
    decoded, while_training = max(speeds[::2]), max(speeds[1::2])
    print(
        f"batches from decoded images {decoded:,.0f} images/s, from encoded ones "
        f"{while_training:,.0f}: {while_training / decoded:.3f} times"
    )


def read_as_report(folder: Path, resolution: int) -> np.ndarray:
    """Return all images of a folder as float64 (N, H, W, C) in [0, 1], read one by one."""
    files = glob.glob(str(folder / "*"))
    return np.array([resize(imread(file), (resolution, resolution)) for file in files])


def compare_batches(floats: np.ndarray, images) -> None:
    """Print batches per second, taken as fast as they come, and what each way keeps."""
    start = time.perf_counter()
    for step in range(BATCHES):
        first = step * BATCH_SIZE % (len(floats) - BATCH_SIZE + 1)
        (floats[first : first + BATCH_SIZE] * 2 - 1).astype(np.float32)
    report = BATCHES / (time.perf_counter() - start)
    ours = images_per_second(images) / BATCH_SIZE
    print(
        f"\nbatches of {BATCH_SIZE}: slices of a float array in memory {report:,.0f}/s, ours, "
        f"shuffled and mirrored, {ours:,.0f}/s ({1000 / ours:.2f} ms each)\n"
        f"memory of the report's array {floats.nbytes / 2**20:,.0f} MB; our file on disk "
        f"{floats.size / 2**20:,.0f} MB"
    )


def images_per_second(images) -> float:
    """Return how many images come in batches, taken as fast as they come."""
    size, count = min(BATCH_SIZE, len(images)), 0
    with batching.Batches(images, size, seed=0, x_flip=True) as batches:
        for _ in range(batching.PREFETCHED_BATCHES + 1):  # which were prepared before the clock
            next(batches)
        start = time.perf_counter()
        while (passed := time.perf_counter() - start) < SECONDS:
            next(batches)
            count += size
    return count / passed


def print_waiting(folder: Path, cache: Path, steps: int) -> None:
    """Print a row for each version and place of the images."""
    print("| version | images | ms per step | ms waiting | share |", "|---" * 5 + "|", sep="\n")
    for overrides in TRAINED:
        state = make_state(*overrides, "training.batch_size=16")
        step, size = compile_step(state), state.config.model.resolution
        stores = {
            place: open_images(folder, size, cache=cache / place, cache_share=share).images
            for place, share in (("decoded", 1.0), ("encoded", 0.0))
        }
        stores["on the device"] = OnDevice(stores["decoded"])
        for place, images in stores.items():
            waited, total = waiting(step, images, state.config.training, steps)
            row = (state.config.version, place, f"{total:.1f}", f"{waited:.2f}")
            print(f"| {' | '.join(row)} | {waited / total:.2%} |", flush=True)


def waiting(step, images, training, steps: int) -> tuple[float, float]:
    """Return the milliseconds of a step that are spent waiting for its batch, and all of them."""
    waited = 0.0
    with batching.Batches(images, training.images_per_step, training.seed, True) as batches:
        for _ in range(3):  # which compile
            float(step(next(batches).images)["g_loss"])
        started = time.perf_counter()
        for _ in range(steps):
            begin = time.perf_counter()
            batch = next(batches)
            waited += time.perf_counter() - begin
            float(step(batch.images)["g_loss"])
        total = time.perf_counter() - started
    return 1e3 * waited / steps, 1e3 * total / steps


if __name__ == "__main__":
    main()
