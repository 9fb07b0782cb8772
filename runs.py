"""List the runs in weights/, or write the page of one.

    python runs.py        version, progress, best measured distance and state of each
    python runs.py RUN    write gan_images/RUN/index.html: faces, losses, metrics, health, config

The distance is the smallest Fréchet distance of metrics.jsonl, at full resolution. Training writes
the page too, with each grid.
"""

from contextlib import chdir
from os.path import relpath
from pathlib import Path

from anime_gan.commands import Parser
from anime_gan.errors import UserError, clean_exit
from anime_gan.runs.folder import RunFolder, known_runs
from anime_gan.runs.listing import table


def list_runs() -> None:
    """Print the table of all runs."""
    rows = table()
    if len(rows) == 1:
        print("There are no runs in weights/; train one with train_gan.py.")
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, range(len(row)), strict=True)
        line = "  ".join(f"{c:>{w}}" if 2 <= i <= 6 else f"{c:<{w}}" for c, w, i in cells)
        print(line.rstrip())


def write_page(source: str) -> Path:
    """Write the page of the run that a text names, as for sample.py, and return its path."""
    # They take half a second that the table does without.
    from anime_gan.generation.load import locate
    from anime_gan.runs import page

    home, name = locate(source)
    with chdir(home):
        path = Path(name or "")
        run = RunFolder.of_file(path) if path.is_file() else RunFolder(name or "")
        if not name or run is None or not (run.config_file.is_file() or run.grids()):
            raise UserError(f"there is no run {source}; {known_runs()}.")
        return home / page.write_page(run)


@clean_exit
def main() -> None:
    """Read the command line; print the table, or write a page and print its path."""
    parser = Parser(description=__doc__)
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run, by its name or folder")
    run = parser.parse_args().run
    if run is None:
        list_runs()
    else:
        print(relpath(write_page(run)))


if __name__ == "__main__":
    raise SystemExit(main())
