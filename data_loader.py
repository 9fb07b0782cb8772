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

import argparse
from pathlib import Path

from anime_gan.commands import Parser, checked_file
from anime_gan.data.batches import Batches
from anime_gan.data.cached import list_caches, remove_caches
from anime_gan.data.image_set import image_sizes, open_data, open_images, read_images
from anime_gan.data.pixels import montage, to_image, to_uint8
from anime_gan.errors import clean_exit
from anime_gan.generation.output import IMAGE, free_path, save_image

__all__ = ["Batches", "image_sizes", "open_data", "open_images", "read_images"]


@clean_exit
def main() -> None:
    """Read the command line, and show the images or the caches."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "images",
        nargs="?",
        help="a folder, a glob, or a .zip, .tar, .npy, .npz or .parquet file",
    )
    parser.add_argument("--resolution", type=int, default=64, help="side in pixels (default 64)")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="1: gray, 3: RGB")
    parser.add_argument("--resize", choices=("lanczos", "bilinear"), default="lanczos")
    parser.add_argument("--batch-size", type=int, default=64, help="images per batch (default 64)")
    parser.add_argument("--x-flip", action="store_true", help="mirror with probability 0.5")
    out = "image file for the batch; it is replaced (default batch.png, or the next free name)"
    parser.add_argument("--out", type=Path, metavar="PATH", help=out)
    cache = {"type": Path, "default": Path("data/cache"), "metavar": "FOLDER"}
    parser.add_argument("--cache", **cache, help="of decoded images (default data/cache)")
    parser.add_argument("--caches", action="store_true", help="list what the cache holds")
    remove = "remove the caches with these keys, or all"
    parser.add_argument("--remove-caches", nargs="*", metavar="KEY", help=remove)
    arguments = parser.parse_args()
    if arguments.out:
        arguments.out = checked_file(arguments.out, IMAGE)
    if arguments.remove_caches is not None:
        freed = remove_caches(arguments.cache, arguments.remove_caches)
        print(f"{freed / 1e6:,.1f} MB freed in {arguments.cache}.")
    if arguments.caches:
        print_caches(arguments.cache)
    if arguments.images:
        show(arguments)
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
            what = f"{one.images:,} images {width}x{height}x{channels} of {', '.join(one.sources)}"
        else:
            what = "images of an unfinished or older start"
        print(f"{one.key[:12]:12} {one.size / 1e6:10,.1f} MB  {what}")
    print(f"{len(caches)} caches in {folder}, {sum(one.size for one in caches) / 1e6:,.1f} MB.")


def show(arguments: argparse.Namespace) -> None:
    """Read the images, print their counts and write one batch."""
    found = open_images(
        arguments.images,
        arguments.resolution,
        arguments.channels,
        arguments.cache,
        resize=arguments.resize,
    )
    print(found.summary())
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
    main()
