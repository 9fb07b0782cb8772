"""The image that a projection is to look like."""

import warnings
from pathlib import Path

import numpy as np

from anime_gan.data.decode import decode, reason
from anime_gan.errors import UserError


def read_target(path: Path, size: int, channels: int) -> np.ndarray:
    """Return an image file as uint8 (size, size, channels); UserError if it can't be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, on odd but readable files
            return decode(path.read_bytes(), (size, size, channels), name=path.name)
    except Exception as error:  # decoders raise anything on malformed data
        raise UserError(
            f"{path} can't be read ({reason(error)}); give it an image, a PNG for example."
        ) from None
