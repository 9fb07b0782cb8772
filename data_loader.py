"""Read training images, count them, and write one batch, as the network gets it, to batch.png.

    python data_loader.py faces.zip
    python data_loader.py "faces/**/*.png" --resolution 128 --x-flip

data/cache keeps the decoded images for train_gan.py with the same image settings. From Python:

    from data_loader import Batches, open_images

    faces = open_images("faces.zip", resolution=64)
    with Batches(faces.images, batch_size=64, seed=0) as batches:
        images = next(batches).images  # float32 (64, 64, 64, 3), in [-1, 1]
"""

from collections import Counter
from pathlib import Path

from anime_gan.commands import Parser
from anime_gan.data.batches import Batches
from anime_gan.data.image_set import image_sizes, open_data, open_images, read_images
from anime_gan.data.pixels import montage, to_image, to_uint8
from anime_gan.errors import clean_exit
from anime_gan.files import whole_file

__all__ = ["Batches", "image_sizes", "open_data", "open_images", "read_images"]


@clean_exit
def main() -> None:
    """Read the command line and the images, print the counts, write one batch."""
    parser = Parser(description=__doc__)
    parser.add_argument("images", help="a folder, a glob or a .zip file")
    parser.add_argument("--resolution", type=int, default=64, help="side in pixels (default 64)")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="1: gray, 3: RGB")
    parser.add_argument("--resize", choices=("lanczos", "bilinear"), default="lanczos")
    parser.add_argument("--batch-size", type=int, default=64, help="images per batch (default 64)")
    parser.add_argument("--x-flip", action="store_true", help="mirror with probability 0.5")
    parser.add_argument("--out", type=Path, default=Path("batch.png"), help="default batch.png")
    arguments = parser.parse_args()
    found = open_images(
        arguments.images, arguments.resolution, arguments.channels, resize=arguments.resize
    )
    print(found.summary())
    for reason, count in Counter(reason for _, reason in found.skipped).most_common():
        print(f"  {count:,}: {reason}")
    size = min(arguments.batch_size, len(found.images))
    with Batches(found.images, size, seed=0, x_flip=arguments.x_flip) as batches:
        images = next(batches).images
    with whole_file(arguments.out) as temporary:
        to_image(montage(to_uint8(images), columns=min(8, size))).save(temporary, "PNG")
    print(
        f"One batch: float32 {images.shape}, values {images.min():.2f} to {images.max():.2f}, "
        f"written to {arguments.out}."
    )


if __name__ == "__main__":
    main()
