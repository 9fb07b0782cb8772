"""The page and the Markdown tables of a comparison.

`results` has, by the entrant's name, what comparison/results.py collects, or in words why there is
nothing; at least one is collected.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import Any

from PIL import Image

from anime_gan.comparison import settings
from anime_gan.comparison.charts import distance_chart, loss_chart
from anime_gan.web.page import encode, render

_VIEWS = {"whole": "full resolution", "coarse": "low resolution"}
_TEMPLATE = Path(__file__).with_suffix(".html")
_TEXTS = ["health", "other differences"]  # headings of columns that hold sentences
_WORDS = ["version", "optimizer", "loss", "budget", "EMA", "precision", "copies"]
_WIDEST = 720  # pixels of a grid
Results = dict[str, dict | str]


@dataclass
class Table:
    """A table: the first cell of a row is its name; a row of two cells is a name and a message."""

    title: str
    note: str
    headings: list[str]
    rows: list[list[str]]
    last: list[list[str]] = field(default_factory=list)  # rows that stay below the others


def tables(results: Results) -> list[Table]:
    """Return a table of distances for each feature network, one of costs, and one of settings."""
    first = next(iter(_collected(results).values()))

    def table(title: str, note: str, cells: Callable[[dict], dict[str, str]], *last: list[str]):
        rows = {name: list(cells(result).values()) for name, result in _collected(results).items()}
        return Table(title, note, ["name", *cells(first)], _rows(results, rows), [*last])

    found = []
    for i, measured in enumerate(first["comparisons"]):
        count, resize = f"{measured['count']:,}", measured["resize"]
        real = _distances({view: measured[view]["real_vs_real"] for view in _VIEWS})
        distances = table(
            f"Distances by {measured['network']}",
            f"{count} generated images against {count} of the reference set, at full resolution "
            f"({resize['whole']}) and low resolution ({resize['coarse']}). The last row compares "
            f"two disjoint sets of {count} real images.",
            lambda result, i=i: _distances(result["comparisons"][i]),
            ["real vs real", *real.values()],
        )
        found.append(distances)
    note = (
        "Parameters, and billions of operations per image, of the generator (G) and the "
        "discriminator (D). Memory is the peak of the run, measuring included."
    )
    return [*found, table("Cost and health", note, _costs), _settings(results)]


def _settings(results: Results) -> Table:
    """Return the table of the entrants' settings."""
    collected = _collected(results)
    differ, headings, cells = settings.table([*collected.values()])
    parts = []
    if differ:
        parts.append(f"the first {differ} columns" if differ > 1 else "the first column")
    if settings.OTHERS in headings:
        parts.append("the keys that the last column lists")
    note = f"The entrants differ in {' and in '.join(parts)}." if parts else "All have the same."
    note += " Rates and batch of a growing run are those of its last size."
    rows = _rows(results, dict(zip(collected, cells, strict=True)))
    return Table("Settings", note, ["name", *headings], rows)


def _collected(results: Results) -> dict[str, dict]:
    """Return the results that are no message."""
    return {name: result for name, result in results.items() if isinstance(result, dict)}


def _rows(results: Results, cells: dict[str, list[str]]) -> list[list[str]]:
    """Return a row for each entrant; those without cells have a message."""
    return [[name, *cells.get(name, [result])] for name, result in results.items()]


def markdown(title: str, notes: list[str], results: Results) -> str:
    """Return the tables as Markdown; notes: sentences below the title."""
    lines = [f"## {title}", "", *(f"{note}\n" for note in notes)]
    for table in tables(results):
        lines += [f"### {table.title}", "", table.note, ""]
        lines += ["| " + " | ".join(table.headings) + " |", "|---" * len(table.headings) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in [*table.rows, *table.last]]
        lines.append("")
    return "\n".join(lines)


def html(title: str, notes: list[str], results: Results) -> str:
    """Return the whole page; notes: sentences below the title."""
    found = _collected(results)
    size = next(iter(found.values()))["config"].model.resolution
    grids = []
    for number, name in enumerate(results, 1):
        if name in found and found[name]["grid"].is_file():
            grids.append(
                {
                    "name": name,
                    "uri": _small(found[name]["grid"], size),
                    "warnings": health(found[name], in_full=True),
                    "id": f"images-{number}",
                    "row": f"#table-1-{number}",
                }
            )
    links = {grid["name"]: f"#{grid['id']}" for grid in grids}
    real = [result["real_grid"] for result in found.values() if result["real_grid"].is_file()]
    if real:
        of_data = {"name": "training images", "uri": _small(real[0], size), "warnings": []}
        grids.append(of_data | {"id": "", "row": ""})
    return render(
        _TEMPLATE,
        title=title,
        notes=notes,
        grids=grids,
        links=links,
        tables=tables(results),
        texts=_TEXTS,
        words=_WORDS,
        curve_notes=_curve_notes(found),
        distances=[_curves(found, name) for name in found],
        losses=[(name, loss_chart(result["losses"])) for name, result in found.items()],
    )


def _curves(found: dict[str, dict], name: str) -> tuple[str, list[str], list[str]]:
    """Return an entrant's name, and for both views the alternative text and the chart."""
    rows = found[name]["metrics"]
    times = "1 measurement" if len(rows) == 1 else f"{len(rows):,} measurements"
    texts, uris = [], []
    for view, title in _VIEWS.items():
        last = rows[-1][view]["frechet"]
        texts.append(f"Fréchet distance of {name} at {title}: {times}, the last {last:.1f}")
        uris.append(distance_chart(found, name, view, title))
    return name, texts, uris


def _curve_notes(found: dict[str, dict]) -> list[str]:
    """Return what the curves show, and which measurements they leave out."""
    last = next(iter(found.values()))["metrics"][-1]
    real = " and ".join(f"{last[view]['real_vs_real']['frechet']:.1f}" for view in _VIEWS)
    notes = [
        f"Fréchet distance by {last['network']}, {last['count']:,} generated images against as "
        f"many of the reference set, so it is not that of the table; real vs real it is {real} at "
        "full and at low resolution. Each chart marks one entrant; the others are gray. The dot is "
        "the final measurement."
    ]
    for name, result in found.items():
        if result["other_metrics"]:
            kinds = " and ".join(
                f"of {count:,} images by {network}" for network, count in result["other_metrics"]
            )
            notes.append(
                f"{name}'s measurements {kinds} during training can't be compared with these, and "
                "are left out."
            )
    return notes


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


def _costs(result: dict) -> dict[str, str]:
    """Return the cells of a row of the table of costs, by heading."""
    copied = result["copies_in_pixels"]["copied"] or result["copies_in_features"]["copied"]
    eyes = result.get("unlike_eyes")
    covered = f"{result['kinds']['coverage']:.0%}" if "kinds" in result else None
    return {
        "steps": f"{result['step']:,}",
        "minutes": f"{result['seconds'] / 60:,.1f}",
        "images seen": f"{result['seen']:,}",
        "images/s": settings.NOTHING if isnan(result["speed"]) else f"{result['speed']:,.0f}",
        "parameters G": f"{result['parameters'][0]:,}",
        "parameters D": f"{result['parameters'][1]:,}",
        "GFLOPs G": f"{result['gflops'][0]:.3f}",
        "GFLOPs D": f"{result['gflops'][1]:.3f}",
        "memory, GiB": f"{result['memory'] / 2**30:.2f}",
        **({"attributes covered": covered} if covered else {}),
        **({"unlike eyes": f"{eyes['share']:.0%}"} if eyes else {}),
        "copies": "yes" if copied else "no sign",
        "health": "; ".join(health(result)) or "no problem found",
    }


def _distances(views: dict[str, Any]) -> dict[str, str]:
    """Return the cells of a row of distances, by heading."""
    cells = {}
    for view, size in ((views["whole"], "full"), (views["coarse"], "low")):
        cells[f"Fréchet\u00a0↓ {size}"] = f"{view['frechet']:,.1f}"
        cells[f"kernel\u00a0↓ {size}"] = f"{view['kernel']:.3f} ± {view['kernel_error']:.3f}"
        for key in ("precision", "recall", "density", "coverage"):
            cells[f"{key}\u00a0↑ {size}"] = f"{view[key]:.2f}"
    return cells


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(path: Path, size: int) -> str:
    """Return a grid of images of a size as WebP, without the pixels that it was enlarged by."""
    with Image.open(path) as image:
        grid = image.convert("RGB")
    if size <= 64:  # enlarged, without smoothing
        grid = grid.resize((grid.width // 2, grid.height // 2), Image.Resampling.NEAREST)
    grid.thumbnail((_WIDEST, _WIDEST), Image.Resampling.LANCZOS)
    return encode(grid, "webp", quality=70)
