"""Train versions or config files one after the other with the same budget, and compare them.

    python compare.py v1 v2 v3 v4 v5 --minutes 12 data.images=faces.zip model.width=0.25
    python compare.py all --steps 2000
    python compare.py v5 configs/r3gan_cpu.yaml --kimg 100 --name two

Every key=value applies to all entries, except to config files that set this key. The page and
the tables are written to gan_images/NAME/. After an interruption the same command resumes.
"""

import argparse
import re
import shlex
import sys
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, number, own_arguments
from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import NETWORKS, open_network, require_network
from anime_gan.metrics.reference import LEAST


@clean_exit
def main() -> None:
    """Read the command line, compare, and print the paths of the results."""
    arguments = parse_arguments()
    from anime_gan.comparison.entrants import Budget, find_entrants
    from anime_gan.data.sources import open_source
    from anime_gan.runs.folder import IMAGES

    budget = Budget(arguments.minutes, arguments.steps, arguments.kimg)
    folder = IMAGES / arguments.name
    entrants = find_entrants(arguments.names, arguments.overrides, budget, arguments.name)
    images = entrants[0].config.data.images  # the same for all
    if images != "demo":
        open_source(images).close()
    for name in arguments.network or ():
        require_network(name)
    backend.start()  # takes seconds, so it runs only after the arguments are checked
    from anime_gan.comparison.run import Comparison

    measured_by = [open_network(name) for name in arguments.network or ["lite0"]]
    train = [sys.executable, str(Path(__file__).with_name("train_gan.py"))]
    command = f"python compare.py {shlex.join(own_arguments())}"
    Comparison(entrants, budget, measured_by, arguments.count, folder, train, command).run()
    print(f"Results: {folder / 'index.html'} and {folder / 'table.md'}")


def parse_arguments() -> argparse.Namespace:
    """Return the command line; UserError for a value out of range."""
    parser = Parser(description=__doc__)
    add = parser.add_argument
    add("entries", nargs="+", metavar="ENTRY", help="a version, a config file, all, or key=value")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, metavar="N", help="training minutes per version")
    budget.add_argument("--steps", type=int, metavar="N", help="training steps per version")
    budget.add_argument("--kimg", type=float, metavar="N", help="thousand real images per version")
    add("--name", default="comparison", help="name of folder and runs (default %(default)s)")
    count = "generated images, at most half of the real ones (default %(default)s)"
    add("--count", type=number(LEAST, 10**9, int), default=2_000, metavar="N", help=count)
    network = "feature network to measure with (default lite0); repeat for several"
    add("--network", action="append", choices=NETWORKS, help=network)
    arguments = parser.parse_intermixed_args()
    arguments.names = [entry for entry in arguments.entries if "=" not in entry]
    arguments.overrides = [entry for entry in arguments.entries if "=" in entry]
    if not arguments.names:
        raise UserError("there is nothing to compare: name versions, config files, or all.")
    spent = [arguments.minutes, arguments.steps, arguments.kimg]
    if not all(0 < value <= 1e9 for value in spent if value is not None):
        raise UserError("a budget must be a number above 0, and 1e9 at most.")
    if not re.fullmatch(r"\w[\w.-]{0,60}", arguments.name):
        raise UserError(
            f"--name is {arguments.name!r}, but must be at most 61 letters, digits, '.', '_' or "
            "'-', and not begin with '.' or '-'."
        )
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
