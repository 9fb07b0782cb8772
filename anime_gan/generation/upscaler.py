"""Enlarging faces with a network that train_upscaler.py wrote."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from anime_gan.data.pixels import to_float, to_image, to_uint8
from anime_gan.errors import UserError
from anime_gan.generation.pretrained import FOLDER

OWN = FOLDER / "upscaler_pretrained.keras"  # what --upscaler srgan names
ENDING = ".keras"


@cache  # a film asks for it with each frame
def open_trained(path: Path) -> Callable[[Image.Image, int], Image.Image]:
    """Return a function that doubles an RGB image if its shorter side is less than the one given.

    It doubles once: doubled twice, faces get strokes that look etched.

    UserError if the file is missing, damaged, or no upscaler.
    """
    from anime_gan.runs.weights import load_model

    network = load_model(path)
    if network.name != "enlarger":
        raise UserError(f"{path} is no upscaler; give a file that train_upscaler.py wrote.")

    def enlarge(image: Image.Image, side: int) -> Image.Image:
        if min(image.size) >= side:
            return image
        larger = network(to_float(np.asarray(image)[None]), training=False)
        return to_image(to_uint8(larger)[0])

    return enlarge
