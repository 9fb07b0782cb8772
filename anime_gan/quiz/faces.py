"""The faces of a quiz: real and generated ones, brought to one size and one compression.

Nothing but the drawing may give a real face away. So `sheet` makes one image of all faces in a
random order: no face has a file size, a name or metadata of its own.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from anime_gan.config import Config, Data
from anime_gan.data import demo
from anime_gan.data.decode import image_size
from anime_gan.data.image_set import ImageSet, open_images
from anime_gan.data.pixels import to_image
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from anime_gan.files import readable
from anime_gan.generation.output import details
from anime_gan.generation.pretrained import name_of
from anime_gan.runs.checkpoint import newest_facts
from anime_gan.runs.folder import RunFolder

if TYPE_CHECKING:
    from anime_gan.generation.generator import Generator

LARGEST = 512  # pixels: browsers limit the image that all faces are in
QUALITY = 92  # of the JPEG
_BLOCK = 8  # pixels that a JPEG codes together: no face shares a block with another


@dataclass(frozen=True)
class Faces:
    """Faces of one origin.

    pixels: uint8 (N, H, W, C). about: what the key says of each, such as its file or its seed.
    """

    pixels: np.ndarray
    about: list[dict[str, Any]]


def images_path(images: str, resolution: int) -> str:
    """Return the path of the real images; "demo" names the built-in faces."""
    return str(demo.builtin_faces(resolution) / "*.png") if images == "demo" else images


def open_real(images: str, resolution: int, channels: int, data: Data) -> ImageSet:
    """Open the real images at the generator's size, as training does; data: cache and filter."""
    path = images_path(images, resolution)
    shape = resolution, channels, Path(data.cache)
    return open_images(path, *shape, resize=data.resize, cache_share=data.cache_share)


def real_faces(opened: ImageSet, path: str, count: int, random: np.random.Generator) -> Faces:
    """Return different real faces, chosen at random.

    An image that is smaller than the faces is left out, since blur would give it away.

    Raises:
        UserError: there are too few.
    """
    side, found, names, small = opened.images.shape[1], {}, [], 0
    with closing(open_source(path)) as source:
        places = {entry[0]: place for place, entry in enumerate(source.entries)}
        for index in random.permutation(len(opened.names)):
            name = opened.names[index]
            pixels = np.array(opened.images[int(index)])
            if pixels.tobytes() in found:
                continue
            if min(image_size(source.read(places[name]), name)) < side:
                small += 1
                continue
            found[pixels.tobytes()] = pixels
            names.append(readable(name))
            if len(found) == count:
                return Faces(np.stack([*found.values()]), [{"file": name} for name in names])
    smaller = f" ({small:,} others are smaller)" if small else ""
    raise UserError(
        f"{opened.source} has {len(found):,} different images of {side} pixels or more{smaller}, "
        f"but the quiz needs {count:,}; name more images, or take fewer faces."
    )


def generated_faces(
    generator: Generator, weights: Path, seeds: Sequence[int], psis: Sequence[float]
) -> Faces:
    """Return the faces of seeds, which take the truncations in turn."""
    pixels = np.zeros(
        (len(seeds), generator.resolution, generator.resolution, generator.channels), "uint8"
    )
    turns = [psis[place % len(psis)] for place in range(len(seeds))]
    for psi in set(turns):
        places = [place for place, turn in enumerate(turns) if turn == psi]
        pixels[places] = generator.images_from_seeds([seeds[place] for place in places], psi)
    about = [
        details(weights, [seed], psi=f"{psi:g}") for seed, psi in zip(seeds, turns, strict=True)
    ]
    return Faces(pixels, about)


def label(weights: Path) -> str:
    """Return what a generator is called: its run and step, or its file."""
    about = details(weights)
    if name := name_of(weights):
        return name
    step = "" if about["step"] is None else f", step {about['step']:,}"
    return f"{about['run']}{step}" if about["run"] else weights.name


def config_of(weights: Path) -> Config | None:
    """Return the config of the run that a weights file belongs to, None if there is none."""
    run = RunFolder.of_file(weights)
    with suppress(UserError):
        return run.config if run and run.config_file.is_file() else None
    return None


def is_trained_on(weights: Path, images: str, opened: ImageSet) -> bool:
    """Say whether a run's training images are these, by their path or their content."""
    config, run = config_of(weights), RunFolder.of_file(weights)
    if config is None or run is None:
        return False
    if "demo" in (images, config.data.images):
        is_same = images == config.data.images
    else:
        is_same = os.path.realpath(images) == os.path.realpath(config.data.images)
    return is_same or (newest_facts(run.weights) or {}).get("data_key") == opened.key


def common(groups: Sequence[Faces]) -> np.ndarray:
    """Return all faces, uint8 (N, S, S, C), at the smallest of their sizes, LARGEST at most."""
    side = min(LARGEST, *(faces.pixels.shape[1] for faces in groups))
    channels = max(faces.pixels.shape[3] for faces in groups)
    return np.stack([_fitted(face, side, channels) for faces in groups for face in faces.pixels])


def _fitted(face: np.ndarray, side: int, channels: int) -> np.ndarray:
    image = to_image(face)
    if image.height != side:
        image = image.resize((side, side), Image.Resampling.LANCZOS)
    pixels = np.asarray(image).reshape(side, side, -1)
    return np.broadcast_to(pixels, (side, side, channels))


def sheet(faces: np.ndarray) -> tuple[Image.Image, int, int]:
    """Return one image of all faces, row by row, its columns, and the pixels from face to face.

    It is to be saved as JPEG with QUALITY and without subsampling, which codes the blocks of each
    face by themselves.
    """
    count, side, _, channels = faces.shape
    step, columns = -(-side // _BLOCK) * _BLOCK, math.isqrt(count - 1) + 1
    more = step - side
    padded = np.pad(faces, ((0, 0), (0, more), (0, more), (0, 0)), "edge")
    cells = np.zeros((-(-count // columns) * columns, step, step, channels), "uint8")
    cells[:count] = padded
    rows = cells.reshape(-1, columns, step, step, channels).swapaxes(1, 2)
    return to_image(rows.reshape(-1, columns * step, channels)), columns, step
