"""Self-contained HTML pages: templates, and images as data URIs for them."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

_CHART = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": "#e6e8ec",
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.fonttype": "none",  # text as text: a third of the size of its outlines
    "svg.hashsalt": "page",  # otherwise the same chart has other ids in each process
}


def without_folders(text: str) -> str:
    """Return the last part of an absolute path, of any system; other texts as they are.

    Pages go to others, and folders may name a user.
    """
    kinds = PurePosixPath, PureWindowsPath
    if text.startswith("~") or any(kind(text).is_absolute() for kind in kinds):
        return re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    return text


def render(template: Path, **values: Any) -> str:
    """Return a page as HTML.

    Args:
        template: a file that extends base.html; it may import parts.html and include its neighbors.
        values: what the template names, `title` included. Text is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(values)


def encode(image: Image.Image, kind: str, **options: Any) -> str:
    """Return an image as a URI; kind: "png", "webp" or "jpeg"; options: Pillow's for saving."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return _uri(file, kind)


def chart(draw: Callable[[Axes], Any], height: float = 2.3, **axes: Any) -> str:
    """Return a chart as the URI of an SVG, readable at the width of a phone.

    Args:
        draw: draws into the axes that it is given.
        height: in inches; the width is 3.6.
        axes: properties of the axes, such as xlabel.
    """
    file = io.BytesIO()
    with rc_context(_CHART):
        figure = Figure((3.6, height), layout="constrained")
        draw(figure.add_subplot(**axes))
        figure.savefig(file, format="svg", metadata={"Date": None})
    return _uri(file, "svg+xml")


def _uri(file: io.BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
