"""`sample.py grid`."""

import argparse

from anime_gan.errors import UserError
from anime_gan.generation.grid import columns_for, image_grid, require_canvas, resizer
from anime_gan.generation.labels import expanded, has_several, label_text
from anime_gan.generation.output import IMAGE, details, new_seeds, save_image
from anime_gan.sampling.source import open_generator, written

MOST_FACES = 4_096
SUFFIXES = IMAGE
OPTIONS = "source --grid --seeds --label --psi --noise --size --scale --upscaler --no-captions"


def check(arguments: argparse.Namespace) -> None:
    """Choose a grid's columns and rows, if not given; UserError for too many or too few faces."""
    count = len(arguments.seeds)
    if has_several(arguments.label):  # a row for each, of the same seeds
        given = arguments.grid or (count or 5, 0)
        arguments.grid = count or given[0], 1
    elif arguments.grid is None:
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
    of_rows = expanded(generator.attributes, arguments.label)
    seeds, psi = arguments.seeds or new_seeds(columns * rows), (arguments.psi or [1.0])[0]
    resize = resizer(arguments.size, arguments.upscaler) if arguments.size else None
    require_canvas(
        columns, max(rows, len(of_rows)), arguments.size or generator.resolution, out.suffix
    )
    images, captions, more = [], [], {}
    for labels in of_rows:
        images.extend(generator.images_from_seeds(seeds, psi, arguments.noise, labels))
        words = ", ".join(labels.values()) if len(of_rows) > 1 else ""
        captions += [f"{seed} {words}".rstrip() for seed in seeds]
    if generator.attributes and arguments.label:
        more["labels"] = "; ".join(map(label_text, of_rows))
    image = image_grid(images, columns, [] if arguments.no_captions else captions, resize)
    about = {"noise": arguments.noise, "psi": f"{psi:g}"} | more
    save_image(out, image, details(arguments.weights, seeds, **about))
    return written(arguments, [out], seeds)
