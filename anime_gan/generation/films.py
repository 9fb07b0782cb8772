"""Films: from face to face, and of a whole training."""

import re
from collections.abc import Iterable
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from anime_gan.data.decode import reason
from anime_gan.errors import UserError
from anime_gan.files import whole_file


def walk(codes: np.ndarray, frames: int, arc: bool) -> np.ndarray:
    """Return the codes (N * frames, D) of a way through codes (N, D) and back to the first.

    Each leg begins and ends slowly, and its end is the next one's beginning, so that the film loops
    without a stop. arc: on the sphere, which is for latents: normal ones lie near it, and a chord's
    middle the generator never saw (White 2016, arXiv 1609.04468); styles are walked on the chord.
    """
    share = (1 - np.cos(np.pi * np.arange(frames) / frames))[:, None] / 2
    legs = zip(codes, np.roll(codes, -1, axis=0), strict=True)
    between = _arc if arc else lambda a, b, share: a + share * (b - a)
    return np.concatenate([between(a, b, share) for a, b in legs]).astype("float32")


def _arc(a, b, share):
    a, b = a.astype("float64"), b.astype("float64")
    cosine = np.dot(a, b) / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-6:
        return a + share * (b - a)
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


def write(out: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    """Write frames, uint8 (H, W, 3) of one even size, as an endless GIF or by its suffix an MP4.

    A GIF's frames last whole hundredths of a second, so its speed is the nearest there is. Raises
    UserError where it would be over 50 frames a second, which viewers slow down to 10.
    """
    if out.suffix == ".gif" and fps > 50:
        raise UserError(f"--fps is {fps:g}, but a GIF shows 50 frames a second at most; take MP4.")
    with whole_file(out) as temporary:
        options = {"duration": 1000 / fps, "loop": 0}
        if out.suffix == ".mp4":
            # Sizes need not be multiples of 16, as imageio would have them.
            options = {"fps": fps, "codec": "libx264", "macro_block_size": 2}
        with imageio.get_writer(temporary, **options) as film:
            for frame in frames:
                film.append_data(frame)


def of_faces(faces: np.ndarray, size: int | None) -> Iterable[np.ndarray]:
    """Yield uint8 faces (N, H, W, 3 or 1) as frames of a size; None for 256 pixels or their own."""
    side = _even(size or max(256, faces.shape[1]))
    for face in faces:
        image = Image.fromarray(np.broadcast_to(face, (*face.shape[:2], 3)))
        method = Image.Resampling.NEAREST if side % face.shape[0] == 0 else Image.Resampling.LANCZOS
        yield np.asarray(image.resize((side, side), method))


def of_pairs(target: np.ndarray, faces: np.ndarray, size: int | None) -> Iterable[np.ndarray]:
    """Yield each of the faces beside one target, for a second the last."""
    still = next(iter(of_faces(target[None], size)))
    for face in of_faces(np.concatenate([faces, faces[-1:].repeat(24, 0)]), size):
        yield np.concatenate([still, face], axis=1)


def of_training(folders: list[Path], size: int | None) -> Iterable[np.ndarray]:
    """Yield all grids of runs, in the order of their steps, with the step in the corner.

    folders: of runs of which each went on where the one before stopped: what that one still has of
    later steps is left out. size: the frames' height, None for the first grid's. The last frame
    stays for a second. Raises UserError where there are not two grids, or one is damaged.
    """
    grids = {}
    for folder in folders:
        steps = {_step(path): path for path in folder.glob("gan_*.png")}
        found = {step: path for step, path in steps.items() if step is not None}
        if not found:
            raise UserError(
                f"{folder} holds no grids to make a film of; name a run that has such, or several, "
                "as in python sample.py v4,v5 --film."
            )
        grids = {step: path for step, path in grids.items() if step < min(found)} | found
    if len(grids) < 2:
        raise UserError(
            f"{folders[-1]} holds just one grid, but a film needs two; let the run go on, or set "
            "schedule.sample_every lower."
        )
    shape, last = None, max(grids)
    for step in sorted(grids):
        frame = _opened(grids[step])
        if shape is None:
            scale = size / frame.height if size else 1
            shape = tuple(_even(scale * side) for side in frame.size)
        frame = _captioned(frame.resize(shape, Image.Resampling.LANCZOS), f"step {step:,}")
        for _ in range(24 if step == last else 1):
            yield frame


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except Exception as error:  # on malformed data, decoders raise all there is
        raise UserError(
            f"the grid {path} can't be read ({reason(error)}); take it away, and the film goes on "
            "without it."
        ) from None


def _even(side: float) -> int:
    """Return an even number of pixels: MP4's colours are of 2x2."""
    return 2 * max(1, round(side / 2))


def _step(path: Path) -> int | None:
    match = re.fullmatch(r"gan_(\d+)\.png", path.name)
    return int(match[1]) if match else None


def _captioned(image: Image.Image, words: str) -> np.ndarray:
    """Return an image as uint8 (H, W, 3) with words on white in its lower right corner."""
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, image.height // 28))
    corner = image.width - 4, image.height - 4
    left, top, right, bottom = pen.textbbox(corner, words, font, anchor="rb")
    pen.rectangle((left - 4, top - 4, right + 4, bottom + 4), "white")
    pen.text(corner, words, "black", font, anchor="rb")
    return np.asarray(image)
