"""The charts of a comparison: small multiples, each of one entrant among all."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from anime_gan.web.page import chart

# Dark blue on gray differ in lightness, for every kind of color vision.
_OWN, _OTHERS = "#1d4f91", "#aeb6c2"
_POINTS = 60  # of a gray line, at most
_FAR = 3  # a ratio of the entrants' minutes, from which on their axis is logarithmic


def distance_chart(found: dict[str, dict], own: str, view: str, title: str) -> str:
    """Return a chart of the Fréchet distances during training, of one entrant among all.

    Args:
        found: results by entrant; "metrics" has at least one row, the last of the final weights.
        own: the entrant whose line is marked; those of the others are gray.
        view: "whole" or "coarse".
    """
    lines = {
        name: np.array([(r["trained"] / 60, r[view]["frechet"]) for r in result["metrics"]]).T
        for name, result in found.items()
    }
    ends = [minutes[-1] for minutes, _ in lines.values()]

    def draw(axes: Axes) -> None:
        for name, (minutes, distances) in lines.items():
            if name != own:
                chosen = np.linspace(0, len(minutes) - 1, min(len(minutes), _POINTS)).astype(int)
                # A single measurement is a point.
                style = {"marker": "." if len(chosen) == 1 else None, "linewidth": 0.9}
                axes.plot(minutes[chosen], distances[chosen], color=_OTHERS, **style)
        minutes, distances = lines[own]
        axes.plot(minutes, distances, color=_OWN, linewidth=1.8)
        axes.plot(minutes[-1], distances[-1], "o", color=_OWN, markersize=4)
        axes.annotate(
            f"{distances[-1]:,.1f}",
            (minutes[-1], distances[-1]),
            (5, 0),
            textcoords="offset points",
            color=_OWN,
            fontweight="bold",
            va="center",
            annotation_clip=False,
        )
        _scale(axes, min(ends), max(ends))

    alone = len(lines[own][0]) == 1
    return chart(
        draw, 1.7, title=title, xlabel="minutes trained" + (", one point" if alone else "")
    )


def _scale(axes: Axes, first: float, last: float) -> None:
    """Set the same scales in all charts: logarithmic ones with numbers such as 300."""
    axes.set_yscale("log")
    scales = [axes.yaxis]
    if first > 0 and last / first > _FAR:
        axes.set_xscale("log")
        scales.append(axes.xaxis)
    else:
        axes.set_xlim(left=0, right=1.15 * last if last else 1)
    for scale in scales:
        low, high = scale.get_view_interval()
        steps = (1, 2, 5) if high < 100 * low else (1,)
        scale.set_major_locator(LogLocator(subs=steps))
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        scale.set_minor_formatter(NullFormatter())


def loss_chart(columns: np.ndarray) -> str:
    """Return a chart of both losses, each point the mean of a hundredth of the run.

    columns: steps, the discriminator's losses, the generator's: (3, N).
    """
    parts = [part for part in np.array_split(columns, 100, axis=1) if part.size]
    steps, means = [part[0, -1] for part in parts], [part[1:].mean(axis=1) for part in parts]

    def draw(axes: Axes) -> None:
        if means:
            axes.plot(steps, means, label=["discriminator", "generator"])
            axes.lines[1].set_linestyle("--")  # for those who don't see the colors
            axes.figure.legend(loc="outside upper right", ncols=2)
        if len(means) > 1:
            low, top = np.percentile(means, (1, 99))
            axes.set_ylim(min(0, low * 1.1), max(1e-3, top * 1.1))

    return chart(draw, xlabel="step")
