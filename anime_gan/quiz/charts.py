"""The figures of a study."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from anime_gan.files import whole_file
from anime_gan.quiz.kinds import GRADES, RAPID, RATING
from anime_gan.quiz.report import plain

# Dark blue and orange differ in lightness, for every kind of color vision.
_FIRST, _SECOND, _QUIET = "#1d4f91", "#d97a34", "#aeb6c2"
_STYLE = {
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 10,
    "legend.frameon": False,
    "text.parse_math": False,  # a run's name may have a $
}


def write(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write the figures of a study as PNG files, and return their paths."""
    figures: dict[str, Callable[[Axes, dict[str, Any]], None]] = {
        "persons.png": _persons,
        "faces.png": _faces,
    }
    if results["kind"] == RAPID:
        figures["exposures.png"] = _exposures
    if results["kind"] == RATING:
        figures["grades.png"] = _grades
    paths = []
    for name, draw in figures.items():
        with rc_context(_STYLE), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # of a name that the font can't write
            figure = Figure((6.4, 4), dpi=150, layout="constrained")
            draw(figure.add_subplot(), results)
            path = folder / name
            with whole_file(path, durable=False) as temporary:
                figure.savefig(temporary)
        paths.append(path)
    return paths


def _counted(results: dict[str, Any]) -> str:
    if results["kind"] == RATING:
        return f"choices of {_short(results['generators'][0])}, %"
    return "right answers, %"


def _short(name: str) -> str:
    name = plain(name)
    return name if len(name) < 30 else f"{name[:28]}..."


def _persons(axes: Axes, results: dict[str, Any]) -> None:
    """Draw the persons by their shares, beside what guessing gives."""
    persons, pooled = results["persons"], results["pooled"]
    shares = [100 * row["right"] / row["answers"] for row in persons]
    count = max(row["answers"] for row in persons)
    edges = (np.arange(count + 2) - 0.5) * 100 / count
    guessed = stats.binom.pmf(np.arange(count + 1), count, 0.5) * len(persons)
    axes.hist(shares, edges, color=_FIRST, rwidth=0.9, label="participants")
    values = np.arange(count + 1) * 100 / count
    axes.step(values, guessed, where="mid", color=_SECOND, label="expected if all guess")
    axes.set(xlabel=_counted(results), ylabel="participants", xlim=(-2, 102))
    if pooled["low"] is not None:
        axes.axvspan(100 * pooled["low"], 100 * pooled["high"], color=_QUIET, alpha=0.35, lw=0)
        axes.axvline(100 * pooled["value"], color="black", lw=1, label="pooled, with interval")
    axes.legend(loc="upper left")


def _faces(axes: Axes, results: dict[str, Any]) -> None:
    """Draw the share of right answers of each face, ascending, with its own interval."""
    rows = sorted(results["faces"], key=lambda row: row["right"] / row["answers"])
    places = np.arange(len(rows))
    shares = np.array([100 * row["right"] / row["answers"] for row in rows])
    tests = [stats.binomtest(row["right"], row["answers"]) for row in rows]
    ends = np.array([test.proportion_ci(method="wilson")[:] for test in tests]) * 100
    errors = np.clip([shares - ends[:, 0], ends[:, 1] - shares], 0, None)
    axes.errorbar(places, shares, errors, fmt="o", color=_FIRST, ecolor=_QUIET, markersize=4)
    axes.axhline(50, color=_SECOND, lw=1)
    what = "face" if results["kind"] == RAPID else "pair"
    axes.set(xlabel=f"{what}s, from the fewest to the most", ylabel=_counted(results))
    axes.set(ylim=(-3, 103))
    if len(rows) <= 30:
        axes.set_xticks(places, [f"{row['face'] + 1}" for row in rows])


def _exposures(axes: Axes, results: dict[str, Any]) -> None:
    """Draw the shares by exposure: right, and called real of the real and the generated faces."""
    lines = {
        "right": ("right answers", "black", "o-"),
        "real_called_real": ("real faces called real", _FIRST, "s--"),
        "generated_called_real": ("generated faces called real", _SECOND, "^--"),
    }
    for shift, (name, (label, color, style)) in enumerate(lines.items()):
        rows = [(row["ms"], row[name]) for row in results["exposures"] if row[name]]
        times = np.array([ms for ms, _ in rows]) * (1 + 0.03 * (shift - 1))
        values, errors = _with_errors([estimate for _, estimate in rows], 100)
        axes.errorbar(times, values, errors, fmt=style, color=color, label=label, markersize=4)
    shown = sorted({row["ms"] for row in results["exposures"]})
    axes.axhline(50, color=_QUIET, lw=1)
    axes.set_xscale("log")
    axes.set_xticks(shown, [f"{ms:,}" for ms in shown])
    axes.minorticks_off()
    axes.set(xlabel="exposure, ms", ylabel="answers, %", ylim=(-3, 103))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)


def _grades(axes: Axes, results: dict[str, Any]) -> None:
    """Draw the mean grades of the generators and of the real faces."""
    rows = results["grades"]["means"]
    values, errors = _with_errors(rows, 1)
    axes.bar(range(len(rows)), values, color=[_FIRST, _SECOND, _QUIET], width=0.6)
    axes.errorbar(range(len(rows)), values, errors, fmt="none", ecolor="black", capsize=4)
    axes.set_xticks(range(len(rows)), [_short(row["name"]) for row in rows])
    axes.set(ylabel=f"mean grade, 1 to {GRADES}", ylim=(1, GRADES))


def _with_errors(rows: list[dict[str, Any]], scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Return values, and how far their intervals reach down and up; nothing where there is none."""
    values = np.array([row["value"] for row in rows])
    lows = np.array([row["value"] if row["low"] is None else row["low"] for row in rows])
    highs = np.array([row["value"] if row["high"] is None else row["high"] for row in rows])
    errors = np.clip([values - lows, highs - values], 0, None)
    return scale * values, scale * errors
