"""`sample.py walk`."""

import argparse
from itertools import cycle
from pathlib import Path

import numpy as np

from anime_gan.errors import UserError
from anime_gan.generation import films
from anime_gan.generation.labels import expanded, has_several
from anime_gan.generation.latent_file import w_of
from anime_gan.generation.output import new_seeds
from anime_gan.sampling.options import FRAMES
from anime_gan.sampling.source import open_generator, written

SUFFIXES = (".gif", ".mp4")
OPTIONS = "source --seeds --label --frames --space --psi --noise --size --scale --upscaler --fps"


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for a single seed without several labels, and for spaces of no walk."""
    if len(arguments.seeds) == 1 and not has_several(arguments.label):
        raise UserError("a walk needs two seeds or more, such as --seeds 3,8.")
    if arguments.space == "w+":
        raise UserError("a walk is in z or w; with files of w+ it is in w+ by itself.")


def run(arguments: argparse.Namespace) -> str:
    """A film from seed to seed, or label to label, and back to the first, of 6 to 12 seconds."""
    from anime_gan.generation.walk import require_space, walk, walk_through

    generator, out = open_generator(arguments, "walk")
    require_space(generator, arguments.space)
    seeds, fps = arguments.seeds or new_seeds(4), arguments.fps or films.FPS
    labels = expanded(generator.attributes, arguments.label)
    if len(labels) > 1:  # the shorter of both begins again
        seeds = [seed for seed, _ in zip(cycle(seeds), range(max(len(seeds), len(labels))))]
    frames = arguments.frames or films.walk_frames(len(seeds), FRAMES, fps)
    psi = (arguments.psi or [1.0])[0]
    if any(isinstance(seed, Path) for seed in seeds):
        if generator.has_styles and arguments.space == "z":
            raise UserError("a file of latents of a StyleGAN holds w, no z; walk in w.")
        w = walk_through(generator, w_of(generator, seeds, psi, arguments.weights, labels), frames)
    else:
        own = zip(seeds, cycle(labels)) if generator.attributes else ()
        codes = [generator.codes([seed], one) for seed, one in own]
        of_seeds = np.concatenate(codes) if codes else None
        w = walk(generator, seeds, frames, psi, space=arguments.space, labels=of_seeds)
    images = generator.images(w, arguments.noise, range(len(w)))
    films.write(out, films.frames_of_images(images, arguments.size, arguments.upscaler), fps)
    return written(arguments, [out], seeds)
