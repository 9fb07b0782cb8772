"""`sample.py project`."""

import argparse
import re

import numpy as np

from anime_gan.commands import checked_file
from anime_gan.errors import UserError
from anime_gan.generation import films
from anime_gan.generation.figures import sheet
from anime_gan.generation.latent_file import SUFFIX, write_latent
from anime_gan.generation.output import IMAGE, details, free_path, save_image
from anime_gan.generation.target import read_target
from anime_gan.sampling.source import open_generator, written

SUFFIXES = IMAGE
OPTIONS = "image source --space --steps --size"


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError if the image can't be read."""
    if not arguments.image.is_file():
        raise UserError(f"there is no image {arguments.image}; check the path.")
    read_target(arguments.image, 4, 3)  # now, and not only when Keras is imported


def run(arguments: argparse.Namespace) -> str:
    """The generator's image most similar to a face, a file of its latents, a film of the search."""
    from anime_gan.generation.projection import project

    name = re.sub(r"\W+", "_", f"projection_{arguments.image.stem}")
    generator, out = open_generator(arguments, name, ".mp4", SUFFIX)
    film, latents = checked_file(out.with_suffix(".mp4"), (".mp4",)), out.with_suffix(SUFFIX)
    if arguments.out:  # which names the image only
        film = free_path(film, SUFFIX)
        latents = film.with_suffix(SUFFIX)
    target = read_target(arguments.image, generator.resolution, generator.channels)
    done = project(generator, target, arguments.steps, arguments.space)
    first, last = generator.images(done.path[[0, -1]])
    labels = ["target", f"start, {done.distances[0]:.3f}", f"found, {done.distances[-1]:.3f}"]
    image = sheet([[target, first, last]], labels, size=arguments.size)
    found = {"target": arguments.image.name, "space": done.space, "steps": arguments.steps}
    recipe = details(arguments.weights, distance=f"{done.distances[-1]:.4f}", **found)
    save_image(out, image, recipe)
    write_latent(latents, done.w, done.space, arguments.weights, recipe)
    shown, fps = films.pace(len(done.path))
    images = generator.images(done.path[shown])
    films.write(film, films.frames_beside(target, images, arguments.size), fps)
    error = np.abs(last.astype("float32") - target).mean() / 255
    return "\n".join([written(arguments, [out, latents, film]), *_verdict(done, error)])


def _verdict(done, error: float) -> list[str]:
    """Return lines that say how near the image is, beside what the generator's own faces reach.

    done: a Projection. error: mean difference of the pixels, as a share of their range.
    """
    low, high = done.own_nearest
    lines = [
        f"Distance {done.distances[-1]:.3f}, mean error of a pixel {error:.1%} of the range. One "
        f"of the generator's own faces came to {done.own:.3f} in the same search.",
        f"The nearest of the random faces was at {done.nearest:.3f}; for the generator's own faces "
        f"it is at {low:.3f} to {high:.3f}.",
    ]
    if done.nearest > high:
        lines.append(
            "So it is less like the generator's faces than they are like one another, and the "
            "result only resembles it. This holds for many real faces, and for what is no face."
        )
    return lines
