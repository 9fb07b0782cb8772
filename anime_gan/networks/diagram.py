"""Draws the two networks of a version as blocks of layers, with shapes and parameter counts."""

from __future__ import annotations

from anime_gan.config import Config
from anime_gan.config.versions import get_version
from anime_gan.networks.blocks import Block, Section, sections
from anime_gan.networks.describe import build_shapes
from anime_gan.web.svg import LINE, MARGIN, WIDTH, Svg, folded, width_of

_GAP = 14  # between two blocks, where an arrow fits
_LANE = 8  # between two lines beside the blocks
_BRACKET = 34  # for the number of repetitions


def draw_networks(config: Config) -> str:
    """Return a diagram of a config's networks as SVG, the generator above the discriminator.

    A block holds layers that follow each other. Lines at the left are skip connections, and
    inputs that are used more than once. A bracket at the right is a group that repeats.
    """
    svg, version, networks = Svg(), get_version(config.version), build_shapes(config)
    svg.heading(version.name, f"{version.source}.")
    for model in (networks.generator, networks.discriminator):
        for section in sections(model):
            svg.heading(section.name.capitalize(), f"{section.parameters:,} parameters")
            _draw_section(svg, section)
    return svg.finish()


def _draw_section(svg: Svg, section: Section) -> None:
    lanes = lanes_of(section.blocks)
    left = MARGIN + _LANE * (max(lanes.values(), default=-1) + 1)
    left += 6 if lanes else 0  # for the heads of the arrows
    width = WIDTH - MARGIN - left - (_BRACKET if section.repeated else 0)
    tops, bottoms = [], []
    for number, block in enumerate(section.blocks):
        if number - 1 in block.sources:
            svg.arrow((left + width / 2, svg.y - _GAP), (left + width / 2, svg.y))
        tops.append(svg.y)
        kind = "strong" if block.parameters else "box"
        svg.y += svg.box(left, svg.y, width, _rows(block, width - 14), kind)
        bottoms.append(svg.y)
        svg.y += _GAP
    for target, block in enumerate(section.blocks):
        skipping = [source for source in block.sources if source < target - 1]
        for order, source in enumerate(skipping):
            x, start = MARGIN + _LANE * lanes[source], bottoms[source] - 4
            end = tops[target] + 7 + 7 * order
            svg.arrow((left, start), (x, start), (x, end), (left, end))
    for first, last, times in section.repeated:
        x = left + width + 7
        top, bottom = tops[first], bottoms[last]
        svg.arrow((x - 4, top), (x, top), (x, bottom), (x - 4, bottom), head=False)
        svg.text(x + 4, (top + bottom) / 2 + 4, f"× {times}", "bold")


def lanes_of(blocks: list[Block]) -> dict[int, int]:
    """Return the lane of each block whose output skips others; lines in a lane do not meet."""
    lanes: dict[int, int] = {}
    ends: dict[int, int] = {}  # of a lane, the last block that it leads to
    for number in range(len(blocks)):
        targets = [n for n, block in enumerate(blocks) if number in block.sources]
        if targets and max(targets) > number + 1:
            lane = next(lane for lane in range(len(blocks)) if ends.get(lane, -1) < number)
            lanes[number], ends[lane] = lane, max(targets)
    return lanes


def _rows(block: Block, width: float) -> list[tuple]:
    """Return the rows of a block's box: layer and shape, then further layers and parameters."""
    shape = " × ".join(map(str, block.shape))
    count = f"{block.parameters:,}" if block.parameters else ""
    if width_of(block.title, bold=True) + width_of(shape, bold=True) + LINE > width:
        rows = [(block.title, "", "bold"), ("", shape, "bold")]
    else:
        rows = [(block.title, shape, "bold")]
    texts = folded(", ".join(block.parts), width - width_of(count) - LINE)
    if texts != [""] or count:
        rows += [(texts[0], count, "quiet"), *((text, "", "quiet") for text in texts[1:])]
    return rows
