"""Diagrams as SVG files of boxes and arrows, no wider than a phone, so that text is readable."""

from __future__ import annotations

import textwrap
from xml.etree import ElementTree

WIDTH = 380  # of every diagram, in pixels
MARGIN = 12
LINE = 15  # height of a line of text
_CHARACTER = 6.3  # width of a character at most, on average, at the font size of 11
_STYLE = """
text { font: 11px Arial, Helvetica, sans-serif; fill: #1f2933 }
.head { font-size: 15px; font-weight: bold }
.bold { font-weight: bold }
.quiet { fill: #52606d }
.box { stroke: #7b8794; fill: #eef2f6 }
.strong { fill: #dbeafe; stroke: #2f6fb2 }
.changed { fill: #ffe8d6; stroke: #c2410c }
.line { fill: none; stroke: #52606d }
.back { fill: none; stroke: #c2410c; stroke-dasharray: 4 3 }
"""


class Svg:
    """A diagram on a white ground; `y` is where the next thing goes."""

    def __init__(self) -> None:
        self.y = MARGIN
        self._root = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg")
        self._add("style").text = _STYLE
        self._ground = self._add("rect", x=0, y=0, width=WIDTH, fill="white")
        for name, color in (("line", "#52606d"), ("back", "#c2410c")):
            size = {"markerWidth": 7, "markerHeight": 7, "viewBox": "0 0 8 8"}
            head = self._add("marker", id=name, **size, refX=7, refY=4, orient="auto")
            ElementTree.SubElement(head, "path", d="M0 0L8 4L0 8z", fill=color)

    def heading(self, text: str, *lines: str) -> None:
        """Write a heading, and quiet lines below it, folded where they are long."""
        self.y += 10
        self.text(MARGIN, self.y + 12, text, "head")
        self.y += 18
        for line in lines:
            self.lines(line)
        self.y += 6

    def lines(self, text: str) -> None:
        """Write a quiet text, folded where it is long."""
        for line in folded(text, WIDTH - 2 * MARGIN):
            self.text(MARGIN, self.y + 11, line, "quiet")
            self.y += LINE

    def box(self, x: float, y: float, width: float, rows: list[tuple], kind: str = "box") -> float:
        """Draw a box of rows (left text, right text, classes), and return its height."""
        height = LINE * len(rows) + 7
        box = {"x": x, "y": y, "width": width, "height": height, "rx": 4}
        self._add("rect", **box, **{"class": f"box {kind}"})
        for number, (left, right, classes) in enumerate(rows):
            line = y + LINE * (number + 1)
            self.text(x + 7, line, left, classes)
            if right:
                self.text(x + width - 7, line, right, classes, "end")
        return height

    def text(self, x: float, y: float, text: str, classes: str = "", anchor: str = "start"):
        """Write a line of text."""
        found = self._add("text", x=x, y=y, **{"class": classes, "text-anchor": anchor})
        found.text = text

    def arrow(self, *points: tuple[float, float], kind: str = "line", head: bool = True) -> None:
        """Draw a line through points, by default with a head."""
        path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
        ends = {"marker-end": f"url(#{kind})"} if head else {}
        self._add("path", d=path, **{"class": kind}, **ends)

    def finish(self) -> str:
        """Return the file's content."""
        height = round(self.y + MARGIN)
        self._ground.set("height", str(height))
        size = {"width": WIDTH, "height": height, "viewBox": f"0 0 {WIDTH} {height}"}
        for name, value in size.items():
            self._root.set(name, str(value))
        ElementTree.indent(self._root)
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"

    def _add(self, tag: str, **attributes) -> ElementTree.Element:
        values = {
            name: f"{x:g}" if isinstance(x, float) else str(x) for name, x in attributes.items()
        }
        return ElementTree.SubElement(self._root, tag, values)


def width_of(text: str, bold: bool = False) -> float:
    """Return how many pixels a text takes at most."""
    return len(text) * _CHARACTER * (1.08 if bold else 1)


def folded(text: str, width: float) -> list[str]:
    """Return the lines of a text that is at most so many pixels wide."""
    return textwrap.wrap(text, max(1, int(width / _CHARACTER))) or [""]
