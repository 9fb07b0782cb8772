"""Images as data URIs, so that a page needs no other file."""

import base64
import io
from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

_CHART = {
    "axes.edgecolor": "#9aa3af",
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "font.size": 9,
    "grid.color": "#e6e8ec",
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.fonttype": "none",  # text as text: a third of the size of its outlines
    "svg.hashsalt": "page",  # otherwise the same chart has other ids in each process
    "xtick.color": "#4b5563",
    "ytick.color": "#4b5563",
}


def data_uri(data: bytes, kind: str) -> str:
    """Return an encoded image as a URI; kind: "png", "webp", "jpeg" or "svg+xml"."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def encode(image: Image.Image, kind: str, **options: Any) -> str:
    """Return an image as a URI; kind: "png", "webp" or "jpeg"; options: Pillow's for saving."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return data_uri(file.getvalue(), kind)


def chart(draw: Callable[[Figure], None], size: tuple[float, float] = (3.6, 2.3)) -> str:
    """Return a chart as the URI of an SVG.

    Args:
        draw: puts the axes and lines into the figure that it is given.
        size: width and height in inches; the default is readable at the width of a phone.
    """
    file = io.BytesIO()
    with rc_context(_CHART):
        figure = Figure(size, layout="constrained")
        draw(figure)
        figure.savefig(file, format="svg", metadata={"Date": None})
    return data_uri(file.getvalue(), "svg+xml")
