"""From the bytes of one image to its faces: decode, detect, cut out, resize, measure, write."""

import hashlib
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from anime_gan.data.decode import reason, whole_image
from anime_gan.preparation.crop import Square, central_square, cut, fit, widened
from anime_gan.preparation.duplicates import thumbnail
from anime_gan.preparation.enlarge import open_upscaler
from anime_gan.preparation.faces import open_detector
from anime_gan.preparation.quality import measure
from anime_gan.preparation.settings import FACELESS, NO_FACE, Settings

_FACELESS_SIDE = 144


def start_process() -> None:
    """Prepare a worker process."""
    Image.MAX_IMAGE_PIXELS = None  # whole_image has its own limit, and gives it as the reason
    warnings.simplefilter("ignore")  # Pillow's, on odd but readable files


def extract_faces(
    settings: Settings, folder: Path, name: str, data: bytes | str
) -> tuple[list[dict], list[np.ndarray], str | None]:
    """Write each face of an image to a folder as PNG; of an image without one, a small copy.

    Args:
        settings: their upscaler is not "auto".
        name, data: the image's file and its content, or the reason why it can't be read.

    Returns:
        A record of each face, its thumbnail (32, 32, 3), and the reason why there is no face.
    """
    if isinstance(data, str):
        return [], [], data
    try:
        image = whole_image(data, name)
    except Exception as error:  # on malformed data, decoders raise anything
        return [], [], reason(error)
    content = hashlib.sha256(data).hexdigest()
    label = hashlib.sha256(f"{name}\0{content}".encode(errors="surrogateescape")).hexdigest()
    records, thumbnails = [], []
    for number, (square, likelihood) in enumerate(_squares(image, settings)):
        record, face = _cut_out(image, square, settings)
        record |= {
            "name": f"{_readable(name)}-{label[:10]}-{number}.png",
            "content": content,
            "likelihood": round(likelihood, 4),
        }
        face.save(folder / record["name"])
        records.append(record)
        thumbnails.append(thumbnail(face))
    if records:
        return records, thumbnails, None
    fit(image, _FACELESS_SIDE)[0].save(faceless_file(folder, name), "JPEG", quality=85)
    return [], [], NO_FACE


def faceless_file(folder: Path, name: str) -> Path:
    """Return where the small copy of an image without a face is, by its name in the source.

    folder: that of the faces.
    """
    label = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:20]
    return folder.with_name(FACELESS) / f"{label}.jpg"


def _squares(image: Image.Image, settings: Settings) -> list[tuple[Square, float]]:
    """Return the square and the confidence of each face."""
    if not settings.detector:
        return [(central_square(image.size), 1.0)]
    return [
        (widened(face.x, face.y, face.side, settings.widen, image.size), face.likelihood)
        for face in _detector(settings.detector, settings.quick)(image)
        if face.likelihood >= settings.likelihood
    ]


def _cut_out(image: Image.Image, square: Square, settings: Settings) -> tuple[dict, Image.Image]:
    """Return the record of a face, and the face at its final size."""
    original = cut(image, square)
    factor = settings.size / square.side
    face = original
    if 1 < factor <= settings.enlarge and settings.upscaler != "lanczos":
        face = _upscaler(settings.upscaler)(original, settings.size)
    size = (settings.size, settings.size)
    face = face.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    face.info = {}  # a color profile, for example, in which some decoders write the time
    luminance = np.asarray(original.convert("L"))
    quality = measure(original if factor > 1 else face, luminance, (square.x, square.y))
    return {
        "box": list(square),
        "enlarged": round(factor, 3) if factor > 1 else 1.0,
        "pixels": hashlib.sha256(face.tobytes()).hexdigest(),
        "brightness": round(float(np.asarray(face.convert("L")).mean() / 255), 4),
        **{name: round(value, 4) for name, value in quality.items()},
    }, face


def _readable(name: str) -> str:
    """Return a file's name reduced to letters, digits, - and _, which every file system takes."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in stem)
    return plain.strip("_")[:40] or "face"


# One of each per process, since opening them takes seconds.
_detector = cache(open_detector)
_upscaler = cache(open_upscaler)
