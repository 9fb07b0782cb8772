"""The page and the table of a comparison: one file each that needs no other, and no network."""

import base64
import io
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

_VIEWS = ("whole", "coarse")
_STYLE = Path(__file__).with_suffix(".css")


def tables(results: dict[str, dict | str]) -> list[tuple[str, str, list]]:
    """Return (title, a sentence, columns) of every table: what it took, what each network says.

    A column is (heading, function from a result to its text). results: by name, at least one there.
    """
    first = _first(results)
    took = [
        ("steps", lambda r: f"{r['step']:,}"),
        ("pictures seen", lambda r: f"{r['seen']:,}"),
        ("images/s", lambda r: f"{r['speed']:.0f}"),
        ("parameters G", lambda r: f"{r['parameters'][0]:,}"),
        ("parameters D", lambda r: f"{r['parameters'][1]:,}"),
        ("GFLOPs G", lambda r: f"{r['gflops'][0]:.3f}"),
        ("GFLOPs D", lambda r: f"{r['gflops'][1]:.3f}"),
        ("memory, GiB", lambda r: f"{r['memory'] / 2**30:.2f}"),
        ("copies", lambda r: "yes" if _copied(r) else "no sign"),
        ("health", lambda r: ", ".join(_health(r)) or "nothing found"),
    ]
    if "kinds" in first:
        took.insert(-2, ("kinds of drawn faces", lambda r: f"{r['kinds']['coverage']:.0%}"))
    return [
        ("What it took", "Parameters and billions of operations a picture, generator's (G) and "
         "discriminator's (D); the most memory that the run took, its measuring included.", took),
        *(
            (f"Distances by {found['network']}", _floor(found), _opinions(index))
            for index, found in enumerate(first["comparisons"])
        ),
    ]  # fmt: skip


def _health(result: dict, in_full: bool = False) -> list[str]:
    """Return what was found wrong, from which step to which, and what ended the run early."""
    said = []
    for event in result["events"]:
        end = f"until {event['until']:,}" if event["until"] else "to the end"
        told = f"{event['kind']} from step {event['since']:,} {end}"
        said.append(f"{told}: {event['seen']}" if in_full else told)
    return [*said, result["ended"]] if result["ended"] else said


def _copied(result: dict) -> bool:
    """Return whether training pictures were found among the drawn ones, by pixels or features."""
    return result["copies_in_pixels"]["copied"] or result["copies_in_features"]["copied"]


def _opinions(index: int) -> list[tuple[str, Any]]:
    """Return the columns of one network's comparison."""

    def column(view, key, form):
        return lambda r: format(r["comparisons"][index][view][key], form)

    def kernel(view):
        return lambda r: (
            f"{r['comparisons'][index][view]['kernel']:.3f} ± "
            f"{r['comparisons'][index][view]['kernel_error']:.3f}"
        )

    found: list[tuple[str, Any]] = []
    for view in _VIEWS:
        found += [(f"Fréchet, {view}", column(view, "frechet", ".1f"))]
        found += [(f"kernel, {view}", kernel(view))]
        found += [
            (f"{key}, {view}", column(view, key, ".2f"))
            for key in ("precision", "recall", "density", "coverage")
        ]
    return found


def _first(results: dict[str, dict | str]) -> dict:
    """Return the first result that is there."""
    return next(result for result in results.values() if isinstance(result, dict))


def _floor(found: dict) -> str:
    """Return in words what a network was shown, and what it says of real and real faces."""
    whole, coarse = found["whole"]["floor"], found["coarse"]["floor"]
    return (
        f"{found['count']:,} generated faces against {found['count']:,} real ones, whole "
        f"({found['resize']['whole']}) and coarse ({found['resize']['coarse']}). Floors, "
        f"{found['count']:,} real faces against as many others, whole and coarse: Fréchet "
        f"{whole['frechet']:.1f}, {coarse['frechet']:.1f}; kernel {whole['kernel']:.3f}, "
        f"{coarse['kernel']:.3f}; recall {whole['recall']:.2f}, {coarse['recall']:.2f}; coverage "
        f"{whole['coverage']:.2f}, {coarse['coverage']:.2f}."
    )


def markdown(title: str, notes: list[str], results: dict[str, dict | str]) -> str:
    """Return the tables as Markdown; results: by name, or in words why there is none."""
    lines = [f"## {title}", "", *(f"{note}\n" for note in notes)]
    for head, said, columns in tables(results):
        lines += [f"### {head}", "", said, ""]
        lines.append("| | " + " | ".join(name for name, _ in columns) + " |")
        lines.append("|---" * (len(columns) + 1) + "|")
        for name, result in results.items():
            cells = [of(result) for _, of in columns] if isinstance(result, dict) else [result]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def html(title: str, notes: list[str], results: dict[str, dict | str]) -> str:
    """Return the whole page; notes and results as for `markdown`."""
    there = {name: result for name, result in results.items() if isinstance(result, dict)}
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(note)}</p>" for note in notes),
        "<h2>Faces</h2><p>The same 25 latents for all, not chosen.</p>",
        '<div class="cards">',
        *(
            _card(name, result["grid"], _health(result, in_full=True))
            for name, result in there.items()
        ),
        _card("the data", _first(results)["reals"], []),
        "</div>",
    ]
    for head, said, columns in tables(results):
        parts += [f"<h2>{escape(head)}</h2><p>{escape(said)}</p>", _table(columns, results)]
    measured = [row for result in there.values() for row in result["metrics"]]
    if measured:
        words = (
            f"Fréchet distances over the minutes trained, by {measured[0]['network']}, "
            f"{measured[0]['count']:,} faces on each side."
        )
        parts += [f"<h2>Distances over time</h2><p>{escape(words)}</p>"]
        parts += [_image(_distances(there), "svg+xml", words)]
    parts += ["<h2>Losses</h2>", '<div class="cards">']
    parts += [
        f'<figure class="card"><h3>{escape(name)}</h3>'
        f"{_image(_losses(result['losses']), 'svg+xml', f'losses of {name}')}</figure>"
        for name, result in there.items()
    ]
    parts.append("</div>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        '<link rel="icon" href="data:,">'
        f"<style>{_STYLE.read_text()}</style><body>{''.join(parts)}</body></html>"
    )


def _table(columns: list, results: dict[str, dict | str]) -> str:
    """Return a table of numbers."""
    rows = []
    for name, result in results.items():
        if isinstance(result, dict):
            cells = "".join(f"<td>{escape(of(result))}</td>" for _, of in columns)
        else:
            cells = f'<td colspan="{len(columns)}" style="text-align:left">{escape(result)}</td>'
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    heads = "".join(f"<th>{escape(head)}</th>" for head, _ in columns)
    return f'<div class="scroll"><table><tr><th></th>{heads}</tr>{"".join(rows)}</table></div>'


def _card(name: str, grid: Path, said: list[str]) -> str:
    """Return a grid with what is to be said of it; nothing if it was taken away."""
    if not grid.is_file():
        return ""
    image = _image(_small(grid), "webp", f"faces of {name}", "grid")
    words = "".join(f'<p class="event">{escape(text)}</p>' for text in said)
    return f'<div class="card"><h3>{escape(name)}</h3>{image}{words}</div>'


def _image(data: bytes, kind: str, words: str, css: str = "") -> str:
    """Return an image that is within the page itself."""
    text = base64.b64encode(data).decode()
    return f'<img class="{css}" alt="{escape(words)}" src="data:image/{kind};base64,{text}">'


def _small(path: Path) -> bytes:
    """Return a grid, without the enlargement that it was saved with, as WebP."""
    with Image.open(path) as image:
        small = image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST)
    file = io.BytesIO()
    small.convert("RGB").save(file, "WEBP", quality=70)
    return file.getvalue()


def _svg(figure: Figure) -> bytes:
    """Return a figure as SVG."""
    file = io.BytesIO()
    with rc_context({"svg.fonttype": "none"}):  # letters as letters, a third of their outlines
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _losses(columns: np.ndarray) -> bytes:
    """Draw both losses, each point the mean of a hundredth of the run.

    columns: steps, the discriminator's losses, the generator's: (3, N).
    """
    figure = Figure(figsize=(4.2, 2.6), layout="constrained")
    axes = figure.add_subplot()
    parts = [part for part in np.array_split(columns, 100, axis=1) if part.size]
    steps = [part[0, -1] for part in parts]
    shown = []
    for row, colour, name in ((1, "tab:blue", "D"), (2, "tab:orange", "G")):
        means = [part[row].mean() for part in parts]
        axes.plot(steps, means, color=colour, linewidth=1.2, label=name)
        shown += means
    if len(shown) > 2:
        low, top = np.percentile(shown, (1, 99))
        axes.set_ylim(min(0, low * 1.1), max(1e-3, top * 1.1))
    axes.set_xlabel("step")
    axes.legend(loc="upper right", frameon=False)
    return _svg(figure)


def _distances(results: dict[str, dict]) -> bytes:
    """Draw the Fréchet distances that were measured while they trained."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    for place, view in enumerate(_VIEWS):
        axes = figure.add_subplot(1, 2, place + 1)
        for number, (name, result) in enumerate(results.items()):
            rows = result["metrics"]
            axes.plot(
                [row["trained"] / 60 for row in rows],
                [row[view]["frechet"] for row in rows],
                marker=".",
                color=f"C{number % 10}",
                linestyle=("-", "--", ":")[number // 10 % 3],
                linewidth=1.2,
                label=name,
            )
        axes.set(yscale="log", xlabel="minutes trained", title=f"Fréchet distance, {view}")
    figure.axes[1].legend(bbox_to_anchor=(1.02, 1), loc="upper left", frameon=False, fontsize=8)
    return _svg(figure)
