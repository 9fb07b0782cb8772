"""The options of sample.py's commands."""

import argparse
from pathlib import Path

from anime_gan.commands import number
from anime_gan.directions.edit import parse_steps
from anime_gan.errors import UserError
from anime_gan.generation.figures import FIGURES
from anime_gan.generation.grid import parse_grid
from anime_gan.generation.labels import parse_labels
from anime_gan.generation.output import parse_faces
from anime_gan.sampling.scale import SCALES, parse_upscaler

FRAMES = 48  # of a walk, from seed to seed
STEPS = 300  # of a projection
NOISE = {"fixed": "const", "fresh": "random", "off": "none"}  # former name: name


def parse_psis(text: str) -> list[float]:
    """Return "1.2,1,0.7" as numbers."""
    return [number(-10, 10)(part) for part in text.split(",")]


def parse_noise(text: str) -> str:
    """Return one of the kinds of noise."""
    if text in NOISE:
        raise argparse.ArgumentTypeError(f"{text} is called {NOISE[text]} now")
    if text not in NOISE.values():
        raise argparse.ArgumentTypeError(f"{text!r} is not const, random or none")
    return text


def labels_of(text: str) -> dict[str, str]:
    """Return "hair=blue,eyes=red" as a dict."""
    try:
        return parse_labels(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def parse_set(text: str) -> dict[str, float]:
    """Return "hair=+2,pose=-1" as steps by direction."""
    try:
        return parse_steps(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def option(kind, metavar: str, text: str, default=None) -> dict:
    """Return the settings of an option for argparse."""
    return {"type": kind, "metavar": metavar, "help": text, "default": default}


SOURCE = "a run, a version, a folder or a weights file (default: the newest run)"
OPTIONS = {
    "source": {"nargs": "?", "help": SOURCE},
    "runs": {"nargs": "?", "help": "a run, or several: a,b,c (default: the newest run)"},
    "name": {"choices": FIGURES},
    "image": {"type": Path, "help": "an image of a face, cropped like the training images"},
    "--grid": option(parse_grid, "5x5", "columns x rows (default 5x5, or what the seeds need)"),
    "--count": option(number(1, 1_000_000, int), "N", "number of images, of new seeds"),
    "--seeds": option(
        parse_faces,
        "LIST",
        "seeds, such as 1,5,100-109 (default: new ones); walk, edit and the figure mixing "
        "also take files that project wrote: 3,face.npz",
        [],
    ),
    "--psi": option(parse_psis, "LIST", "truncation, -10 to 10: 1 is none, 0 the mean face", []),
    "--noise": option(
        parse_noise,
        "KIND",
        "StyleGANs: const (fixed, default), random (per seed) or none",
        "const",
    ),
    "--space": {
        "choices": ("z", "w", "w+"),
        "help": "walk: interpolate in z, or w (StyleGANs; default); project: search in z, or for "
        "StyleGANs in w, or in w+, a w for each layer (default)",
    },
    "--frames": option(
        number(2, 10_000, int),
        "N",
        f"frames between two seeds (default {FRAMES}, or what makes a film of 6 to 12 seconds)",
    ),
    "--steps": option(number(1, 100_000, int), "N", f"optimizer steps (default {STEPS})", STEPS),
    "--size": option(
        number(2, 4_096, int), "PIXELS", "height of a face, in `film` of the film (Lanczos)"
    ),
    "--upscaler": option(
        parse_upscaler,
        "NAME",
        "what enlarges: lanczos (default for --size), waifu2x, a network for drawings (default for "
        "--scale if it is installed), waifu2x-gpu, srgan, which comes with the project (default "
        "for --scale), or a file that train_upscaler.py wrote",
    ),
    "--scale": {
        "type": int,
        "choices": SCALES,
        "help": "how many times as large as the network's images, in place of --size",
    },
    "--label": option(
        labels_of,
        "LABELS",
        "such as hair=blue,eyes=red; hair=* for each value; again for further ones. Labels that "
        "are not given are chosen by the seed, as frequent as in the training images; any: none",
        [],
    )
    | {"action": "append"},
    "--set": option(
        parse_set, "LIST", "steps along directions, in standard deviations: hair=+2,pose=-1", []
    )
    | {"action": "append"},
    "--strip": {"metavar": "NAME", "help": "a direction, shown from -3 to 3"},
    "--no-captions": {"action": "store_true", "help": "no seed below each face"},
    "--fps": option(
        number(0.1, 240), "N", "frames per second (default: a film of 6 to 12 seconds)"
    ),
}
