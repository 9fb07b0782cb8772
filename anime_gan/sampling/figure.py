"""`sample.py figure`."""

import argparse

from anime_gan.generation.figures import FIGURES, figure, require_arguments
from anime_gan.generation.output import IMAGE, details, save_image
from anime_gan.sampling.source import open_generator, written

SUFFIXES = IMAGE
OPTIONS = "name source --seeds --psi --noise --size"


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for options that the figure does not take."""
    require_arguments(arguments.name, arguments.seeds, arguments.psi, arguments.noise)


def run(arguments: argparse.Namespace) -> str:
    """A figure of many images."""
    generator, out = open_generator(arguments, arguments.name)
    name, seeds, psis, size = arguments.name, arguments.seeds, arguments.psi, arguments.size
    image = figure(name, generator, seeds, psis, arguments.noise, size)
    _, own_seeds, own_psis = FIGURES[name]
    psi = ",".join(f"{psi:g}" for psi in psis or own_psis)
    save_image(
        out,
        image,
        details(arguments.weights, seeds or own_seeds, psi=psi, noise=arguments.noise, figure=name),
    )
    return written(arguments, [out])
