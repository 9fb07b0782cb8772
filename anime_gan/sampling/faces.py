"""`sample.py faces`."""

import argparse
import re
from itertools import product

from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError
from anime_gan.files import require_writable_folder
from anime_gan.generation.grid import resizer
from anime_gan.generation.labels import expanded, label_text, words_of
from anime_gan.generation.output import details, free_path, new_seeds, save_small
from anime_gan.sampling.source import open_generator, written

IN_MEMORY = 1_024  # images that are in memory together
SUFFIXES = ()
OPTIONS = "source --count --seeds --label --psi --noise --size --scale --upscaler"


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError unless there are either seeds or a count."""
    if bool(arguments.seeds) == bool(arguments.count):
        raise UserError("the command `faces` needs either --count N or --seeds LIST.")


def run(arguments: argparse.Namespace) -> str:
    """Single images, face_<seed>.png, of --seeds or --count; a folder for each psi and label."""
    generator, out = open_generator(arguments, "sample")
    every, psis = arguments.seeds or new_seeds(arguments.count), arguments.psi or [1.0]
    resize = resizer(arguments.size, arguments.upscaler) if arguments.size else lambda image: image
    digits = max(5, len(str(max(every))))  # so that the names sort
    every_label = expanded(generator.attributes, arguments.label)
    for psi, labels in product(psis, every_label):
        folder = out / f"psi_{psi:g}" if len(psis) > 1 else out
        if len(every_label) > 1:
            folder /= re.sub(r"[^\w.=,-]", "_", label_text(labels))
        require_writable_folder(folder)
        for start in range(0, len(every), IN_MEMORY):
            seeds = every[start : start + IN_MEMORY]
            codes = generator.codes(seeds, labels) if generator.attributes else None
            images = generator.images_from_seeds(seeds, psi, arguments.noise, codes)
            for place, (seed, image) in enumerate(zip(seeds, images, strict=True)):
                path = free_path(folder / f"face_{seed:0{digits}}.png")
                about = {"noise": arguments.noise, "psi": f"{psi:g}"}
                if codes is not None:
                    about["labels"] = label_text(words_of(generator.attributes, codes[place]))
                about = details(arguments.weights, [seed], **about)
                save_small(path, to_image(resize(image)), about)
    return written(arguments, [out], every)
