"""Figures of many faces: uncurated, truncated, mixed, and what noise does to them.

After Karras et al. 2018 (arXiv 1812.04948), figures 2, 3, 4, 5 and 8. Each is a function of a
Drawer, seeds, psis (one, but any number for truncation) and one of NOISE that returns a Pillow
image; FIGURES has them by name. The first two are for every version, the others need styles.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from anime_gan.errors import UserError
from anime_gan.generation.generator import Drawer

GAP, SMALLEST = 4, 128
PSIS = (1.2, 1.0, 0.7, 0.5, 0.0, -0.5, -1.0)  # the thesis's
# The styles of 4x4 and 8x8 are coarse: pose, hair. Those from 64x64 on are fine: colours, lines.
LEVELS = {"coarse": slice(0, 4), "middle": slice(4, 8), "fine": slice(8, None)}
DRAWN_ANEW = 100


def sheet(rows: list[list], top=(), left=()) -> Image.Image:
    """Return pictures in rows as one image, with words above the columns and beside the rows.

    rows: uint8 pictures (H, W, C), all of one shape, None for an empty place. Small ones are
    enlarged by a whole factor without smoothing.
    """
    shape = next(picture.shape for row in rows for picture in row if picture is not None)
    factor = max(1, SMALLEST // shape[0])
    side = shape[0] * factor + GAP
    font = ImageFont.load_default(max(16, side // 10))
    line = int(font.size * 1.5)
    x0 = GAP + (max(int(font.getlength(word)) for word in left) + 2 * GAP if left else 0)
    y0 = GAP + (line if top else 0)
    size = (x0 + side * max(map(len, rows)), y0 + side * len(rows))
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for number, word in enumerate(top):
        centre = x0 + number * side + side // 2
        pen.text((centre, y0 - GAP - line // 2), word, "black", font, anchor="mm")
    for number, word in enumerate(left):
        pen.text((x0 - 2 * GAP, y0 + number * side + side // 2), word, "black", font, anchor="rm")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            if picture is not None:
                image.paste(enlarged(picture, factor), (x0 + x * side, y0 + y * side))
    return image


def enlarged(picture: np.ndarray, factor: int) -> Image.Image:
    """Return a uint8 picture (H, W, 3 or 1) as an RGB image, every pixel factor x factor large."""
    rgb = np.broadcast_to(picture, (*picture.shape[:2], 3))
    return Image.fromarray(rgb.repeat(factor, 0).repeat(factor, 1))


def uncurated(drawer: Drawer, seeds, psis, noise: str) -> Image.Image:
    """Return the faces of successive seeds, none left out, in columns of ever smaller ones.

    Two columns of large ones, of 256 pixels or the faces' own size, then halves, quarters twice.
    """
    large = max(256, drawer.shape[0])
    sides = [large // part for part in (1, 1, 2, 4, 4)]
    rows = 3
    places = [(column, row) for column, s in enumerate(sides) for row in range(rows * large // s)]
    seeds = range(seeds[0], seeds[0] + len(places))
    faces = drawer.faces(seeds, psis[0], noise)
    image = Image.new("RGB", (sum(sides), rows * large), "white")
    for (column, row), face in zip(places, faces, strict=True):
        s = sides[column]
        # Larger than it is, a face keeps its pixels; smaller, they are averaged.
        method = Image.Resampling.NEAREST if s >= drawer.shape[0] else Image.Resampling.BOX
        image.paste(enlarged(face, 1).resize((s, s), method), (sum(sides[:column]), row * s))
    return image


def truncation(drawer: Drawer, seeds, psis, noise: str) -> Image.Image:
    """Return rows of seeds and columns of psis."""
    psis = psis or PSIS
    columns = [drawer.faces(seeds, psi, noise) for psi in psis]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return sheet(rows, [f"{psi:g}" for psi in psis], [str(seed) for seed in seeds])


def mixing(drawer: Drawer, seeds, psis, noise: str) -> Image.Image:
    """Return faces that have some styles of the face above them, and the others of that beside.

    The last two seeds stand beside, with a row for each of LEVELS, whose styles come from above;
    all others stand above.
    """
    _require_styles(drawer, "mixing")
    if len(seeds) < 2:
        raise UserError("--figure mixing mixes faces; give it at least two with --seeds.")
    codes = drawer.codes(seeds, psis[0])
    styles = np.repeat(codes[:, None], drawer.layers, axis=1)
    above, beside = np.split(styles, [max(1, len(seeds) - 2)])
    levels = {name: part for name, part in LEVELS.items() if part.start < drawer.layers}
    mixed = [
        [_mixed(one, other, part) for other in above] for part in levels.values() for one in beside
    ]
    everything = np.stack([*above, *beside, *(styles for row in mixed for styles in row)])
    drawn = iter(drawer.images(everything, noise, [seeds[0]] * len(everything)))
    top = [next(drawn) for _ in above]
    sources = [next(drawn) for _ in beside]
    rows = [[None, *top]]
    rows += [[source, *(next(drawn) for _ in above)] for _ in levels for source in sources]
    return sheet(rows, left=["", *(name for name in levels for _ in beside)])


def _mixed(one, other, part: slice):
    """Return styles (layers, dim) of `one`, but those of some layers of `other`."""
    result = one.copy()
    result[part] = other[part]
    return result


def noise_detail(drawer: Drawer, seeds, psis, noise: str) -> Image.Image:
    """Return for each seed its face, a part of it four times with other noise, and the deviation.

    The part is the upper left quarter's middle, hair mostly, four times as large; the deviation of
    brightness over 100 draws is shown so that the largest of all is white.
    """
    _require_styles(drawer, "noise-detail")
    codes = drawer.codes(seeds, psis[0])
    size, part = drawer.shape[0], slice(drawer.shape[0] // 8, drawer.shape[0] * 3 // 8)
    rows, spreads = [], []
    for face, code in zip(drawer.images(codes), codes, strict=True):
        drawn = drawer.images(np.repeat(code[None], DRAWN_ANEW, 0), "fresh", range(DRAWN_ANEW))
        times = size // (part.stop - part.start)
        rows.append([face, *drawn[:4, part, part].repeat(times, 1).repeat(times, 2)])
        spreads.append(drawn.mean(axis=3).std(axis=0))
    most = max(np.max(spreads), 1e-6)
    for row, spread in zip(rows, spreads, strict=True):
        white = np.uint8(np.rint(255 * spread / most))[..., None]
        row.append(np.broadcast_to(white, row[0].shape))
    top = ["face", *(f"noise {n}" for n in range(4)), f"deviation, to {most:.1f}"]
    return sheet(rows, top, [str(seed) for seed in seeds])


def noise_components(drawer: Drawer, seeds, psis, noise: str) -> Image.Image:
    """Return for each seed its face with noise in all layers, in none, in the fine, in the coarse.

    The coarse ones are the first half of the sizes; there must be two at least.
    """
    _require_styles(drawer, "noise-components")
    if drawer.layers < 4:
        raise UserError(
            "--figure noise-components compares sizes, but this generator has 4x4 alone; take one "
            "that grew further."
        )
    codes = drawer.codes(seeds, psis[0])
    sizes = [2 ** (2 + n) for n in range(drawer.layers // 2)]
    coarse, fine = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
    columns = {
        "all": drawer.images(codes),
        "none": drawer.images(codes, "off"),
        f"from {fine[0]}": drawer.images(codes, noisy=fine),
        f"to {coarse[-1]}": drawer.images(codes, noisy=coarse),
    }
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return sheet(rows, list(columns), [str(seed) for seed in seeds])


def _require_styles(drawer: Drawer, name: str) -> None:
    if not drawer.styled:
        raise UserError(
            f"--figure {name} is for versions with styles: stylegan, stylegan2; for others there "
            "are uncurated and truncation."
        )


# Name, function, seeds where none are given.
FIGURES = {
    "uncurated": (uncurated, range(1)),
    "truncation": (truncation, range(6)),
    "mixing": (mixing, range(8)),
    "noise-detail": (noise_detail, range(4)),
    "noise-components": (noise_components, range(4)),
}
