"""Train versions or config files one after the other with the same budget, and compare them.

    python compare.py v1 v2 v3 v4 v5 --minutes 12 data.images=faces.zip model.width=0.25
    python compare.py all --steps 2000
    python compare.py v5 configs/r3gan_patch_cpu.yaml --kimg 100 --name two
    python compare.py r3gan-cpu v5 --minutes 12
    python compare.py r3gan-cpu weights/v5

An entry is a version, a config file, or a run in weights/. A run is measured as it is and not
trained; weights/v5 is the run v5, and v5 alone the version. key=value applies to all that are
trained, and goes over config files. The page and the tables are written to gan_images/NAME/. After
an interruption the same command resumes.
"""

import argparse
import re
import shlex
import signal
import sys
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, number, own_arguments
from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import DEFAULTS, NETWORKS, open_network, require_network
from anime_gan.metrics.reference import LEAST

# Keys that a comparison sets itself.
OWN = {"version": "each entry names its own", "run": "--name gives the runs their names"}
OWN |= dict.fromkeys(
    ("training.steps", "training.minutes"), "--steps, --minutes or --kimg is the budget of all"
)


@clean_exit
def main() -> None:
    """Read the command line, compare, and print the paths of the results."""
    arguments = parse_arguments()
    from anime_gan.comparison.entrants import Budget, find_entrants, find_entries
    from anime_gan.data.sources import open_source
    from anime_gan.runs.folder import IMAGES, RunFolder

    spent = (arguments.minutes, arguments.steps, arguments.kimg)
    budget = Budget(*spent) if any(spent) else None
    entries = find_entries(arguments.names)
    trained = [entry.name for entry in entries if entry.kind != "run"]
    if trained and not budget:
        raise UserError(
            f"{trained[0]} is to be trained, but for how long? Give --minutes, --steps or --kimg."
        )
    if budget and not trained:
        print(f"Nothing is trained for {budget}: all entries are runs.")
        budget = None
    if RunFolder(arguments.name).config_file.is_file():
        raise UserError(
            f"--name is {arguments.name}, but that is a run, whose page would be overwritten; "
            "choose another name."
        )
    folder = IMAGES / arguments.name
    entrants, shared = find_entrants(entries, arguments.overrides, budget, arguments.name)
    if shared.data.images != "demo":
        try:
            open_source(shared.data.images).close()
        except UserError as error:
            own = any(override.startswith("data.images=") for override in arguments.overrides)
            if own or len(trained) == len(entries):
                raise
            raise UserError(
                f"the images of the runs are not here ({str(error).rstrip('.')}); name them with "
                "data.images=PATH."
            ) from None
    for name in [*(arguments.network or ()), shared.metrics.network]:
        require_network(name)
    backend.start()  # takes seconds, so it runs only after the arguments are checked
    from anime_gan.comparison.run import Comparison

    networks = [open_network(name) for name in arguments.network or DEFAULTS]
    train = [sys.executable, str(Path(__file__).with_name("train_gan.py"))]
    command = f"python compare.py {shlex.join(map(shown, own_arguments()))}"
    count = arguments.count
    comparison = Comparison(entrants, shared, budget, networks, count, folder, train, command)
    try:
        comparison.run()
    except KeyboardInterrupt:  # while something is measured
        print("Stopped; the same command resumes.", file=sys.stderr)
        raise SystemExit(128 + signal.SIGINT) from None
    print(f"Results: {folder / 'index.html'} and {folder / 'table.md'}")


def shown(argument: str) -> str:
    """Return an argument as the page shows it, which goes to others."""
    from anime_gan.web.page import without_folders

    key, equals, value = argument.rpartition("=")
    return f"{key}{equals}{without_folders(value)}"


def parse_arguments() -> argparse.Namespace:
    """Return the command line; UserError for a value out of range."""
    parser = Parser(description=__doc__)
    add = parser.add_argument
    entry = "a version, a config file, a run, all (versions), or key=value"
    add("entries", nargs="+", metavar="ENTRY", help=entry)
    steps = number(1, 10**9, int)
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, metavar="N", help="training minutes for each")
    budget.add_argument("--steps", type=steps, metavar="N", help="training steps for each")
    budget.add_argument("--kimg", type=float, metavar="N", help="thousand real images for each")
    add("--name", default="comparison", help="name of folder and runs (default %(default)s)")
    count = "generated images, at most half of the real ones (default %(default)s)"
    add("--count", type=number(LEAST, 10**9, int), default=2_000, metavar="N", help=count)
    network = "feature network to measure with; can be repeated (default: "
    network += f"{' and '.join(DEFAULTS)})"
    add("--network", action="append", choices=NETWORKS, help=network)
    arguments = parser.parse_intermixed_args()
    arguments.names = [entry for entry in arguments.entries if "=" not in entry]
    arguments.overrides = [entry for entry in arguments.entries if "=" in entry]
    if not arguments.names:
        raise UserError("there is nothing to compare: name versions, config files, runs, or all.")
    for key in (override.partition("=")[0] for override in arguments.overrides):
        if key in OWN:
            raise UserError(f"{key} can't be set here, since {OWN[key]}; leave {key}=... out.")
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
