"""List the runs in weights/: version, progress, best measured distance, and state.

    python runs.py

The distance is the smallest Fréchet distance of metrics.jsonl, at full resolution.
"""

from anime_gan.commands import Parser
from anime_gan.errors import clean_exit
from anime_gan.runs.listing import table


@clean_exit
def main() -> None:
    """Read the command line and print the table."""
    Parser(description=__doc__).parse_args()
    rows = table()
    if len(rows) == 1:
        print("There are no runs in weights/; train one with train_gan.py.")
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, range(len(row)), strict=True)
        line = "  ".join(f"{c:>{w}}" if 2 <= i <= 6 else f"{c:<{w}}" for c, w, i in cells)
        print(line.rstrip())


if __name__ == "__main__":
    raise SystemExit(main())
