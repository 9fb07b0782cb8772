"""What is checked first: the images, the folder for the set, and that they fit the settings.

It imports no library that takes long to import, so that a mistake is answered at once.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from anime_gan.data.entries import Source
from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from anime_gan.files import whole_file
from anime_gan.preparation.settings import Settings

_SETTINGS = Path("work", "settings.json")


def open_images(images: str, out: Path, settings: Settings) -> Source:
    """Return the source of images for a set in the folder `out`, where nothing is written yet.

    Raises:
        UserError: there are no images, the folder is not fit for the set or was made with other
            settings, or there is no such cascade.
    """
    cascade = Path(settings.detector).expanduser()
    if settings.detector not in ("", "animeface") and not cascade.is_file():
        raise UserError(f"{cascade} does not exist: name animeface, or the .xml file of a cascade.")
    source = open_source(images)
    try:
        if not source.entries:
            raise UserError(f"{images} holds no files: name a folder, a zip or a glob of images.")
        _require_apart(images, out)
        require_own(out)
        given = asdict(settings)
        if settings.upscaler == "auto":  # which one it stands for is known later
            del given["upscaler"]
        require_same(out, given)
    except UserError:
        source.close()
        raise
    return source


def _require_apart(images: str, out: Path) -> None:
    """Raise UserError if the set would be written among the images, or they lie in it."""
    path = Path(images).expanduser()
    wild = 0
    while not path.exists():  # of a glob, the folder before its first wildcard
        path, wild = path.parent, wild + 1
    deep = wild > 1 or "**" in Path(images).name or (not wild and path.is_dir())
    if deep and out.resolve().is_relative_to(path.resolve()):
        raise UserError(f"{out} lies in {images}: name a folder outside of it.")
    if path.resolve().is_relative_to(out.resolve()):
        raise UserError(f"{images} lies in {out}, where the set would be written: name another.")


def require_own(out: Path) -> None:
    """Raise UserError where a folder holds files that this program did not write there.

    Otherwise a user's own faces.zip or train.zip would be overwritten.
    """
    if not out.is_dir() or (out / _SETTINGS).exists():
        return
    ours = {"work", "keep.txt", "drop.txt"}
    others = [name for name in os.listdir(out) if name not in ours and not name.startswith(".")]
    if others:
        raise UserError(f"{out} holds {min(others)} and is no set of faces: name a new folder.")


def require_same(out: Path, settings: dict) -> None:
    """Raise UserError where a set was made with other settings."""
    try:
        before = dict(json.loads((out / _SETTINGS).read_text()))
    except (ValueError, TypeError):  # not written by this program
        before = {}
    except (FileNotFoundError, NotADirectoryError):
        return
    for name, value in settings.items():
        if before.get(name) != value:
            raise UserError(
                f"{out} was made with {name} {before.get(name)!r}, not {value!r}: use the same "
                "value, name another folder, or remove this one."
            )


def write_settings(out: Path, settings: dict) -> None:
    """Write what a set is made with, for later starts, if no earlier one did."""
    if (out / _SETTINGS).exists():
        return
    with whole_file(out / _SETTINGS) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n")
