"""`sample.py grid`."""

import argparse

from anime_gan.errors import UserError
from anime_gan.generation.grid import columns_for, image_grid, require_canvas, resizer
from anime_gan.generation.labels import attributes_in, expanded, has_several, label_text
from anime_gan.generation.output import IMAGE, details, new_seeds, save_image
from anime_gan.sampling.source import open_generator, written

MOST_FACES = 4_096
SUFFIXES = IMAGE
OPTIONS = "source --grid --seeds --label --psi --noise --size --scale --upscaler --no-captions"


def check(arguments: argparse.Namespace) -> None:
    """Choose a grid's columns and rows, if not given; UserError for too many or too few faces."""
    count = len(arguments.seeds)
    if has_several(arguments.label):  # a row for each, of the same seeds
        check_rows(arguments)
        return
    if arguments.grid is None:
        columns = columns_for(count) if count else 5
        arguments.grid = columns, -(-count // columns) or 5
    columns, rows = arguments.grid
    require_few(columns, rows)
    if count > columns * rows:
        raise UserError(
            f"a grid of {columns}x{rows} is too small for {count:,} seeds; use a larger --grid, or "
            "the command `faces`."
        )


def check_rows(arguments: argparse.Namespace) -> None:
    """Choose the columns of a grid with a row for each label; UserError if seeds are not as many.

    `check_weights` chooses the rows.
    """
    count = len(arguments.seeds)
    columns, arguments.rows = arguments.grid or (count or 5, None)
    if count not in (0, columns):
        raise UserError(
            f"a grid with a row for each label has a column for each seed, and not {columns} for "
            f"{count} seeds; leave --grid out."
        )
    arguments.grid = columns, 1


def check_weights(arguments: argparse.Namespace) -> None:
    """Choose the rows where there is one for each label; UserError if --grid has other ones."""
    if not has_several(arguments.label):
        return
    columns, given = arguments.grid[0], arguments.rows
    rows = len(expanded(attributes_in(arguments.weights), arguments.label))
    if given not in (None, rows):
        raise UserError(
            f"--grid has {given} rows, but --label makes {rows}, each of the same faces; write "
            f"--grid {columns}x{rows}, or leave it out."
        )
    require_few(columns, rows)
    arguments.grid = columns, rows


def require_few(columns: int, rows: int) -> None:
    """Raise UserError for too many faces."""
    if columns * rows > MOST_FACES:
        raise UserError(
            f"a grid of {columns}x{rows} is {columns * rows:,} faces, but has {MOST_FACES:,} at "
            f"most; for single images: faces --count {columns * rows}."
        )


def run(arguments: argparse.Namespace) -> str:
    """One image with a grid of faces, each with its seed (the default)."""
    generator, out = open_generator(arguments, "sample")
    columns, rows = arguments.grid
    of_rows = expanded(generator.attributes, arguments.label)
    count = columns * rows // len(of_rows)
    seeds, psi = arguments.seeds or new_seeds(count), (arguments.psi or [1.0])[0]
    resize = resizer(arguments.size, arguments.upscaler) if arguments.size else None
    require_canvas(columns, rows, arguments.size or generator.resolution, out.suffix)
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
