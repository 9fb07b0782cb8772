"""`sample.py grid`."""

import argparse

from anime_gan.errors import UserError
from anime_gan.generation.grid import columns_for, image_grid, require_canvas, resizer
from anime_gan.generation.output import IMAGE, details, new_seeds, save_image
from anime_gan.sampling.source import open_generator, written

MOST_FACES = 4_096
SUFFIXES = IMAGE
OPTIONS = "source --grid --seeds --psi --noise --size --scale --upscaler --no-captions"


def check(arguments: argparse.Namespace) -> None:
    """Choose a grid's columns and rows, if not given; UserError for too many or too few faces."""
    count = len(arguments.seeds)
    if arguments.grid is None:
        columns = columns_for(count) if count else 5
        arguments.grid = columns, -(-count // columns) or 5
    columns, rows = arguments.grid
    if columns * rows > MOST_FACES:
        raise UserError(
            f"a grid of {columns}x{rows} is {columns * rows:,} faces, but has {MOST_FACES:,} at "
            f"most; for single images: faces --count {columns * rows}."
        )
    if count > columns * rows:
        raise UserError(
            f"a grid of {columns}x{rows} is too small for {count:,} seeds; use a larger --grid, or "
            "the command `faces`."
        )


def run(arguments: argparse.Namespace) -> str:
    """One image with a grid of faces, each with its seed (the default)."""
    generator, out = open_generator(arguments, "sample")
    columns, rows = arguments.grid
    seeds, psi = arguments.seeds or new_seeds(columns * rows), (arguments.psi or [1.0])[0]
    resize = resizer(arguments.size, arguments.upscaler) if arguments.size else None
    require_canvas(columns, rows, arguments.size or generator.resolution, out.suffix)
    images = generator.images_from_seeds(seeds, psi, arguments.noise)
    captions = [] if arguments.no_captions else [str(seed) for seed in seeds]
    image = image_grid(images, columns, captions, resize)
    save_image(out, image, details(arguments.weights, seeds, noise=arguments.noise, psi=f"{psi:g}"))
    return written(arguments, [out], seeds)
