"""How much larger faces become, and by what: --scale, --size and --upscaler."""

import argparse
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.generation.upscaler import ENDING, OWN
from anime_gan.preparation.enlarge import available_upscaler
from anime_gan.runs.whole import require_whole

SCALES = (2, 4)
SRGAN = "srgan"
UPSCALERS = ("lanczos", "waifu2x", "waifu2x-gpu", SRGAN)


def parse_upscaler(text: str) -> str:
    """Return one of UPSCALERS, or the absolute path of an upscaler's file."""
    if text in UPSCALERS:
        return text
    path = Path(text).expanduser()
    if text.endswith(ENDING) and path.is_file():
        require_whole(path)
        return str(path.resolve())
    raise argparse.ArgumentTypeError(
        f"{text!r} is neither {', '.join(UPSCALERS)} nor the file of an upscaler"
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for options that contradict each other."""
    size, scale, upscaler = arguments.size, arguments.scale, arguments.upscaler
    if size and scale:
        raise UserError(f"--size {size} and --scale {scale} exclude each other; leave one out.")
    if upscaler not in (None, "lanczos") and not (size or scale):
        raise UserError(f"--upscaler {upscaler} needs --scale, or a size, such as --size 512.")


def choose_upscaler(arguments: argparse.Namespace) -> None:
    """Choose what enlarges faces, where no upscaler is given.

    It is Lanczos for --size. For --scale it is waifu2x, or if that is not installed, the upscaler
    that comes with the project.

    UserError if the given upscaler is not installed.
    """
    name = arguments.upscaler or ("auto" if arguments.scale else "lanczos")
    if not name.endswith(ENDING):
        found = SRGAN if name == SRGAN else available_upscaler(name)
        is_own = found == SRGAN or (name == "auto" and found == "lanczos")
        arguments.upscaler = str(OWN) if is_own else found


def choose_size(arguments: argparse.Namespace, resolution: int) -> None:
    """Set the size of a face for a scale; resolution: that of the generator."""
    if vars(arguments).get("scale"):
        arguments.size = arguments.scale * resolution
