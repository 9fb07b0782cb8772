"""The charts of a run's page: losses, accuracies, rates, metrics and the signs of health.

Each is a title, the chart as a URI, and in words what it shows.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple, NotRequired

import numpy as np
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from pydantic import with_config
from typing_extensions import TypedDict

from anime_gan.runs.health import LIMITS, SIGNS
from anime_gan.runs.history import CURVES, STRICT, row_type
from anime_gan.web.page import chart

POINTS = 200  # of a line, at most

_SCORES = dict.fromkeys(("frechet", "precision", "recall"), float)
_Real = with_config(STRICT)(TypedDict("_Real", _SCORES))
_View = with_config(STRICT)(TypedDict("_View", {**_SCORES, "real_vs_real": NotRequired[_Real]}))
METRICS = row_type({"network": str, "count": int, "whole": _View})


class Chart(NamedTuple):
    """A chart on the page; alt: in words what it shows."""

    title: str
    uri: str
    alt: str


class Line(NamedTuple):
    """A line of a chart; limit: only its last value counts, drawn dashed over the whole chart."""

    name: str
    values: tuple[float, ...]
    limit: bool = False


def of_losses(curves: np.ndarray) -> list[Chart]:
    """Return the charts of losses, accuracies and, if they change, learning rates.

    curves: the steps and CURVES, (1 + len(CURVES), N); none if N is 0.
    """
    if not curves.size:
        return []
    parts = _parts(curves)
    steps = tuple(part[0, -1] for part in parts)
    means = np.array([part[1:].mean(axis=1) for part in parts]).T
    lines = {key: tuple(own) for key, own in zip(CURVES, means.tolist(), strict=True)}

    def named(**names: str) -> tuple[Line, ...]:
        return tuple(Line(name, lines[key]) for key, name in names.items())

    if np.isfinite(lines["d_loss_real"]).any():
        parts_of_d = {
            "d_loss_real": "discriminator, real",
            "d_loss_fake": "discriminator, generated",
        }
    else:
        parts_of_d = {"d_loss": "discriminator"}
    losses = named(**parts_of_d, g_loss="generator")
    # The first losses can be a hundred times the later ones, which would then look flat.
    low, high = np.nanpercentile([line.values for line in losses], (1, 99))
    accuracies = named(real_accuracy="real", fake_accuracy="generated")
    rates = named(d_rate="discriminator", g_rate="generator")
    charts = [
        _chart("Losses", steps, losses, low=min(0, low * 1.1), high=max(1e-3, high * 1.1)),
        _chart("Accuracy of the discriminator", steps, accuracies, "{:.0%}", low=0, high=1.03),
    ]
    if rates[0].values == rates[1].values:
        rates = named(g_rate="both networks")
    if any(_changes(line.values) for line in rates):
        charts.append(_chart("Learning rates", steps, rates, "{:.2g}"))
    return charts


def _parts(columns: np.ndarray) -> list[np.ndarray]:
    """Return at most POINTS parts, of equal length, of the last axis."""
    return [part for part in np.array_split(columns, POINTS, axis=-1) if part.size]


def _changes(values: tuple[float, ...]) -> bool:
    known = [value for value in values if math.isfinite(value)]
    return bool(known) and max(known) > 1.001 * min(known)


def comparable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the measurements with the network and count of the last: others have other scales."""
    keys = ("network", "count")
    return [row for row in rows if all(row[key] == rows[-1][key] for key in keys)]


def of_metrics(rows: list[dict[str, Any]]) -> list[Chart]:
    """Return the charts of the distance, and of precision and recall, each beside real vs real."""
    if not rows:
        return []
    steps = tuple(row["step"] for row in rows)
    views = [row["whole"] for row in rows]

    def lines(key: str, name: str, limit: str) -> tuple[Line, ...]:
        own = Line(name, tuple(view[key] for view in views))
        real = views[-1].get("real_vs_real")
        return (own, Line(limit, (real[key],), True)) if real else (own,)

    distance = lines("frechet", "generated", "real vs real")
    both = lines("precision", "precision", "precision, real vs real")
    both += lines("recall", "recall", "recall, real vs real")
    return [
        _chart("Fréchet distance ↓", steps, distance, "{:,.1f}", low=0),
        _chart("Precision and recall ↑", steps, both, "{:.2f}", low=0, high=1.03),
    ]


def of_health(rows: list[dict[str, Any]]) -> list[Chart]:
    """Return the chart of the signs of health; none if nothing was observed."""
    if not rows:
        return []
    parts = _parts(np.array([[row[key] for row in rows] for key in ("step", *SIGNS)]))
    steps = tuple(part[0, -1] for part in parts)
    means = np.array([part[1:].mean(axis=1) for part in parts]).T.tolist()
    distance, *others = (Line(key, tuple(own)) for key, own in zip(SIGNS, means, strict=True))
    limit = Line("distance that is far", (LIMITS.far,), True)
    return [_chart("Signs of health", steps, (distance, limit, *others), "{:.2f}", low=0)]


@lru_cache(maxsize=8)  # there are new observations and measurements only now and then
def _chart(
    title: str,
    steps: tuple[float, ...],
    lines: tuple[Line, ...],
    form: str = "{:.3g}",
    low: float | None = None,
    high: float | None = None,
) -> Chart:
    """Return a chart of lines over steps.

    form: of a number in words. low, high: of the vertical axis, None to fit the lines.
    """
    colors = iter(("C0", "C1", "C2", "C3"))
    marker = "." if len(steps) < 30 else ""

    def draw(plot) -> None:
        color = "C0"
        for line in lines:
            color = color if line.limit else next(colors)
            if line.limit:
                plot.axhline(line.values[-1], linestyle="--", color=color, label=line.name)
            else:
                plot.plot(steps, line.values, "-", marker=marker, color=color, label=line.name)
        plot.set_xlim(0, 1.02 * steps[-1])
        plot.set_ylim(low, high)
        plot.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        plot.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        plot.figure.legend(loc="outside upper left", ncols=2)

    known = [(line.name, line.values[-1]) for line in lines if np.isfinite(line.values[-1])]
    last = ", ".join(f"{name} {form.format(value)}" for name, value in known)
    alt = f"{title} over the steps to {steps[-1]:,.0f}; at the end: {last}"
    return Chart(title, chart(draw, xlabel="step"), alt)
