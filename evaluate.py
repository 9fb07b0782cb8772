"""Measure whether generated images are like real ones, diverse, and no copies of them.

    python evaluate.py                               the newest run and its training images
    python evaluate.py v4 --count 1000
    python evaluate.py stylegan --psi 0.7            truncated images
    python evaluate.py weights/v5/generator_5000.keras --real faces.zip
    python evaluate.py --generated mine --real faces.zip       a folder and a zip of images

    python evaluate.py --network lite0 --network opennsfw      features of two networks

Each metric is printed next to the same metric between two disjoint sets of real images. The metrics
of one feature network are not enough to rank generators: look at the images too.
"""

import argparse
import sys

from anime_gan import backend
from anime_gan.commands import Parser, number
from anime_gan.errors import clean_exit
from anime_gan.features.network import NETWORKS, open_network
from anime_gan.metrics.reference import LEAST
from anime_gan.metrics.table import encodable, table

FORMER_OPTIONS = {"--pictures": "--generated", "--images": "--real"}


@clean_exit
def main() -> None:
    """Read the command line, evaluate, print and save."""
    arguments = parse(sys.argv[1:])
    backend.start()
    from anime_gan.metrics import evaluate  # it imports Keras: only after the arguments are checked

    custom = arguments.input_size, arguments.scale, arguments.layer
    networks = [open_network(name, *custom) for name in arguments.network]
    source, real, count = arguments.source, arguments.real, arguments.count
    if arguments.generated:
        subject = evaluate.of_images(arguments.generated, real, count)
    else:
        subject = evaluate.of_weights(source, real, count, arguments.psi)
    result, pairs = evaluate.measure(subject, networks, count)
    paths = evaluate.save(subject, result, pairs)
    print(encodable(table(result), sys.stdout.encoding))
    print(encodable(f"Written: {', '.join(map(str, paths))}", sys.stdout.encoding))


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments; those that contradict each other end the program with a message."""
    parser = Parser(description=__doc__)
    add = parser.add_argument
    add("source", nargs="?", help="a run's name or a weights file (default: the newest run)")
    add("--generated", metavar="PATH", help="folder, glob or zip of generated images")
    real = "folder, glob or zip of real images (default: those the run was trained on)"
    add("--real", metavar="PATH", help=real)
    psi, count = number(-10, 10), number(LEAST, 10**9, int)
    add("--psi", type=psi, default=1.0, metavar="N", help="truncation, -10 to 10 (default 1)")
    add("--count", type=count, default=5_000, metavar="N", help="at most N images (default 5000)")
    networks = f"feature network: {', '.join(NETWORKS)}, or a .keras or .onnx file (default lite0)"
    add("--network", action="append", metavar="NAME", help=f"{networks}; can be repeated")
    add = parser.add_argument_group("for a .keras or .onnx file").add_argument
    add("--input-size", type=int, metavar="N", help="input size, in pixels")
    add("--scale", type=input_range, metavar="A,B", help="input range, such as --scale=-1,1")
    add("--layer", metavar="NAME", help="layer to take features from")
    for name in (argument.partition("=")[0] for argument in argv):
        if name in FORMER_OPTIONS:
            parser.error(f"{name} is called {FORMER_OPTIONS[name]} now")
    arguments = parser.parse_args(argv)
    arguments.network = arguments.network or ["lite0"]
    check(parser, arguments)
    return arguments


def check(parser: Parser, arguments: argparse.Namespace) -> None:
    """End the program with a message if arguments contradict each other."""
    custom = arguments.input_size, arguments.scale, arguments.layer
    files = [name for name in arguments.network if name.endswith((".keras", ".onnx"))]
    if arguments.generated and (arguments.source or not arguments.real):
        parser.error("--generated needs --real, and takes no run or weights file")
    if arguments.generated and arguments.psi != 1:
        parser.error("--psi is for weights; images cannot be truncated")
    if any(value is not None for value in custom) and not files:
        parser.error("--input-size, --scale and --layer are for a .keras or .onnx file")
    if files and None in custom[:2]:
        parser.error(
            f"{files[0]} needs --input-size and --scale, such as --input-size 224 --scale=-1,1"
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
