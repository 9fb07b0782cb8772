"""Figures of many images: uncurated, truncated, mixed, and with different noise.

After Karras et al. 2018 (arXiv 1812.04948), figures 2, 3, 4, 5 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from anime_gan.data.pixels import montage, to_image
from anime_gan.errors import UserError
from anime_gan.generation.grid import repeated, resizer
from anime_gan.generation.latent_file import noise_seeds, w_of

if TYPE_CHECKING:
    from anime_gan.generation.generator import Generator

GAP, SMALLEST = 4, 128
# The w of 4x4 and 8x8 are coarse: pose, hair. Those from 64x64 on are fine: colors, lines.
LEVELS = {"coarse": slice(0, 4), "middle": slice(4, 8), "fine": slice(8, None)}
RANDOM_NOISES = 100


def figure(
    name: str,
    generator: Generator,
    seeds: Sequence[int | Path] = (),
    psis: Sequence[float] = (),
    noise: str = "const",
    size: int | None = None,
) -> Image.Image:
    """Return one of FIGURES, by default with its seeds and psis. Noise: as `Generator.images`.

    seeds: `mixing` also takes files of latents.
    size: height of the faces, of the largest ones in `uncurated`; None to enlarge small ones by a
        whole factor.

    UserError from `require_arguments`, or if the generator lacks styles or sizes.
    """
    require_arguments(name, seeds, psis, noise)
    draw, own_seeds, own_psis = FIGURES[name]
    if name not in ("uncurated", "truncation") and not generator.has_styles:
        raise UserError(
            f"the figure `{name}` is for versions with styles, stylegan and stylegan2; for others "
            "there are uncurated and truncation."
        )
    return draw(generator, seeds or own_seeds, psis or own_psis, noise, size)


def require_arguments(
    name: str, seeds: Sequence[int | Path], psis: Sequence[float], noise: str
) -> None:
    """Raise UserError for arguments that a figure does not take, whatever the generator."""
    if name == "uncurated" and len(seeds) > 1:
        raise UserError("the figure `uncurated` shows consecutive seeds; give only the first one.")
    if name == "mixing" and len(seeds) == 1:
        raise UserError("the figure `mixing` mixes images; give it at least two seeds.")
    files = [seed for seed in seeds if isinstance(seed, Path)]
    if files and name != "mixing":
        raise UserError(f"the figure `{name}` takes seeds only, and {files[0]} is a file.")
    if name != "truncation" and len(psis) > 1:
        raise UserError(f"the figure `{name}` takes one psi, not {len(psis)} values.")
    if name.startswith("noise") and noise != "const":
        raise UserError(f"the figure `{name}` compares the kinds of noise; leave noise out.")


def sheet(
    rows: list[list],
    top: Sequence[str] = (),
    left: Sequence[str] = (),
    size: int | None = None,
    upscaler: str = "lanczos",
) -> Image.Image:
    """Return images in rows as one, with labels above the columns and beside the rows.

    rows: of equal length, with uint8 images (H, W, C) of one shape, or None for an empty place.
    size: height of an image; None to enlarge small ones by a whole factor without smoothing.
    upscaler: what enlarges them to the size, as for `resizer`.
    """
    shape = next(image.shape for row in rows for image in row if image is not None)
    resize = resizer(size, upscaler) if size else repeated(max(1, SMALLEST // shape[0]))
    empty = np.full(shape, 255, "uint8")
    images = [resize(empty if image is None else image) for row in rows for image in row]
    grid = to_image(montage(np.stack(images), len(rows[0]), GAP, smallest=1))
    side = images[0].shape[0] + GAP
    font = ImageFont.load_default(max(16, side // 10))
    line = int(font.size * 1.5)
    x0 = max(int(font.getlength(label)) for label in left) + 2 * GAP if left else 0
    y0 = line if top else 0
    result = Image.new("RGB", (x0 + grid.width, y0 + grid.height), "white")
    result.paste(grid, (x0, y0))
    pen = ImageDraw.Draw(result)
    for number, label in enumerate(top):
        center = x0 + GAP + number * side + side // 2
        pen.text((center, y0 - line // 2), label, "black", font, anchor="mm")
    for number, label in enumerate(left):
        middle = y0 + GAP + number * side + side // 2
        pen.text((x0 - GAP, middle), label, "black", font, anchor="rm")
    return result


def uncurated(generator: Generator, seeds, psis, noise: str, size) -> Image.Image:
    """Return the images of successive seeds, in columns of smaller and smaller ones.

    Two columns of 256 pixels (or the images' size, if larger), one of half, two of a quarter.
    """
    own = generator.resolution
    large, rows = size or max(256, own), 3
    parts = (1, 1, 2, 4, 4)
    sides = [max(1, large // part) for part in parts]
    places = [(column, row) for column, part in enumerate(parts) for row in range(rows * part)]
    images = generator.images_from_seeds(range(seeds[0], seeds[0] + len(places)), psis[0], noise)
    result = Image.new("RGB", (sum(sides), rows * large), "white")
    for (column, row), image in zip(places, images, strict=True):
        s = sides[column]
        # Enlarged, an image keeps its pixels; reduced, they are averaged.
        method = Image.Resampling.NEAREST if s >= own else Image.Resampling.BOX
        method = Image.Resampling.LANCZOS if size else method
        resized = to_image(image).resize((s, s), method)
        result.paste(resized, (sum(sides[:column]), row * s))
    return result


def truncation(generator: Generator, seeds, psis, noise: str, size) -> Image.Image:
    """Return a row for each seed and a column for each psi."""
    columns = [generator.images_from_seeds(seeds, psi, noise) for psi in psis]
    return sheet(_rows(columns), [f"{psi:g}" for psi in psis], [str(seed) for seed in seeds], size)


def mixing(generator: Generator, seeds, psis, noise: str, size) -> Image.Image:
    """Return a grid of mixed styles.

    Columns are all seeds but the last two; rows are the last two, once for each of LEVELS. An image
    has its column's w in the layers of that level, and its row's w in all others.
    """
    w = w_of(generator, seeds, psis[0], generator.source)
    w = np.repeat(w[:, None], generator.layers, axis=1) if w.ndim == 2 else w
    above, beside = np.split(w, [max(1, len(seeds) - 2)])
    levels = {name: part for name, part in LEVELS.items() if part.start < generator.layers}
    every = [*above, *beside]
    for part, one, other in product(levels.values(), beside, above):
        every.append(one.copy())
        every[-1][part] = other[part]
    images = iter(generator.images(np.stack(every), noise, noise_seeds(seeds[:1]) * len(every)))
    top = [next(images) for _ in above]
    sources = [next(images) for _ in beside]
    rows = [[None, *top]]
    rows += [[source, *(next(images) for _ in above)] for _ in levels for source in sources]
    return sheet(rows, left=["", *(name for name in levels for _ in beside)], size=size)


def noise_detail(generator: Generator, seeds, psis, noise: str, size) -> Image.Image:
    """Return for each seed its image, a part of it with four random noises, and the deviation.

    The part is the middle of the upper left quarter, hair mostly, four times as large. The last
    column is the brightness's standard deviation over 100 noises; white is the largest of all.
    """
    own = generator.resolution
    part = slice(own // 8, own * 3 // 8)
    times = own // (part.stop - part.start)
    w = generator.w(seeds, psis[0])
    rows, deviations = [], []
    for image, one in zip(generator.images(w), w, strict=True):
        same = np.repeat(one[None], RANDOM_NOISES, 0)
        images = generator.images(same, "random", range(RANDOM_NOISES))
        rows.append([image, *images[:4, part, part].repeat(times, 1).repeat(times, 2)])
        deviations.append(images.mean(axis=3).std(axis=0))
    most = max(np.max(deviations), 1e-6)
    for row, deviation in zip(rows, deviations, strict=True):
        gray = np.uint8(np.rint(255 * deviation / most))[..., None]
        row.append(np.broadcast_to(gray, row[0].shape))
    top = ["face", *(f"noise {n}" for n in range(4)), f"deviation, to {most:.1f}"]
    return sheet(rows, top, [str(seed) for seed in seeds], size)


def noise_components(generator: Generator, seeds, psis, noise: str, size) -> Image.Image:
    """Return each seed's image with noise in all layers, none, the fine ones, the coarse ones.

    The coarse layers are those of the first half of the sizes.
    """
    if generator.layers < 4:
        raise UserError(
            "the figure `noise-components` needs noise at several sizes, but this generator has "
            "only 4x4; use weights of a later growing stage."
        )
    w = generator.w(seeds, psis[0])
    sizes = [2 ** (2 + n) for n in range(generator.layers // 2)]
    coarse, fine = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
    columns = {
        "all": generator.images(w),
        "none": generator.images(w, "none"),
        f"from {fine[0]}": generator.images(w, noise_sizes=fine),
        f"to {coarse[-1]}": generator.images(w, noise_sizes=coarse),
    }
    return sheet(_rows(columns.values()), list(columns), [str(seed) for seed in seeds], size)


def _rows(columns) -> list[list]:
    return [list(row) for row in zip(*columns, strict=True)]


# Name: the function, and its seeds and psis where none are given. Those of truncation are from the
# Bath thesis.
FIGURES = {
    "uncurated": (uncurated, range(1), [1.0]),
    "truncation": (truncation, range(6), [1.2, 1.0, 0.7, 0.5, 0.0, -0.5, -1.0]),
    "mixing": (mixing, range(8), [1.0]),
    "noise-detail": (noise_detail, range(4), [1.0]),
    "noise-components": (noise_components, range(4), [1.0]),
}
