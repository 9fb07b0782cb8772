"""Films: their frames, and GIF or MP4 files of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from anime_gan.data.decode import reason
from anime_gan.errors import UserError
from anime_gan.files import whole_file
from anime_gan.generation.grid import repeated, resizer
from anime_gan.generation.output import require_side

if TYPE_CHECKING:
    from anime_gan.runs.folder import RunFolder

FPS = 24.0
SHORTEST, LONGEST = 6.5, 11.0  # seconds of a film whose speed is not given; a GIF rounds them
EACH = 0.25  # seconds that such a film shows a grid, if its length allows it
_SLOWEST = 12  # frames per second of an MP4: players stop at fewer


def write(out: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    """Write frames, uint8 (H, W, 3) of one even size, as an endless GIF or as an MP4, by suffix.

    UserError if the format has no frames of their size.

    A GIF's frames last whole hundredths of a second, so its speed is the nearest possible. In a
    slow MP4 each frame is written several times.
    """
    import imageio.v2 as imageio  # not for argument errors, which come before any film

    require_speed(out, fps)
    first = next(frames := iter(frames))
    require_side(out, first.shape[1], first.shape[0])
    with whole_file(out) as temporary:
        options, times = {"duration": 1000 / fps, "loop": 0}, 1
        if out.suffix.lower() == ".mp4":
            times = max(1, math.ceil(_SLOWEST / fps))
            # Without macro_block_size, imageio rounds sizes to multiples of 16.
            options = {"fps": fps * times, "codec": "libx264", "macro_block_size": 2}
        with imageio.get_writer(temporary, **options) as film:
            for frame in chain([first], frames):
                for _ in range(times):
                    film.append_data(frame)


def pace(count: int, fps: float | None = None) -> tuple[list[int], float]:
    """Return which of `count` frames a film shows, in order, and its frames per second.

    At a given speed it shows all. Else it takes SHORTEST to LONGEST seconds, and of too many frames
    it leaves some out evenly. The last one is shown for about a second more.
    """
    seconds = min(max(count * EACH, SHORTEST), LONGEST - 1)
    shown = [*range(count)]
    if fps is None:
        most = round(seconds * FPS)
        if count > most:
            shown = [round(number * (count - 1) / (most - 1)) for number in range(most)]
        fps = len(shown) / seconds
    return shown + [count - 1] * max(1, round(fps)), fps


def walk_frames(seeds: int, frames: int, fps: float = FPS) -> int:
    """Return the frames from seed to seed, `frames` if that makes a film of a good length.

    It takes SHORTEST to LONGEST seconds.
    """
    least, most = math.ceil(SHORTEST * fps / seeds), int(LONGEST * fps / seeds)
    return max(2, min(max(frames, least), most))


def require_speed(out: Path, fps: float) -> None:
    """Raise UserError for a GIF of over 50 frames a second, which viewers slow down to 10."""
    if out.suffix.lower() == ".gif" and fps > 50:
        raise UserError(f"a GIF has at most 50 frames a second, not {fps:g}; write an MP4.")


def frames_of_images(
    images: np.ndarray, size: int | None, upscaler: str = "lanczos"
) -> Iterable[np.ndarray]:
    """Yield each of uint8 images (N, H, W, 3 or 1) as a square frame.

    size: pixels of a side, rounded to an even number; None for at least 256, by a whole factor
        without smoothing where that fits. upscaler: as for `resizer`.
    """
    own = images.shape[1]
    side = _even(size or max(256, own))
    whole = size is None and side % own == 0
    resize = repeated(side // own) if whole else resizer(side, upscaler)
    for pixels in images:
        yield np.broadcast_to(resize(pixels), (side, side, 3))


def frames_of_grids(
    grids: Iterable[np.ndarray], columns: int, size: int | None, upscaler: str = "lanczos"
) -> Iterable[np.ndarray]:
    """Yield each of several sets of images, uint8 (N, H, W, C), as a frame of rows of `columns`.

    size, upscaler: of each image, as for `frames_of_images`.
    """
    for images in grids:
        tiles = [*frames_of_images(images, size, upscaler)]
        tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
        rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
        yield np.concatenate([np.concatenate(row, axis=1) for row in rows])


def frames_beside(target: np.ndarray, images: np.ndarray, size: int | None) -> Iterable[np.ndarray]:
    """Yield each image on the right of one target."""
    left = next(iter(frames_of_images(target[None], size)))
    for right in frames_of_images(images, size):
        yield np.concatenate([left, right], axis=1)


def grids_of_training(runs: Sequence[RunFolder]) -> list[tuple[int, Path]]:
    """Return the grids of a training with their steps, in order.

    Each run continues the one before it, whose later grids are left out.
    Raises UserError where there are not two grids.
    """
    grids: dict[int, Path] = {}
    for run in runs:
        found = run.grids()
        if not found:
            raise UserError(
                f"{run.images} holds no grids to make a film of; name a run that has grids, or "
                "several such runs with commas between them."
            )
        grids = {step: path for step, path in grids.items() if step < min(found)} | found
    if len(grids) < 2:
        raise UserError(
            f"{runs[-1].images} holds just one grid, but a film needs two; train the run further, "
            "or set schedule.sample_every lower."
        )
    return sorted(grids.items())


def frames_of_training(grids: Sequence[tuple[int, Path]], size: int | None) -> Iterable[np.ndarray]:
    """Yield grids, each with its step in the corner; UserError if one is damaged.

    size: the frames' height; None for the first grid's.
    """
    shape, last = None, None
    for step, path in grids:
        if path != last:  # which is shown several times
            image = _open(path)
            if shape is None:
                scale = size / image.height if size else 1
                shape = tuple(_even(scale * side) for side in image.size)
            frame = _captioned(image.resize(shape, Image.Resampling.LANCZOS), f"step {step:,}")
            last = path
        yield frame


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except Exception as error:  # decoders raise anything on malformed data
        raise UserError(
            f"the grid {path} can't be read ({reason(error)}); remove it to make the film without "
            "it."
        ) from None


def _even(side: float) -> int:
    """Return the nearest even number of pixels: an MP4 stores color in blocks of 2x2."""
    return 2 * max(1, round(side / 2))


def _captioned(image: Image.Image, text: str) -> np.ndarray:
    """Return an image as uint8 (H, W, 3) with text on white in its lower right corner."""
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, image.height // 28))
    corner = image.width - 4, image.height - 4
    left, top, right, bottom = pen.textbbox(corner, text, font, anchor="rb")
    pen.rectangle((left - 4, top - 4, right + 4, bottom + 4), "white")
    pen.text(corner, text, "black", font, anchor="rb")
    return np.asarray(image)
