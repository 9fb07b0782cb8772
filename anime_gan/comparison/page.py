"""The page and the Markdown tables of a comparison.

`results` has, by the entrant's name, what comparison/results.py collects, or in words why there is
nothing; at least one is collected.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.ticker import LogFormatter
from PIL import Image

from anime_gan.web.page import chart, encode, render

_VIEWS = {"whole": "Fréchet, full resolution", "coarse": "Fréchet, low resolution"}
_TEMPLATE = Path(__file__).with_suffix(".html")
Results = dict[str, dict | str]


def tables(results: Results) -> list[tuple[str, str, list[str], list[list[str]]]]:
    """Return the table of costs, and one of distances for each feature network.

    Each is a title, a note, the headings, and the rows. The first cell of a row is its name; a row
    of two cells is a name and a message.
    """
    first = next(result for result in results.values() if isinstance(result, dict))

    def table(title: str, note: str, cells: Callable[[dict], dict[str, str]], *last: list[str]):
        rows = [
            [name, *(cells(result).values() if isinstance(result, dict) else [result])]
            for name, result in results.items()
        ]
        return title, note, ["", *cells(first)], [*rows, *last]

    note = (
        "Parameters, and billions of operations per image, of the generator (G) and the "
        "discriminator (D). Memory is the peak of the run, measuring included."
    )
    tables = [table("Cost and health", note, _costs)]
    for i, found in enumerate(first["comparisons"]):
        count, resize = f"{found['count']:,}", found["resize"]
        real = _distances({view: found[view]["real_vs_real"] for view in _VIEWS})
        distances = table(
            f"Distances by {found['network']}",
            f"{count} generated images against {count} of the reference set, at full resolution "
            f"({resize['whole']}) and low resolution ({resize['coarse']}). The last row compares "
            f"two disjoint sets of {count} real images.",
            lambda result, i=i: _distances(result["comparisons"][i]),
            ["real vs real", *real.values()],
        )
        tables.append(distances)
    return tables


def markdown(title: str, notes: list[str], results: Results) -> str:
    """Return the tables as Markdown; notes: sentences below the title."""
    lines = [f"## {title}", "", *(f"{note}\n" for note in notes)]
    for name, note, headings, rows in tables(results):
        lines += [f"### {name}", "", note, ""]
        lines += ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def html(title: str, notes: list[str], results: Results) -> str:
    """Return the whole page; notes: sentences below the title."""
    found = {name: result for name, result in results.items() if isinstance(result, dict)}
    grids = [(name, r["grid"], health(r, in_full=True)) for name, r in found.items()]
    grids.append(("training images", next(iter(found.values()))["real_grid"], []))
    measured = [row for result in found.values() for row in result["metrics"]]
    shown = _VIEWS if measured else {}
    return render(
        _TEMPLATE,
        title=title,
        notes=notes,
        grids=[(name, _small(path), said) for name, path, said in grids if path.is_file()],
        tables=tables(results),
        measured=measured[0] if measured else None,
        distances=[(name, distance_chart(found, view)) for view, name in shown.items()],
        losses=[(name, loss_chart(result["losses"])) for name, result in found.items()],
    )


def health(result: dict, in_full: bool = False) -> list[str]:
    """Return what went wrong in a run, from which step to which, and what ended it early."""
    said = []
    for found in result["findings"]:
        end = f"to step {found.until:,}" if found.until else "to the end"
        text = f"{found.kind} from step {found.since:,} {end}"
        said.append(f"{_capital(text)}. {_capital(found.seen)}" if in_full else text)
    if result["ended"]:
        said.append(_capital(result["ended"]) + "." if in_full else result["ended"])
    return said


def loss_chart(columns: np.ndarray) -> str:
    """Return a chart of both losses, each point the mean of a hundredth of the run.

    columns: steps, the discriminator's losses, the generator's: (3, N).
    """
    parts = [part for part in np.array_split(columns, 100, axis=1) if part.size]
    steps, means = [part[0, -1] for part in parts], [part[1:].mean(axis=1) for part in parts]

    def draw(axes) -> None:
        if means:
            axes.plot(steps, means, label=["discriminator", "generator"])
            axes.figure.legend(loc="outside upper right", ncols=2)
        if len(means) > 1:
            low, top = np.percentile(means, (1, 99))
            axes.set_ylim(min(0, low * 1.1), max(1e-3, top * 1.1))

    return chart(draw, xlabel="step")


def distance_chart(found: dict[str, dict], view: str) -> str:
    """Return a chart of the Fréchet distances that were measured during training."""

    def draw(axes) -> None:
        for number, (name, result) in enumerate(found.items()):
            minutes = [row["trained"] / 60 for row in result["metrics"]]
            distances = [row[view]["frechet"] for row in result["metrics"]]
            line = ("-", "--", ":")[number // 10 % 3]
            axes.plot(minutes, distances, line, marker=".", color=f"C{number % 10}", label=name)
        for axis_format in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            axis_format(LogFormatter(minor_thresholds=(2, 0.5)))  # 300, not 3 x 10^2
        axes.figure.legend(loc="outside lower center", ncols=2)

    height = 2.4 + 0.2 * -(-len(found) // 2)  # with the rows of the legend
    return chart(draw, height, xlabel="minutes trained", yscale="log")


def _costs(result: dict) -> dict[str, str]:
    """Return the cells of a row of the first table, by heading."""
    copied = result["copies_in_pixels"]["copied"] or result["copies_in_features"]["copied"]
    covered = f"{result['kinds']['coverage']:.0%}" if "kinds" in result else None
    return {
        "steps": f"{result['step']:,}",
        "images seen": f"{result['seen']:,}",
        "images/s": f"{result['speed']:,.0f}",
        "parameters G": f"{result['parameters'][0]:,}",
        "parameters D": f"{result['parameters'][1]:,}",
        "GFLOPs G": f"{result['gflops'][0]:.3f}",
        "GFLOPs D": f"{result['gflops'][1]:.3f}",
        "memory, GiB": f"{result['memory'] / 2**30:.2f}",
        **({"attributes covered": covered} if covered else {}),
        "copies": "yes" if copied else "no sign",
        "health": "; ".join(health(result)) or "no problem found",
    }


def _distances(views: dict[str, dict]) -> dict[str, str]:
    """Return the cells of a row of distances, by heading."""
    cells = {}
    for view, size in ((views["whole"], "full"), (views["coarse"], "low")):
        cells[f"Fréchet\u00a0↓ {size}"] = f"{view['frechet']:.1f}"
        cells[f"kernel\u00a0↓ {size}"] = f"{view['kernel']:.3f} ± {view['kernel_error']:.3f}"
        for key in ("precision", "recall", "density", "coverage"):
            cells[f"{key}\u00a0↑ {size}"] = f"{view[key]:.2f}"
    return cells


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(path: Path) -> str:
    """Return a grid as WebP, without the doubling of pixels that it was saved with."""
    with Image.open(path) as image:
        small = image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST)
    return encode(small.convert("RGB"), "webp", quality=70)
