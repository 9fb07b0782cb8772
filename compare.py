"""Train versions, or configs, in turn under one budget, measure them alike, and show them together.

    python compare.py v1 v2 v3 v4 v5 --minutes 12 data.images=faces.zip model.width=0.25
    python compare.py all --steps 2000
    python compare.py v5 configs/r3gan_cpu.yaml --kimg 100 --name two

Every key=value goes for all of them, but where a config file has a value of its own. The page and
the table lie in gan_images/<name>/. Interrupted, the same command goes on.
"""

import argparse
import platform
import re
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

from anime_gan import backend

backend.start()

from anime_gan.comparison import page
from anime_gan.comparison.entrants import Budget, Entrant, find_entrants, require_same_data
from anime_gan.comparison.results import collect
from anime_gan.config.stages import stages_of
from anime_gan.data.batches import require_batch
from anime_gan.data.image_set import open_data
from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import NETWORKS, FeatureNetwork, open_network
from anime_gan.files import whole_file
from anime_gan.metrics.measures import SIDES
from anime_gan.metrics.reference import LEAST, ReferenceSet
from anime_gan.runs import checkpoint
from anime_gan.runs.progress import StopRequest
from anime_gan.runs.run import IMAGES, WEIGHTS, is_finished

# Exit statuses of train_gan.py; a stop before its first step ends it by the signal itself.
STOPPED_BY_HEALTH = 3
STOPPED = [code for number in (signal.SIGINT, signal.SIGTERM) for code in (128 + number, -number)]


def train(entrant: Entrant) -> str | None:
    """Train one of them to the end of its budget, in a process of its own whose memory is its own.

    Returns in words why it ended early, None if it did not. Ends the program if it is stopped.
    """
    found = checkpoint.newest(WEIGHTS / entrant.run)
    if found and is_finished(entrant.config, found[0]["step"], found[0]["seconds"]):
        return None  # a start less
    command = [sys.executable, str(Path(__file__).with_name("train_gan.py")), *entrant.arguments]
    with StopRequest() as stop:
        process, told = subprocess.Popen(command), False
        try:
            while (status := process.poll()) is None:
                time.sleep(0.2)
                if stop.signal and not told:  # of Ctrl-C it may know by itself, or not
                    process.send_signal(signal.SIGTERM)
                    told = True
        finally:
            process.kill()  # what insists on an end, ends both
    if stop.signal or status in STOPPED:
        raise SystemExit(128 + (stop.signal or signal.SIGINT))
    if status == STOPPED_BY_HEALTH:
        return "stopped by health.action"
    return f"ended with status {status}; its message stands above" if status else None


@clean_exit
def main() -> None:
    """Train and measure one after the other, and write after each of them."""
    arguments = parse_arguments()
    budget = Budget(arguments.minutes, arguments.steps, arguments.kimg)
    names = [entry for entry in arguments.entries if "=" not in entry]
    overrides = [entry for entry in arguments.entries if "=" in entry]
    if not names:
        raise UserError("nobody takes part; name versions, config files, or all.")
    entrants = find_entrants(names, overrides, budget, arguments.name)
    networks = [open_network(name) for name in arguments.network or ["lite0"]]
    look_at_data(entrants, networks, arguments.count)

    title = f"{len(entrants)} {'versions' if len(entrants) > 1 else 'version'}, {budget} each"
    folder = IMAGES / arguments.name
    results: dict[str, dict | str] = {entrant.name: "not yet trained" for entrant in entrants}
    for number, entrant in enumerate(entrants, 1):
        print(f"== {entrant.name}, {number} of {len(entrants)}", flush=True)
        results[entrant.name] = outcome(entrant, networks, arguments.count)
        write(folder, title, notes(entrant, budget), results)
    if all(isinstance(result, str) for result in results.values()):
        raise UserError("none of them came to anything; why stands above.")
    early = [name for name, found in results.items() if isinstance(found, str) or found["ended"]]
    if early:
        raise UserError(
            f"{', '.join(early)} did not come to the end, why stands above and in "
            f"{folder / 'index.html'}; the same command tries again."
        )
    print(f"The page is {folder / 'index.html'}, and table.md beside it.")


def parse_arguments() -> argparse.Namespace:
    """Return the command line; UserError for a value out of range."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "entries", nargs="+", metavar="ENTRY", help="a version, a config.yaml, all, or key=value"
    )
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, metavar="N", help="of training for each")
    budget.add_argument("--steps", type=int, metavar="N", help="for each")
    budget.add_argument("--kimg", type=float, metavar="N", help="thousands of pictures for each")
    parser.add_argument("--name", default="comparison", help="of the page's folder")
    parser.add_argument("--count", type=int, default=2_000, metavar="N", help="faces to measure")
    parser.add_argument(
        "--network", action="append", choices=NETWORKS, help="lite0 if none; may be given again"
    )
    arguments = parser.parse_intermixed_args()
    spent = [arguments.minutes, arguments.steps, arguments.kimg]
    if not all(0 < value <= 1e9 for value in spent if value is not None):
        raise UserError("a budget must be a number above 0, and 1e9 at most.")
    if arguments.count < LEAST:
        raise UserError(f"--count is {arguments.count}, but must be at least {LEAST}.")
    if not re.fullmatch(r"\w[\w.-]{0,60}", arguments.name):
        raise UserError(
            f"--name is {arguments.name!r}, but must be letters, digits, '.', '_' and '-'."
        )
    return arguments


def outcome(entrant: Entrant, networks: list[FeatureNetwork], count: int) -> dict | str:
    """Train one and return all that the page shows of it, or in words why there is nothing.

    "ended" in it says why training did not come to its end; None if it did.
    """
    ended = train(entrant)
    try:
        found = collect(entrant, networks, count)
    except UserError as error:
        print(f"{entrant.name}: {error}", file=sys.stderr)
        return ended or str(error)
    return found | {"ended": ended} if found else ended or "nothing to measure"


def look_at_data(entrants: list[Entrant], networks: list[FeatureNetwork], count: int) -> None:
    """Know the real pictures' features before the first is trained, so that no run's time pays.

    UserError if the pictures can't be read, are too few, or are not those that a run was trained on
    before.
    """
    config = entrants[0].config
    pictures = open_data(config)
    print(pictures.summary())
    for entrant in entrants:
        for stage in stages_of(entrant.config):
            batch = stage.config.training.images_per_step
            require_batch(len(pictures.images), batch, stage.batch_key)
        require_same_data(entrant, pictures.key)
    wanted = [(network, count) for network in networks]
    if config.metrics.share:
        wanted.append((open_network(config.metrics.network), config.metrics.count))
    for (network, some), side in product(wanted, SIDES):
        reals = ReferenceSet(pictures.images, pictures.key, Path(config.data.cache), some)
        reals.features(network, reals.taken, side, "real")


def notes(entrant: Entrant, budget: Budget) -> list[str]:
    """Return what all the numbers depend on."""
    config = entrant.config
    return [
        f"Every one trained for {budget}, one after the other, from seed {config.training.seed}, "
        f"on {config.data.images} at {config.model.resolution}x{config.model.resolution}; on "
        f"{_machine()} with {backend.name()}.",
        f"Command: python compare.py {' '.join(sys.argv[1:])}",
        "No number is a ranking by itself: look at the faces, and at more than one network.",
    ]


def _machine() -> str:
    """Return what it ran on."""
    if backend.has_gpu():
        return backend.device()
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} cores of {names[0].partition(': ')[2]}" if names else cpu


def write(folder: Path, title: str, said: list[str], results: dict) -> None:
    """Write the page and the table as far as they are known."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(isinstance(result, dict) for result in results.values()):
        return  # of failures alone there is nothing to show
    for name, text in (
        ("index.html", page.html(title, said, results)),
        ("table.md", page.markdown(title, said, results)),
    ):
        with whole_file(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
