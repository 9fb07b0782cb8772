"""Read training images, count them, and write one batch, as the network gets it, to batch.png.

    python data_loader.py faces.zip
    python data_loader.py "faces/**/*.png" --resolution 128 --x-flip
    python data_loader.py --caches                   list the decoded images that are kept
    python data_loader.py --remove-caches KEY ...    remove some of them, or without KEY all

data/cache keeps the decoded images for train_gan.py with the same image settings. From Python:

    from data_loader import Batches, open_images

    faces = open_images("faces.zip", resolution=64)
    with Batches(faces.images, batch_size=64, seed=0) as batches:
        images = next(batches).images  # float32 (64, 64, 64, 3), in [-1, 1]
"""

import signal

if __name__ == "__main__":  # during the imports, Ctrl-C ends the script without a traceback
    _BEFORE = signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from pathlib import Path

from anime_gan.commands import Parser, checked_file, number
from anime_gan.data.batches import Batches
from anime_gan.data.cached import list_caches, remove_caches
from anime_gan.data.image_set import (
    MAX_RESOLUTION,
    image_sizes,
    open_data,
    open_images,
    read_images,
)
from anime_gan.data.kinds import plural, size_text
from anime_gan.data.labels import Labels
from anime_gan.data.pixels import montage, to_image, to_uint8
from anime_gan.errors import UserError, clean_exit
from anime_gan.generation.output import IMAGE, free_path, save_image

__all__ = ["Batches", "image_sizes", "open_data", "open_images", "read_images"]

MAX_BATCH = 65_536  # as training.batch_size


@clean_exit
def main() -> None:
    """Read the command line, and show the images or the caches."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "images",
        nargs="?",
        help="a folder, a glob, or a .zip, .tar, .npy, .npz or .parquet file",
    )
    side = number(1, MAX_RESOLUTION, int)
    parser.add_argument("--resolution", type=side, default=64, help="side in pixels (default 64)")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="1: gray, 3: RGB")
    parser.add_argument("--resize", choices=("lanczos", "bilinear"), default="lanczos")
    size = {"type": number(1, MAX_BATCH, int), "default": 64}
    parser.add_argument("--batch-size", **size, help="images per batch (default 64)")
    parser.add_argument("--x-flip", action="store_true", help="mirror with probability 0.5")
    out = "image file for the batch; it is replaced (default batch.png, or the next free name)"
    parser.add_argument("--out", type=Path, metavar="PATH", help=out)
    labels = "table of labels (default: labels.csv at the root of the images, if it is there)"
    parser.add_argument("--labels", type=Path, metavar="FILE", help=labels)
    cache = {"type": lambda text: Path(text).expanduser(), "default": Path("data/cache")}
    decoded = "of decoded images (default data/cache)"
    parser.add_argument("--cache", **cache, metavar="FOLDER", help=decoded)
    parser.add_argument("--caches", action="store_true", help="list what the cache holds")
    remove = "remove the caches with these keys, or all"
    parser.add_argument("--remove-caches", nargs="*", metavar="KEY", help=remove)
    arguments = parser.parse_args()
    if arguments.out:
        arguments.out = checked_file(arguments.out, IMAGE)
    if arguments.cache.exists() and not arguments.cache.is_dir():
        parser.error(f"--cache is {arguments.cache}, but must be a folder")
    if arguments.images and arguments.remove_caches is not None:
        parser.error("--remove-caches takes keys and no images: remove caches by themselves")
    if arguments.remove_caches is not None:
        freed = remove_caches(arguments.cache, arguments.remove_caches)
        print(f"{size_text(freed)} freed in {arguments.cache}.")
    if arguments.caches:
        print_caches(arguments.cache)
    if arguments.images:
        try:
            show(arguments)
        except UserError as error:
            text = str(error).replace("data.cache=", "--cache ").replace("data.labels", "--labels")
            raise UserError(text) from error
    elif not arguments.caches and arguments.remove_caches is None:
        parser.error("no images are named: give a folder, a glob or a file")


def print_caches(folder: Path) -> None:
    """Print a line for each set of images that is kept."""
    caches = list_caches(folder)
    for one in caches:
        if not one.key:
            what = "checksums and listings of files"
        elif one.shape:
            height, width, channels = one.shape
            size = f"{width}x{height}x{channels}"
            what = f"{plural(one.images, 'image')} {size} of {', '.join(one.sources)}"
        else:
            what = "images of an unfinished or older start"
        print(f"{one.key[:12]:12} {size_text(one.size):>12}  {what}")
    total = size_text(sum(one.size for one in caches))
    print(f"{plural(len(caches), 'cache')} in {folder}, {total}.")


def counts_of(labels: Labels) -> list[str]:
    """Return a line for each attribute: its values and their numbers of images, most first."""
    lines = []
    for name, counts in labels.counts().items():
        unknown = counts.pop("")
        parts = [f"{v} {n:,}" for v, n in sorted(counts.items(), key=lambda item: -item[1])]
        parts += [f"unknown {unknown:,}"] if unknown else []
        lines.append(f"{name}: {', '.join(parts)}")
    return lines


def show(arguments: argparse.Namespace) -> None:
    """Read the images, print their counts and write one batch."""
    found = open_images(
        arguments.images,
        arguments.resolution,
        arguments.channels,
        arguments.cache,
        resize=arguments.resize,
        labels=arguments.labels,
    )
    print(found.summary())
    if found.table:
        labels = found.labels()
        print(*labels.notes(balance=0), *counts_of(labels), sep="\n")
    size = min(arguments.batch_size, len(found.images))
    with Batches(found.images, size, seed=0, x_flip=arguments.x_flip) as batches:
        images = next(batches).images
    out = arguments.out or free_path(Path("batch.png"))
    grid = to_image(montage(to_uint8(images), columns=min(8, size)))
    save_image(out, grid, {"shows": "training images"})
    print(
        f"One batch: float32 {images.shape}, values {images.min():.2f} to {images.max():.2f}, "
        f"written to {out}."
    )


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _BEFORE)
    try:
        main()
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        raise SystemExit(128 + signal.SIGINT) from None
