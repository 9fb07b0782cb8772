"""How near enlarged faces come to the real ones: SRGAN, Lanczos and waifu2x.

    python -m benchmarks.super_resolution heldout.zip --out sheet.png
    python -m benchmarks.super_resolution heldout.zip --upscaler weights/upscaler_64.keras

Real faces are reduced to half with Lanczos's filter and enlarged again: by an upscaler that
train_upscaler.py wrote (default: the one that comes with the project), by Lanczos, and by waifu2x
if it is installed. It prints the mean error of a pixel and the Fréchet distances to the real faces.
"""

from pathlib import Path

from anime_gan import backend

backend.start(threads=1)

import numpy as np
from keras import ops

from anime_gan.data.image_set import open_images
from anime_gan.data.pixels import montage, to_image, to_uint8
from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import open_network
from anime_gan.generation.grid import resizer
from anime_gan.generation.upscaler import OWN
from anime_gan.metrics.distances import frechet
from anime_gan.training.upscaler import halved
from benchmarks import new_parser
from benchmarks.held_out import JUDGES

SHOWN = 8  # faces of the sheet


@clean_exit
def main() -> None:
    """Enlarge, print a table, write a sheet."""
    parser = new_parser(__doc__)
    parser.add_argument("real", help="a folder or zip of faces that were not trained on")
    parser.add_argument("--upscaler", type=Path, default=OWN, help="default: the project's")
    parser.add_argument("--count", type=int, default=2_000, help="faces to measure with")
    parser.add_argument("--size", type=int, default=64, help="of the large faces")
    parser.add_argument("--out", help="write a sheet: small, each way to enlarge, real")
    options = parser.parse_args()
    found = open_images(options.real, options.size).images
    count = min(options.count, len(found))
    real = found.take(np.arange(count), np.zeros(count, bool))
    small = to_uint8(np.concatenate([ops.convert_to_numpy(halved(x)) for x in in_batches(real)]))
    made = enlarged(small, options.size, options.upscaler)
    real = to_uint8(real)
    print_table(made, real)
    if options.out:
        rows = [resized(small, options.size, "nearest"), *made.values(), real]
        sheet = montage(np.concatenate([row[:SHOWN] for row in rows]), SHOWN)
        to_image(sheet).save(options.out)


def in_batches(images: np.ndarray, size: int = 100):
    """Return parts of images (N, H, W, C), of `size` images at most."""
    return (images[start : start + size] for start in range(0, len(images), size))


def enlarged(small: np.ndarray, size: int, upscaler: Path) -> dict[str, np.ndarray]:
    """Return uint8 images (N, H, H, C) enlarged to `size`, by each upscaler that is installed."""
    made = {}
    for name, way in (("SRGAN", str(upscaler)), ("Lanczos", "lanczos"), ("waifu2x", "waifu2x")):
        try:
            made[name] = resized(small, size, way)
        except UserError as error:
            print(f"{name}: {error}")
    return made


def resized(images: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return uint8 images (N, H, H, C) of another size; name: nearest, or an upscaler."""
    if name == "nearest":
        return images.repeat(size // images.shape[1], 1).repeat(size // images.shape[2], 2)
    return np.stack([*map(resizer(size, name), images)])


def print_table(made: dict[str, np.ndarray], real: np.ndarray) -> None:
    """Print a row for each way to enlarge: made and real images are uint8 (N, S, S, C)."""
    features = {name: open_network(name) for name in JUDGES}
    wanted = {name: network.features(real) for name, network in features.items()}
    print(f"\n{len(real):,} faces\n\n| | error of a pixel, of 255 | {' | '.join(JUDGES)} |")
    print(f"|---|---|{'---|' * len(JUDGES)}")
    for name, images in made.items():
        error = np.abs(images.astype("float32") - real).mean()
        found = [frechet(wanted[n], network.features(images)) for n, network in features.items()]
        print(f"| {name} | {error:.2f} | {' | '.join(f'{one:.1f}' for one in found)} |", flush=True)


if __name__ == "__main__":
    main()
