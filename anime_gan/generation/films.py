"""Films: their frames, and GIF or MP4 files of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from anime_gan.data.decode import reason
from anime_gan.errors import UserError
from anime_gan.files import whole_file

if TYPE_CHECKING:
    from anime_gan.runs.folder import RunFolder

LAST = 24  # times that the last frame is shown: one second at 24 per second


def write(out: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    """Write frames, uint8 (H, W, 3) of one even size, as an endless GIF or as an MP4, by suffix.

    A GIF's frames last whole hundredths of a second, so its speed is the nearest possible.
    """
    import imageio.v2 as imageio  # not for argument errors, which come before any film

    require_speed(out, fps)
    with whole_file(out) as temporary:
        options = {"duration": 1000 / fps, "loop": 0}
        if out.suffix == ".mp4":
            # Without macro_block_size, imageio rounds sizes to multiples of 16.
            options = {"fps": fps, "codec": "libx264", "macro_block_size": 2}
        with imageio.get_writer(temporary, **options) as film:
            for frame in frames:
                film.append_data(frame)


def require_speed(out: Path, fps: float) -> None:
    """Raise UserError for a GIF of over 50 frames a second, which viewers slow down to 10."""
    if out.suffix == ".gif" and fps > 50:
        raise UserError(f"a GIF has at most 50 frames a second, not {fps:g}; write an MP4.")


def frames_of_images(images: np.ndarray, size: int | None) -> Iterable[np.ndarray]:
    """Yield each of uint8 images (N, H, W, 3 or 1) as a square frame.

    size: pixels of a side, rounded to an even number; None for 256 or the images' own size.
    """
    side = _even(size or max(256, images.shape[1]))
    for pixels in images:
        image = Image.fromarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
        whole = side % image.height == 0
        method = Image.Resampling.NEAREST if whole else Image.Resampling.LANCZOS
        yield np.asarray(image.resize((side, side), method))


def frames_beside(target: np.ndarray, images: np.ndarray, size: int | None) -> Iterable[np.ndarray]:
    """Yield each image on the right of one target; the last one is repeated LAST times."""
    left = next(iter(frames_of_images(target[None], size)))
    for right in frames_of_images(np.concatenate([images, images[-1:].repeat(LAST, 0)]), size):
        yield np.concatenate([left, right], axis=1)


def frames_of_training(runs: Sequence[RunFolder], size: int | None) -> Iterable[np.ndarray]:
    """Yield the grids of a training by step, with the step in the corner; the last one LAST times.

    Each run continues the one before it, whose later grids are left out.
    size: the frames' height; None for the first grid's. Raises UserError where there are not two
    grids, or one is damaged.
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
    shape = None
    for step in sorted(grids):
        image = _open(grids[step])
        if shape is None:
            scale = size / image.height if size else 1
            shape = tuple(_even(scale * side) for side in image.size)
        frame = _captioned(image.resize(shape, Image.Resampling.LANCZOS), f"step {step:,}")
        yield frame
    yield from [frame] * (LAST - 1)


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
