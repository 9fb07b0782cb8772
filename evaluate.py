"""Measure whether generated images are like real ones, diverse, and no copies of them.

    python evaluate.py                               the newest run and its training images
    python evaluate.py v4 --count 1000
    python evaluate.py stylegan --psi 0.7            truncated images
    python evaluate.py weights/v5/generator_5000.keras --real faces.zip
    python evaluate.py --generated mine --real faces.zip       a folder and a zip of images

    python evaluate.py --network nsfwjs --network opennsfw     features of other networks
    python evaluate.py --network discriminator:v5  those of a run's trained discriminator

Each metric is printed next to the same metric between two disjoint sets of real images ("real vs
real"), and appended to evaluations.jsonl in gan_images/<run>. The first evaluation computes the
features of the real images, which takes the longest; they are kept. The metrics of one feature
network are not enough to rank generators: look at the images too.
"""

import argparse
import os
import sys
from contextlib import chdir
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, number, own_arguments, with_negatives
from anime_gan.errors import clean_exit
from anime_gan.features.network import (
    DEFAULTS,
    DISCRIMINATOR,
    NETWORKS,
    open_network,
    require_network,
)
from anime_gan.files import require_writable_folder
from anime_gan.metrics.reference import LEAST
from anime_gan.metrics.table import encodable, table, wrapped

FORMER_OPTIONS = {"--pictures": "--generated", "--images": "--real"}
CAUTION = (
    "A discriminator was trained against a generator, so its features flatter or punish that one\n"
    "and others like it, and their scale is its own: compare its distances with no other network's."
)
LONG = 2.0  # seconds from which on it is said how long something takes


@clean_exit
def main() -> None:
    """Read the command line, evaluate, print and save."""
    backend.start(import_keras=False)  # from here on, Ctrl-C ends without a traceback
    arguments = parse(own_arguments())
    with chdir(find_files(arguments)):
        if arguments.out:
            require_writable_folder(arguments.out)
        run(arguments)


def find_files(arguments: argparse.Namespace) -> Path:
    """Return the folder to work in, and make the arguments paths as seen from there.

    UserError for a run, a network or images that are missing, before Keras is imported.
    """
    from anime_gan.data.sources import open_source

    arguments.here = here = home = Path.cwd()
    arguments.network = [with_file(name) for name in arguments.network]
    for name in arguments.network:
        require_network(name, arguments.input_size, arguments.scale)
    for images in (arguments.generated, arguments.real):
        if images and images != "demo":
            open_source(images).close()
    if arguments.generated:
        return home
    from anime_gan.generation.load import find_weights, locate, require_loadable
    from anime_gan.metrics.evaluate import run_of

    home, source = locate(arguments.source)
    if home != here:
        arguments.real = arguments.real and from_home(arguments.real, here, ("demo",))
        arguments.network = [from_home(name, here, NETWORKS) for name in arguments.network]
        arguments.out = arguments.out and here / arguments.out
    with chdir(home):
        weights = find_weights(source)
        require_loadable(weights)
        found = run_of(weights, arguments.real)
        trained_on = found.config.data.images if found and not arguments.real else "demo"
        if trained_on != "demo":
            open_source(trained_on).close()
    arguments.source = str(weights)
    return home


def from_home(path: str, here: Path, names: tuple[str, ...]) -> str:
    """Return a path from the folder that the user is in, unless it is one of some names."""
    is_name = path in names or path.startswith(DISCRIMINATOR)
    return path if is_name else str(here / os.path.expanduser(path))


def with_file(network: str) -> str:
    """Return "discriminator:RUN" with the path of its file; other networks as they are.

    UserError if there is no such run.
    """
    from anime_gan.generation.load import find_discriminator

    if not network.startswith(DISCRIMINATOR):
        return network
    run = network.removeprefix(DISCRIMINATOR)
    return f"{DISCRIMINATOR}{find_discriminator(run or None).resolve()}"


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print and save."""
    from anime_gan.generation.output import as_seen
    from anime_gan.metrics import evaluate

    real, count, seed, copies = arguments.real, arguments.count, arguments.seed, arguments.copies
    if arguments.generated:
        subject = evaluate.of_images(arguments.generated, real, count, seed)
    backend.start()
    custom = arguments.input_size, arguments.scale, arguments.layer
    networks = [open_network(name, *custom) for name in arguments.network]
    if not arguments.generated:
        subject = evaluate.of_weights(arguments.source, real, count, arguments.psi, seed)
    if any(name.startswith(DISCRIMINATOR) for name in arguments.network):
        print(CAUTION)
    announce(evaluate.pending(subject, networks, count, copies))
    result, pairs = evaluate.measure(subject, networks, count, copies)
    # Before they are saved, which a full disk can prevent.
    print(encodable(table(result), sys.stdout.encoding), flush=True)
    paths = evaluate.save(subject, result, pairs, arguments.out)
    written = f"Written: {', '.join(as_seen(path, arguments.here) for path in paths)}."
    if copies and len(paths) == 1:
        written += " With --out FOLDER also the nearest pairs, which show real images."
    print(encodable(wrapped(written), sys.stdout.encoding))


def announce(pending: dict[str, tuple[int, float]]) -> None:
    """Say what takes long, how long, and what happens only once."""
    images, seconds = pending["compare"]
    if seconds > LONG:
        print(f"Comparing takes the features of {images:,} images: {duration(seconds)}.")
    images, seconds = pending["copies"]
    if seconds > LONG:
        print(
            f"The copy check takes those of {images:,} further real images, only this once: "
            f"{duration(seconds)}; --no-copies skips it."
        )
    sys.stdout.flush()


def duration(seconds: float) -> str:
    """Return about how long something takes: about 40 s, about 3 min."""
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments; those that contradict each other end the program with a message."""
    parser = Parser(description=__doc__)
    add = parser.add_argument
    source = "a run, a version, a folder or a weights file (default: the newest run)"
    add("source", nargs="?", help=source)
    add("--generated", metavar="PATH", help="folder, glob or zip of generated images")
    real = "folder, glob or zip of real images (default: those the run was trained on)"
    add("--real", metavar="PATH", help=real)
    psi, count = number(-10, 10), number(LEAST, 10**9, int)
    add("--psi", type=psi, default=1.0, metavar="N", help="truncation (default 1: none)")
    add("--count", type=count, default=5_000, metavar="N", help="images per set (default 5000)")
    seed = "first seed of the generated images (default 0)"
    add("--seed", type=number(0, 10**9, int), default=0, metavar="N", help=seed)
    no_copies = "skip the search for copies of real images, which takes the features of all"
    add("--no-copies", dest="copies", action="store_false", help=no_copies)
    out = "folder for the results (default: the run's in gan_images)"
    add("--out", type=Path, metavar="FOLDER", help=out)
    networks = (
        f"feature network: {', '.join(NETWORKS)}, discriminator:RUN, or a .keras or .onnx file; "
        "can be repeated"
    )
    default = f"(default: {' and '.join(DEFAULTS)})"
    add("--network", action="append", metavar="NAME", help=f"{networks} {default}")
    add = parser.add_argument_group("for a .keras or .onnx file").add_argument
    add("--input-size", type=number(1, 4096, int), metavar="N", help="input size, in pixels")
    add("--scale", type=input_range, metavar="A,B", help="input range, such as -1,1")
    add("--layer", metavar="NAME", help="layer to take features from")
    for name in (argument.partition("=")[0] for argument in argv):
        if name in FORMER_OPTIONS:
            parser.error(f"{name} is called {FORMER_OPTIONS[name]} now")
    arguments = parser.parse_args(with_negatives(argv, "--psi", "--scale"))
    arguments.network = arguments.network or [*DEFAULTS]
    check(parser, arguments)
    return arguments


def check(parser: Parser, arguments: argparse.Namespace) -> None:
    """End the program with a message if arguments contradict each other."""
    custom = arguments.input_size, arguments.scale, arguments.layer
    if arguments.out and arguments.out.is_file():
        parser.error(f"--out is {arguments.out}, which is a file; name a folder")
    networks = [name for name in arguments.network if not name.startswith(DISCRIMINATOR)]
    files = [name for name in networks if name.endswith((".keras", ".onnx"))]
    if arguments.generated and (arguments.source or not arguments.real):
        parser.error("--generated needs --real, and takes no run or weights file")
    if arguments.generated and arguments.psi != 1:
        parser.error("--psi is for weights; images cannot be truncated")
    if any(value is not None for value in custom) and not files:
        parser.error("--input-size, --scale and --layer are for a .keras or .onnx file")
    if files and None in custom[:2]:
        parser.error(
            f"{files[0]} needs --input-size and --scale, such as --input-size 224 --scale -1,1"
        )


def input_range(text: str) -> tuple[float, float]:
    """Return "-1,1" as (-1.0, 1.0)."""
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low = high = 0.0
    if low == high:
        raise argparse.ArgumentTypeError(f"{text!r} is not two different numbers, such as -1,1")
    return low, high


if __name__ == "__main__":
    raise SystemExit(main())
