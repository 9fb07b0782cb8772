"""An image of all directions of a generator."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from anime_gan.directions.direction import Direction
from anime_gan.directions.edit import moved
from anime_gan.generation.figures import sheet
from anime_gan.generation.generator import Generator

STOPS = (-3, -1.5, 0, 1.5, 3)  # standard deviations


def overview(
    generator: Generator, directions: Sequence[Direction], seeds: Sequence[int], size: int | None
) -> Image.Image:
    """Return a row for each direction, with each seed's face from -3 to 3.

    size: height of a face; None to enlarge small ones by a whole factor.
    """
    w = generator.w(seeds)
    rows = []
    for direction in directions:
        columns = [generator.images(moved(w, [(direction, x)], generator.layers)) for x in STOPS]
        rows.append([column[face] for face in range(len(seeds)) for column in columns])
    top = [f"{x:+g}" if x else f"seed {seed}" for seed in seeds for x in STOPS]
    return sheet(rows, top, [x.label for x in directions], size)
