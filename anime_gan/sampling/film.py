"""`sample.py film`."""

import argparse
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.files import require_writable_folder
from anime_gan.generation import films
from anime_gan.generation.output import as_seen, free_path
from anime_gan.generation.pretrained import name_of

SUFFIXES = (".mp4", ".gif")
OPTIONS = "runs --size --fps"


def run(arguments: argparse.Namespace) -> str:
    """A film of the sample grids of a run, or of several runs in order, of 6 to 12 seconds."""
    from anime_gan.runs.folder import RunFolder, newest_run

    runs = [RunFolder(name) if name else newest_run() for name in arguments.runs]
    if files := [name for name in arguments.runs if name and Path(name).is_file()]:
        what = name_of(Path(files[0])) or files[0]
        raise UserError(f"{what} is no run, and has no grids of its training; name a run.")
    grids = films.grids_of_training(runs)
    out = arguments.out or free_path(runs[-1].images / f"training{arguments.suffixes[0]}")
    require_writable_folder(out.parent)
    shown, fps = films.pace(len(grids), arguments.fps)
    frames = films.frames_of_training([grids[place] for place in shown], arguments.size)
    films.write(out, frames, fps)
    names = ", ".join(run.name for run in runs)
    return f"{as_seen(out, arguments.here)} from the grids of {names}"
