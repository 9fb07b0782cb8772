"""The page and the Markdown tables of a comparison.

`results` has, by the entrant's name, what comparison/results.py collects, or in words why there is
nothing; at least one is collected.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import LogFormatter
from PIL import Image

from anime_gan.web.images import chart, encode
from anime_gan.web.page import render

_VIEWS = {"whole": "full resolution", "coarse": "low resolution"}
_TEMPLATE = Path(__file__).with_suffix(".html")
Results = dict[str, dict | str]


class Table(NamedTuple):
    """A table; the first cell of a row is its name, a row of two cells is a message.

    texts: the headings of columns that hold words.
    """

    title: str
    note: str
    headings: list[str]
    rows: list[list[str]]
    texts: tuple[str, ...] = ()


def tables(results: Results) -> list[Table]:
    """Return the table of costs, and one of distances for each feature network."""
    return [
        _costs(results),
        *(_distances(results, index) for index in range(len(_first(results)["comparisons"]))),
    ]


def markdown(title: str, notes: list[str], results: Results) -> str:
    """Return the tables as Markdown; notes: sentences below the title."""
    lines = [f"## {title}", "", *(f"{note}\n" for note in notes)]
    for table in tables(results):
        lines += [f"### {table.title}", "", table.note, ""]
        lines += ["| " + " | ".join(table.headings) + " |", "|---" * len(table.headings) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
        lines.append("")
    return "\n".join(lines)


def html(title: str, notes: list[str], results: Results) -> str:
    """Return the whole page; notes: sentences below the title."""
    found = {name: result for name, result in results.items() if isinstance(result, dict)}
    grids = [(name, r["grid"], health(r, in_full=True)) for name, r in found.items()]
    grids.append(("training images", _first(results)["reals"], []))
    measured = [row for result in found.values() for row in result["metrics"]]
    return render(
        _TEMPLATE,
        title=title,
        notes=notes,
        grids=[(name, _small(path), said) for name, path, said in grids if path.is_file()],
        tables=tables(results),
        measured=measured[0] if measured else None,
        distances=distance_charts(found) if measured else [],
        losses=[(name, loss_chart(result["losses"])) for name, result in found.items()],
    )


def health(result: dict, in_full: bool = False) -> list[str]:
    """Return what went wrong in a run, from which step to which, and what ended it early."""
    said = []
    for event in result["events"]:
        end = f"to step {event['until']:,}" if event["until"] else "to the end"
        text = f"{event['kind']} from step {event['since']:,} {end}"
        said.append(f"{_capital(text)}. {_capital(event['seen'])}" if in_full else text)
    if result["ended"]:
        said.append(_capital(result["ended"]) + "." if in_full else result["ended"])
    return said


def loss_chart(columns: np.ndarray) -> str:
    """Return a chart of both losses, each point the mean of a hundredth of the run.

    Args:
        columns: steps, the discriminator's losses, the generator's: (3, N).
    """
    parts = [part for part in np.array_split(columns, 100, axis=1) if part.size]
    steps, means = [part[0, -1] for part in parts], [part[1:].mean(axis=1) for part in parts]

    def draw(figure) -> None:
        axes = figure.add_subplot(xlabel="step")
        if means:
            axes.plot(steps, means, label=["discriminator", "generator"])
            figure.legend(loc="outside upper right", ncols=2)
        if len(means) > 1:
            low, top = np.percentile(means, (1, 99))
            axes.set_ylim(min(0, low * 1.1), max(1e-3, top * 1.1))

    return chart(draw)


def distance_charts(found: dict[str, dict]) -> list[tuple[str, str]]:
    """Return (title, chart) of the Fréchet distances measured during training, for each view."""

    def drawn(view: str) -> Callable:
        def draw(figure) -> None:
            axes = figure.add_subplot(xlabel="minutes trained", yscale="log")
            for number, (name, result) in enumerate(found.items()):
                axes.plot(
                    [row["trained"] / 60 for row in result["metrics"]],
                    [row[view]["frechet"] for row in result["metrics"]],
                    marker=".",
                    color=f"C{number % 10}",
                    linestyle=("-", "--", ":")[number // 10 % 3],
                    label=name,
                )
            for set_formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
                set_formatter(LogFormatter(minor_thresholds=(2, 0.5)))  # 300, not 3 x 10^2
            figure.legend(loc="outside lower center", ncols=2)

        return draw

    size = (3.6, 2.4 + 0.2 * -(-len(found) // 2))  # below, the rows of the legend
    return [(f"Fréchet, {words}", chart(drawn(view), size)) for view, words in _VIEWS.items()]


def _first(results: Results) -> dict:
    return next(result for result in results.values() if isinstance(result, dict))


def _rows(results: Results, cells: Callable[[dict], list[str]]) -> list[list[str]]:
    return [
        [name, *(cells(result) if isinstance(result, dict) else [result])]
        for name, result in results.items()
    ]


def _costs(results: Results) -> Table:
    columns = {
        "steps": lambda r: f"{r['step']:,}",
        "images seen": lambda r: f"{r['seen']:,}",
        "images/s": lambda r: f"{r['speed']:.0f}",
        "parameters G": lambda r: f"{r['parameters'][0]:,}",
        "parameters D": lambda r: f"{r['parameters'][1]:,}",
        "GFLOPs G": lambda r: f"{r['gflops'][0]:.3f}",
        "GFLOPs D": lambda r: f"{r['gflops'][1]:.3f}",
        "memory, GiB": lambda r: f"{r['memory'] / 2**30:.2f}",
    }
    if "kinds" in _first(results):
        columns["demo kinds covered"] = lambda r: f"{r['kinds']['coverage']:.0%}"
    columns |= {
        "copies": lambda r: "yes" if _has_copies(r) else "no sign",
        "health": lambda r: "; ".join(health(r)) or "no problem found",
    }
    return Table(
        "Cost and health",
        "Parameters, and billions of operations per image, of the generator (G) and the "
        "discriminator (D). Memory is the peak of the run, measuring included.",
        ["", *columns],
        _rows(results, lambda result: [of(result) for of in columns.values()]),
        ("health",),
    )


def _distances(results: Results, index: int) -> Table:
    """Return the table of one feature network, whose last row compares real images with real."""
    first = _first(results)["comparisons"][index]
    keys = ("precision", "recall", "density", "coverage")
    columns = {
        "Fréchet\u00a0↓": lambda view: f"{view['frechet']:.1f}",
        "kernel\u00a0↓": lambda view: f"{view['kernel']:.3f} ± {view['kernel_error']:.3f}",
        **{f"{key}\u00a0↑": lambda view, key=key: f"{view[key]:.2f}" for key in keys},
    }

    def cells(views: list[dict]) -> list[str]:
        return [of(view) for view in views for of in columns.values()]

    count = f"{first['count']:,}"
    resize = " and ".join(f"{words} ({first['resize'][v]})" for v, words in _VIEWS.items())
    return Table(
        f"Distances by {first['network']}",
        f"{count} generated images against {count} of the reference set, at {resize}. The last "
        f"row is the same between two disjoint sets of {count} real images.",
        ["", *(f"{name} {size}" for size in ("full", "low") for name in columns)],
        [
            *_rows(results, lambda r: cells([r["comparisons"][index][view] for view in _VIEWS])),
            ["real vs real", *cells([first[view]["real_vs_real"] for view in _VIEWS])],
        ],
    )


def _has_copies(result: dict) -> bool:
    return result["copies_in_pixels"]["copied"] or result["copies_in_features"]["copied"]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(path: Path) -> str:
    """Return a grid as WebP, without the doubling of pixels that it was saved with."""
    with Image.open(path) as image:
        small = image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST)
    return encode(small.convert("RGB"), "webp", quality=70)
