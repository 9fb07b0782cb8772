"""One picture's way: read, its faces found, cut out, enlarged or shrunk, measured, written."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from anime_gan.data.decode import reason, whole_image
from anime_gan.preparation.crop import Square, centred, cut, widened
from anime_gan.preparation.duplicates import THUMBNAIL
from anime_gan.preparation.enlarge import enlarger
from anime_gan.preparation.faces import open_detector
from anime_gan.preparation.quality import measure


@dataclass(frozen=True)
class Settings:
    """All that decides which faces come out of a picture, and with which pixels.

    size: side of the faces in pixels. detector: "animeface", the path of an OpenCV cascade, or ""
    where each picture is a face. likelihood: the least that a face must have, 0 to 1.
    widen: how much of hair and shoulders is taken, 1 as in the thesis, 0 none. enlarge: how many
    times a face may be enlarged at most. upscaler: "waifu2x" or "lanczos".
    """

    size: int = 64
    detector: str = "animeface"
    quick: bool = False
    likelihood: float = 0.5
    widen: float = 1.0
    enlarge: float = 2.0
    upscaler: str = "lanczos"


@dataclass(frozen=True)
class Job:
    """What a process needs for every picture; its `state` is made once in each."""

    settings: Settings
    crops: Path


_job: Job | None = None


def start(job: Job) -> None:
    """Make this process ready: the first call in each."""
    global _job
    _job = job
    Image.MAX_IMAGE_PIXELS = None  # the reader has a limit of its own, and says so
    import warnings

    warnings.simplefilter("ignore")  # Pillow's, on odd but readable files


def prepare(name: str, data: bytes | str) -> tuple[list[dict], list[np.ndarray], str | None]:
    """Return a record of each face of a picture, its thumbnails, and why there is none.

    name: what the file is called, data: what is in it, or why it can't be read. The faces are
    written as PNG.
    """
    if isinstance(data, str):
        return [], [], data
    assert _job is not None
    settings = _job.settings
    try:
        image = whole_image(data)
    except Exception as error:  # on malformed data, decoders raise all there is
        return [], [], reason(error)
    content = hashlib.sha256(data).hexdigest()
    if settings.detector:
        found = [
            (
                widened(face.x, face.y, face.side, settings.widen, image.size),
                face.likelihood,
            )
            for face in _detector(settings.detector, settings.quick)(image)
            if face.likelihood >= settings.likelihood
        ]
        if not found:
            return [], [], "no face found"
    else:
        found = [(centred(image.size), 1.0)]
    records, thumbnails = [], []
    for number, (square, likelihood) in enumerate(found):
        record, face = _face(image, square, settings)
        label = hashlib.sha256(f"{name}\0{content}".encode(errors="surrogateescape")).hexdigest()
        record |= {
            "name": f"{_readable(name)}-{label[:10]}-{number}.png",
            "content": content,
            "likelihood": round(likelihood, 4),
        }
        face.save(_job.crops / record["name"])
        records.append(record)
        thumbnails.append(np.asarray(face.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)))
    return records, thumbnails, None


def _face(image: Image.Image, square: Square, settings: Settings) -> tuple[dict, Image.Image]:
    """Return the record of a face, and the face at its final size."""
    original = cut(image, square)
    factor = settings.size / square.side
    size = (settings.size, settings.size)
    if factor <= 1:
        face = original.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        measured = face
    else:
        measured = original
        face = original
        if factor <= settings.enlarge and settings.upscaler != "lanczos":
            face = _enlarger(settings.upscaler)(original, settings.size)
        face = face.resize(size, Image.Resampling.LANCZOS)
    face.info = {}  # the file's colour profile, say, which some decoders stamp with the time
    luminance = np.asarray(original.convert("L"))
    quality = measure(measured, luminance, (square.x, square.y))
    pixels = hashlib.sha256(face.tobytes()).hexdigest()
    return {
        "box": list(square),
        "enlarged": round(factor, 3) if factor > 1 else 1.0,
        "pixels": pixels,
        "brightness": round(float(np.asarray(face.convert("L")).mean() / 255), 4),
        **{key: round(value, 4) for key, value in asdict(quality).items()},
    }, face


def _readable(name: str) -> str:
    """Return a file's name as letters, digits, - and _ that any disk takes."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in stem)
    return plain.strip("_")[:40] or "face"


@cache
def _detector(name: str, quick: bool):
    return open_detector(name, quick)


@cache
def _enlarger(name: str):
    return enlarger(name)
