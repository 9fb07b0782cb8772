"""`sample.py project`."""

import argparse
import re

from anime_gan.commands import checked_file
from anime_gan.errors import UserError
from anime_gan.generation import films
from anime_gan.generation.figures import sheet
from anime_gan.generation.output import IMAGE, details, free_path, save_image
from anime_gan.generation.target import read_target
from anime_gan.sampling.source import open_generator, written

SUFFIXES = IMAGE
OPTIONS = "image source --steps --size"


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError if the image can't be read."""
    if not arguments.image.is_file():
        raise UserError(f"there is no image {arguments.image}; check the path.")
    read_target(arguments.image, 4, 3)  # now, and not only when Keras is imported


def run(arguments: argparse.Namespace) -> str:
    """The StyleGAN image most similar to a face, and a film of the search."""
    from anime_gan.generation.projection import project

    name = re.sub(r"\W+", "_", f"projection_{arguments.image.stem}")
    generator, out = open_generator(arguments, name, ".mp4")
    film = checked_file(out.with_suffix(".mp4"), (".mp4",))
    film = free_path(film) if arguments.out else film  # --out names the image only
    target = read_target(arguments.image, generator.resolution, generator.channels)
    w, distances = project(generator, target, arguments.steps)
    images = generator.images(w)
    labels = ["target", f"mean, {distances[0]:.3f}", f"nearest, {distances[-1]:.3f}"]
    image = sheet([[target, images[0], images[-1]]], labels, size=arguments.size)
    save_image(out, image, details(arguments.weights, target=arguments.image.name))
    shown, fps = films.pace(len(images))
    films.write(film, films.frames_beside(target, images[shown], arguments.size), fps)
    return written(arguments, [out, film])
