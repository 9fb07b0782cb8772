"""Find directions of a trained generator, each of which changes one thing in its faces.

    python directions.py                     of the newest run, or of the pretrained generator
    python directions.py v4                  of a run, by its name or its version
    python directions.py pretrained          of the generator that comes with the project
    python directions.py v4 --images faces.zip   one for each of your labels, from labels.csv

They are kept beside the weights, as directions_<weights>.npz, and named after what they change:
`hair`, `pose`, `eyes`. `sample.py edit` and `studio.py` use them. Those called c1, c2, ... and s1,
s2, ... were found without looking at faces, by GANSpace and SeFa; docs/directions.md explains them.
gan_images/<run>/directions.webp shows all of them, unless --out names another file. The same
weights always have the same directions.
"""

import argparse
from contextlib import chdir, closing
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, number
from anime_gan.console import waiting
from anime_gan.data.labels import MOST_VALUES, require_table
from anime_gan.data.sources import open_source
from anime_gan.directions.direction import Directions, path_beside
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import require_writable, sha256
from anime_gan.generation.output import IMAGE, as_seen, details, parse_seeds, save_image
from anime_gan.generation.pretrained import name_of


@clean_exit
def main() -> None:
    """Read the command line, find the directions, keep them, and print what they change."""
    arguments = parse()
    here = Path.cwd()
    with chdir(find_source(arguments)):
        weights = arguments.weights
        backend.start()
        from anime_gan.directions.figure import overview
        from anime_gan.directions.find import find_directions
        from anime_gan.directions.reading import PLAIN
        from anime_gan.generation.load import load_generator

        with waiting("Generating faces and measuring them"):
            generator = load_generator(str(weights))
            readings = words_of(arguments, generator)
            found = find_directions(generator, sha256(weights), arguments.faces, [PLAIN, *readings])
            found.save(path_beside(weights))
            image = overview(generator, found.directions, arguments.seeds, arguments.size)
            save_image(arguments.out, image, details(weights, arguments.seeds))
        print("\n".join(table(found)))
        source = name_of(weights) or as_seen(weights, here)
        print(f"{as_seen(path_beside(weights), here)} of {source}")
        print(as_seen(arguments.out, here))


def parse() -> argparse.Namespace:
    """Return the arguments."""
    parser = Parser(description=__doc__)
    text = "a run, a version, a folder or a weights file (default: the newest run)"
    parser.add_argument("source", nargs="?", help=text)
    text = "faces that are measured (default 4000); fewer are faster and less exact"
    count = number(100, 100_000, int)
    parser.add_argument("--faces", type=count, metavar="N", default=4_000, help=text)
    text = "what reads words for colors: colors (default), drawn (of the built-in faces), or none"
    parser.add_argument("--reader", choices=("colors", "drawn", "none"), help=text)
    text = (
        "folder, glob or zip of faces with labels: a classifier that is fitted to them reads its "
        "words in place of --reader"
    )
    parser.add_argument("--images", metavar="PATH", help=text)
    text = "the faces that the image shows (default 0,1)"
    parser.add_argument("--seeds", type=parse_seeds, metavar="LIST", default=[0, 1], help=text)
    text = "height of a face in the image"
    parser.add_argument("--size", type=number(2, 1_024, int), metavar="PIXELS", help=text)
    text = f"the image to write, ending in {' or '.join(IMAGE)}"
    parser.add_argument("--out", type=Path, metavar="PATH", help=text)
    arguments = parser.parse_args()
    if arguments.images and arguments.reader:
        parser.error("--images has words of its own; leave out --reader")
    arguments.reader = arguments.reader or ("none" if arguments.images else "colors")
    if arguments.out:
        arguments.out = checked_file(arguments.out, IMAGE)
    return arguments


def find_source(arguments: argparse.Namespace) -> Path:
    """Return the folder with weights/, and make the arguments paths as seen from there.

    UserError if there are no such weights, they are damaged, or nothing can be written there.
    """
    from anime_gan.generation.load import find_weights, locate, output_folder, require_loadable

    here = Path.cwd()
    home, name = locate(arguments.source)
    if arguments.images and arguments.images != "demo":
        require_labels(arguments.images)
        arguments.images = str(here / Path(arguments.images).expanduser())
    with chdir(home):
        arguments.weights = find_weights(name)
        require_loadable(arguments.weights)
        if arguments.out and home != here:
            arguments.out = here / arguments.out
        arguments.out = arguments.out or output_folder(arguments.weights) / "directions.webp"
        require_writable(path_beside(arguments.weights))
        require_writable(arguments.out)
    if not arguments.source and name_of(arguments.weights):
        print("There is no run here yet: these are directions of the pretrained generator.")
    return home


def require_labels(images: str) -> None:
    """Raise UserError if a set of images cannot be opened, or has no labels."""
    with closing(open_source(images)) as source:
        labels = require_table(source, None, "write one (file and the attributes)").labels(
            [name for name, _, _ in source.entries]
        )
    require_attribute(labels)


def require_attribute(labels) -> None:
    """Raise UserError if no column of a table is an attribute of the images."""
    if not labels.attributes:
        raise UserError(
            f"no column of {labels.source} is an attribute, with 2 to {MOST_VALUES} values; add "
            "one."
        )


def words_of(arguments: argparse.Namespace, generator) -> list:
    """Return the readings of words that the arguments ask for; it prints how exact labels are."""
    from anime_gan.config import from_dict
    from anime_gan.data.image_set import open_data
    from anime_gan.directions import reading

    if not arguments.images:
        reader = {"colors": reading.colors, "drawn": reading.drawn}.get(arguments.reader)
        return reader(generator) if reader else []
    shape = {"resolution": generator.resolution, "channels": generator.channels}
    images = open_data(from_dict({"model": shape, "data": {"images": arguments.images}}))
    labels = images.labels()
    require_attribute(labels)  # those of the images that can be read
    found, accuracy = reading.of_labels(images.images, labels.words())
    for name, share in accuracy.items():
        print(f"{name}: read correctly from {share:.1%} of labelled images that it did not learn.")
    return [found]


def table(found: Directions) -> list[str]:
    """Return lines that say what each direction changes, the most first.

    Changes are in standard deviations of each measure over faces.
    """
    rows = [("direction", "changes", "of faces", "by a step of 1")]
    for direction, effects, share in zip(
        found.directions, found.effects, found.agreement, strict=True
    ):
        order = sorted(range(len(effects)), key=lambda i: -abs(effects[i]))[:4]
        most = ", ".join(f"{found.measures[i]} {effects[i]:+.2f}" for i in order)
        rows.append((direction.name, direction.text, f"{share:.0%}", most))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [" | ".join(f"{x:<{w}}" for x, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return [f"| {line} |" for line in lines]


if __name__ == "__main__":
    raise SystemExit(main())
