"""`sample.py edit`."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from anime_gan.directions.direction import Direction, load_directions
from anime_gan.directions.edit import moved, step_text
from anime_gan.errors import UserError
from anime_gan.generation import films
from anime_gan.generation.figures import sheet
from anime_gan.generation.grid import columns_for, require_canvas
from anime_gan.generation.labels import has_several, label_text
from anime_gan.generation.latent_file import noise_seeds, w_of
from anime_gan.generation.output import IMAGE, details, new_seeds, save_image
from anime_gan.generation.pretrained import name_of
from anime_gan.sampling.options import FRAMES
from anime_gan.sampling.source import open_generator, written

STOPS = (-3, -2, -1, 0, 1, 2, 3)  # standard deviations in a strip
SUFFIXES = (*IMAGE, ".gif", ".mp4")
OPTIONS = (
    "source --seeds --label --set --strip --psi --noise --size --scale --upscaler --frames --fps"
)


def check(arguments: argparse.Namespace) -> None:
    """Join the steps of all --set; UserError where no direction is named, or one twice."""
    joined: dict[str, float] = {}
    for steps in arguments.set:
        if joined.keys() & steps:
            raise UserError(f"--set names {min(joined.keys() & steps)} twice; name it once.")
        joined |= steps
    arguments.set = joined
    if not arguments.set and not arguments.strip:
        raise UserError(
            "the command `edit` needs a direction: --set hair=+2,pose=-1, or --strip hair."
        )
    if has_several(arguments.label):
        raise UserError("`edit` takes one --label without *; `grid` shows several.")
    is_film = bool(arguments.out) and arguments.out.suffix.lower() in (".gif", ".mp4")
    if (arguments.fps or arguments.frames) and not is_film:
        raise UserError("--fps and --frames are for films; name one, such as --out edit.mp4.")


def check_weights(arguments: argparse.Namespace) -> None:
    """Take the directions of the weights; UserError if they were not found, or have other names."""
    found = load_directions(arguments.weights)
    if not found:
        source = name_of(arguments.weights) or arguments.source
        raise UserError(
            f"the directions of {arguments.weights} are not known yet; run python directions.py"
            f"{f' {source}' if source else ''}."
        )
    arguments.steps = [(found.called(name), far) for name, far in arguments.set.items()]
    arguments.along = found.called(arguments.strip) if arguments.strip else None


def run(arguments: argparse.Namespace) -> str:
    """Faces before and after steps along directions, a strip of each, or a film between them."""
    generator, out = open_generator(arguments, "edit")
    seeds, psi = arguments.seeds or new_seeds(4), (arguments.psi or [1.0])[0]
    labels, noise = arguments.label or [{}], noise_seeds(seeds)
    w = w_of(generator, seeds, psi, arguments.weights, labels)

    def images(steps: list[tuple[Direction, float]]) -> np.ndarray:
        return generator.images(moved(w, steps, generator.layers), arguments.noise, noise)

    if out.suffix.lower() in (".gif", ".mp4"):
        fps = arguments.fps or films.FPS
        frames = arguments.frames or films.walk_frames(2, FRAMES, fps)
        sets = (images(_steps(arguments, share)) for share in _there_and_back(frames))
        columns = columns_for(len(seeds))
        films.write(
            out, films.frames_of_grids(sets, columns, arguments.size, arguments.upscaler), fps
        )
        return written(arguments, [out], seeds)
    shares = [(stop + 3) / 6 for stop in STOPS] if arguments.along else [0, 1]
    top = [f"{stop:+d}" if stop else "0" for stop in STOPS] if arguments.along else []
    require_canvas(len(shares), len(seeds), arguments.size or generator.resolution, out.suffix)
    columns = [images(_steps(arguments, share)) for share in shares]
    rows = [list(row) for row in zip(*columns, strict=True)]
    left = [seed.stem if isinstance(seed, Path) else str(seed) for seed in seeds]
    image = sheet(rows, top, left, arguments.size, arguments.upscaler)
    recipe = {"psi": f"{psi:g}", "noise": arguments.noise, "strip": arguments.strip}
    recipe["set"] = step_text(arguments.set) or None
    recipe["labels"] = label_text(labels[0]) or None
    save_image(out, image, details(arguments.weights, seeds, **recipe))
    return written(arguments, [out], seeds)


def _steps(arguments: argparse.Namespace, share: float) -> list[tuple[Direction, float]]:
    """Return the steps at a share of the way: of --set, or of the strip from -3 to 3."""
    if arguments.along:
        return [*arguments.steps, (arguments.along, 6 * share - 3)]
    return [(direction, share * far) for direction, far in arguments.steps]


def _there_and_back(frames: int) -> Iterator[float]:
    """Yield shares from 0 to 1 in so many frames, and back in as many, slow at both ends."""
    for frame in range(2 * frames):
        yield float(1 - np.cos(np.pi * frame / frames)) / 2
