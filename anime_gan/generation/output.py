"""Files of generated images: names that are free, and what an image says about itself."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from anime_gan.data.png import SOFTWARE, texts
from anime_gan.errors import UserError
from anime_gan.files import whole_file

IMAGE = (".png", ".jpg", ".jpeg", ".webp")  # the endings of files that save_image writes
QUALITY = 95  # of JPEG and WebP files
# Pixels; a PNG has no such limit. ffmpeg writes no larger MP4, and says so only in its log.
LONGEST_SIDE = {".jpg": 65_500, ".jpeg": 65_500, ".webp": 16_383, ".gif": 65_535, ".mp4": 16_384}
_EXIF_DESCRIPTION, _EXIF_SOFTWARE = 0x010E, 0x0131
# New seeds have five digits at most, and are not those of the grids of a training.
_FIRST_NEW, _LAST_NEW = 1_000, 100_000


def new_seeds(count: int) -> range:
    """Return successive seeds, other ones in each call."""
    start = _FIRST_NEW + secrets.randbelow(max(1, _LAST_NEW - _FIRST_NEW - count))
    return range(start, start + count)


def parse_faces(text: str) -> list[int | Path]:
    """Return "1,5-7,face.npz" as [1, 5, 6, 7, Path("face.npz")]."""
    parts = [part.strip() for part in text.split(",")]
    is_file = [part.lower().endswith(".npz") for part in parts]
    if not any(is_file):
        return parse_seeds(text)
    faces: list[int | Path] = []
    for part, path in zip(parts, is_file, strict=True):
        faces += [Path(part)] if path else parse_seeds(part)
    return faces


def parse_seeds(text: str) -> list[int]:
    """Return "1,5,100-102" as [1, 5, 100, 101, 102]."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or int(match[2] or match[1]) - int(match[1]) not in range(1_000_000):
            example = "1,5,100-109 (at most a million)"
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of seeds such as {example}")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return seeds


def seed_text(seeds: Sequence[int | Path]) -> str:
    """Return seeds as a list that the command line takes, such as "1,5,100-109,face.npz"."""
    parts: list[list[int | Path]] = []
    for seed in seeds:
        last = parts[-1][1] if parts else None
        if isinstance(seed, int) and isinstance(last, int) and seed == last + 1:
            parts[-1][1] = seed
        else:
            parts.append([seed, seed])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)


def free_path(path: Path, *others: str) -> Path:
    """Return a path, with the next free number in its name if it exists: grid_002.png.

    others: further suffixes of which files of that name are written, such as ".mp4".
    """
    number, free = 1, path
    while any(p.exists() for p in (free, *(free.with_suffix(suffix) for suffix in others))):
        number += 1
        free = path.with_name(f"{path.stem}_{number:03}{path.suffix}")
    return free


def details(weights: Path, seeds: Sequence[int] = (), **more) -> dict[str, Any]:
    """Return what a file of images says about itself: the weights, their run, the seeds."""
    # Not at the top, since they import much that a wrong argument does not need.
    from anime_gan.generation.load import step_of
    from anime_gan.runs.folder import RunFolder

    run = RunFolder.of_file(weights)
    version = _version_of(run.config_file.resolve()) if run else None
    found = {"run": run and run.name, "version": version, "step": step_of(weights)}
    found["weights"] = weights.name
    if seeds:
        found["seed" if len(seeds) == 1 else "seeds"] = seed_text(seeds)
    return found | more


@cache
def _version_of(config_file: Path) -> str | None:
    """Return the version of a run's networks, None if its config is missing or unreadable."""
    from anime_gan.config import read_yaml

    with suppress(UserError):
        version = read_yaml(config_file).get("version")
        return version if isinstance(version, str) else None
    return None


def as_seen(path: Path, here: Path) -> str:
    """Return how a path from the current folder is called in the folder `here`."""
    home = Path.cwd()
    return str(path) if home == here else os.path.relpath(home / path, here)


def save_image(path: Path, image: Image.Image, details: Mapping[str, Any]) -> None:
    """Write an image whole or not at all, as PNG, JPEG or WebP by its suffix.

    details: what the file says about itself: text chunks of a PNG, the EXIF description of others.

    UserError if the image is larger than the format allows, or the system refuses to write.
    """
    require_side(path, *image.size)
    with whole_file(path) as temporary:
        _write(temporary, image, details)


def require_side(path: Path, width: int, height: int) -> None:
    """Raise UserError if a format, by the suffix of the path, has no images of this size."""
    longest = LONGEST_SIDE.get(path.suffix.lower())
    if longest and max(width, height) > longest:
        instead = ", or write a .png file" if path.suffix.lower() in IMAGE else ""
        raise UserError(
            f"{path} would be {width}x{height} pixels, but a {path.suffix} file has {longest} a "
            f"side at most; take fewer or smaller images{instead}."
        )


def stem_of(weights: Path) -> str:
    """Return the name of a weights file without its ending: generator_500 of .keras, .weights.h5.

    What is made of the file is named after it.
    """
    return weights.name.removesuffix(".weights.h5").removesuffix(".keras")


def save_small(path: Path, image: Image.Image, details: Mapping[str, Any]) -> None:
    """Write one of many images whole or not at all, without waiting for the disk."""
    with whole_file(path, durable=False) as temporary:
        _write(temporary, image, details)


def _write(path: Path, image: Image.Image, details: Mapping[str, Any]) -> None:
    if path.suffix.lower() == ".png":
        image.save(path, pnginfo=texts(details))
        return
    known = {key: str(value) for key, value in details.items() if value is not None}
    exif = Image.Exif()
    exif[_EXIF_DESCRIPTION] = json.dumps(known)
    exif[_EXIF_SOFTWARE] = SOFTWARE
    image.save(path, quality=QUALITY, exif=exif)
