"""NumPy files as sources of images: .npy, and .npz with one array or several."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from anime_gan.data.entries import Entry, Unreadable, time_stamp
from anime_gan.data.ranges import ADVICE, NOT_FINITE, array_range, black_and_white
from anime_gan.errors import UserError


class ArraySource:
    """The images of the arrays in a NumPy file, each read as an uncompressed TIFF.

    An array (N, H, W, C) or (N, C, H, W) holds N images, C being 1, 3 or 4; an array (H, W, C) is
    one image, and other ones of three axes are N gray images. Others, such as labels, are ignored.
    The extremes of all values tell which are black and white. Images with NaN or infinite values
    are left out. The arrays of a .npz are held in memory.
    """

    has_checksums = False

    def __init__(self, name: str, path: Path):
        try:
            stamp = time_stamp(path.stat())
            # Pickles are programs, and are refused.
            loaded = np.load(path, mmap_mode="r", allow_pickle=False)
            is_single = isinstance(loaded, np.ndarray)
            members = {"": loaded} if is_single else {key: loaded[key] for key in loaded.files}
            # Of a member whose header is damaged, NumPy returns the bytes.
            arrays = {key: one for key, one in members.items() if isinstance(one, np.ndarray)}
            if not arrays:
                raise ValueError("it holds no arrays")
        except Exception as error:  # NumPy and zipfile raise anything on damaged data
            raise UserError(
                f"{path} is no NumPy file of numbers that can be read ({error}): download it "
                "again, or save the images with numpy.save as uint8 (N, H, W, 3)."
            ) from error
        found: dict[str, np.ndarray] = {}
        for key, array in arrays.items():
            found |= _images(key, array)
        if not found:
            shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
            raise UserError(
                f"{path} holds no images, only arrays of shape {shapes.strip()}: it needs uint8 "
                "(N, H, W, 3) or (N, H, W)."
            )
        self.name, self._found, self._names = name, found, sorted(found)
        self._ranges = _ranges(path, found)
        self._places = [
            (key, place) for key in self._names for place in range(len(self._found[key]))
        ]
        self.entries: list[Entry] = [
            (f"{key}/{place:06}".lstrip("/"), self._found[key][0].nbytes, stamp)
            for key, place in self._places
        ]

    def read(self, index: int) -> bytes:
        """Return image `index` as the bytes of a TIFF file."""
        key, place = self._places[index]
        low, high = self._ranges[key]
        image = np.asarray(self._found[key][place])
        if image.ndim == 3 and image.shape[2] not in (1, 3, 4):
            image = image.transpose(1, 2, 0)
        if image.dtype.kind == "f" and not np.isfinite(image).all():
            raise Unreadable(NOT_FINITE)
        if image.dtype != np.uint8 or high != 255:
            image = np.clip(
                np.rint((image.astype(np.float64) - low) * (255 / (high - low))), 0, 255
            )
        image = image.astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image).save(file, "TIFF")
        return file.getvalue()

    def close(self) -> None:
        """Let go of the arrays."""
        self._found = {}


def _images(key: str, array: np.ndarray) -> dict[str, np.ndarray]:
    """Return an array as {key: (N, ...)}, nothing if it holds no images."""
    if array.dtype.kind not in "buif" or not array.size:
        return {}
    if array.ndim == 4 and (array.shape[3] in (1, 3, 4) or array.shape[1] in (1, 3, 4)):
        return {key: array}
    if array.ndim == 3:
        return {key: array[None] if array.shape[2] in (1, 3, 4) else array}
    return {}


def _ranges(path: Path, found: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Return which values stand for black and white in each array; UserError if that is unclear.

    Arrays of one type and number of axes share their range, as the images of an .npz do.
    """
    alike: dict[tuple, list[str]] = {}
    for key, array in found.items():
        alike.setdefault((array.dtype, array.ndim), []).append(key)
    ranges = {}
    for (dtype, _), keys in alike.items():
        extremes = array_range([found[key] for key in keys])
        black_white = black_and_white(dtype.kind, *extremes) if extremes else (0.0, 1.0)
        if black_white is None:
            low, high = extremes
            named = f"the array {keys[0]} in {path}" if keys[0] else f"{path}"
            raise UserError(
                f"{named} holds {dtype} from {low:.4g} to {high:.4g}, which does not tell black "
                f"and white: if these are images, {ADVICE}."
            )
        ranges |= dict.fromkeys(keys, black_white)
    return ranges
