"""The built-in data set: license-free anime-like faces, drawn from known attributes.

A set is a folder with face_000000.png and so on, attributes.csv with the attributes of each face,
labels.csv with those that are labels, and faces.json, which says that the set is complete. The same
seed always gives the same faces, and face number i does not depend on how many faces are drawn.
"""

import csv
import io
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from anime_gan import console
from anime_gan.data.demo.face import Face, random_face
from anime_gan.data.demo.portrait import draw_face
from anime_gan.data.entries import LABELS
from anime_gan.data.labels import Table
from anime_gan.errors import UserError
from anime_gan.files import whole_file

COUNT, SEED, SIZE = 6_000, 0, 64
SMALLEST, LARGEST = 16, 1024
WORDS = {"hair": "hair_colour", "eyes": "eye_colour", "background": "background"}
CHUNK = 64  # faces that a worker process draws at once
DRAWING = 2  # raise it whenever the same face would get other pixels


def face_of(seed: int, number: int) -> Face:
    """Return the attributes of face `number` in the set of a seed."""
    return random_face(np.random.default_rng([seed, number]))


def draw_faces(count: int, size: int = SIZE, seed: int = SEED) -> np.ndarray:
    """Return the first faces of a set as images, uint8 (count, size, size, 3)."""
    return np.stack([np.asarray(draw_face(face_of(seed, n), size)) for n in range(count)])


def write_faces(folder: Path, count: int = COUNT, seed: int = SEED, size: int = SIZE) -> None:
    """Draw a set into a new or empty folder, on all cores.

    The set is drawn beside the folder and moved into place when it is complete.

    Raises:
        UserError: if a number is out of range or the folder is not empty.
    """
    if count < 1 or not SMALLEST <= size <= LARGEST or not 0 <= seed < 2**32:
        raise UserError(
            f"count {count}, size {size} or seed {seed} is out of range: count from 1, size from "
            f"{SMALLEST} to {LARGEST}, seed from 0."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty: give a new folder, or remove it.")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True)
    try:
        workers = min(os.cpu_count() or 1, -(-count // CHUNK))
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            job = partial(_draw_one, unfinished, seed, size)
            drawn = pool.map(job, range(count), chunksize=CHUNK)
            deque(console.bar(drawn, "Drawing faces", count, unit="face"), maxlen=0)
        with (unfinished / "attributes.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["file", *Face._fields])
            for number in range(count):
                rows.writerow([_name(number), *face_of(seed, number)])
        (unfinished / LABELS).write_bytes(table(count, seed).data)
        (unfinished / "faces.json").write_text(json.dumps(_parameters(count, seed, size)))
        try:
            unfinished.rename(folder)
        except OSError:
            # Another process that drew the same set was first; both have the same pixels.
            if not is_complete(folder, count, seed, size):
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def ensure_faces(folder: Path, count: int = COUNT, seed: int = SEED, size: int = SIZE) -> Path:
    """Draw a set into a folder unless it is there already, and return the folder.

    A new process draws it: worker processes import the main script, and would load TensorFlow if
    that does. If the new process fails, it has printed why, and this one exits with its status.
    """
    if not is_complete(folder, count, seed, size):
        command = [sys.executable, "-m", "anime_gan.data.demo", str(folder)]
        command += [f"--count={count}", f"--seed={seed}", f"--size={size}"]
        package = str(Path(__file__).parents[3])  # the current folder may be another
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path})
        if done.returncode:
            raise SystemExit(done.returncode)
    if not (folder / LABELS).exists():  # in a set that was drawn before sets had one
        with suppress(OSError, UserError), whole_file(folder / LABELS) as temporary:
            temporary.write_bytes(table(count, seed).data)
    return folder


def names(count: int = COUNT) -> list[str]:
    """Return the names of a set's files."""
    return [_name(number) for number in range(count)]


def table(count: int = COUNT, seed: int = SEED) -> Table:
    """Return the labels of a set: the words of hair, eyes and background."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["file", *WORDS])
    for number in range(count):
        face = face_of(seed, number)
        rows.writerow([_name(number), *(getattr(face, field) for field in WORDS.values())])
    return Table(text.getvalue().encode(), "the built-in faces")


def builtin_faces(resolution: int) -> Path:
    """Return the folder of the built-in set for a resolution, drawn if it is missing."""
    size = max(SMALLEST, resolution)  # growing networks start at smaller images
    return ensure_faces(Path(f"data/demo_faces_{size}px_{DRAWING}"), size=size)


def is_complete(folder: Path, count: int, seed: int, size: int) -> bool:
    """Return whether a folder contains exactly this set."""
    try:
        found = json.loads((folder / "faces.json").read_text())
    except (OSError, ValueError):
        return False
    images = sum(name.endswith(".png") for name in os.listdir(folder))
    return found == _parameters(count, seed, size) and images == count


def _parameters(count: int, seed: int, size: int) -> dict[str, int]:
    return {"drawing": DRAWING, "count": count, "seed": seed, "size": size}


def _name(number: int) -> str:
    return f"face_{number:06}.png"


def _draw_one(folder: Path, seed: int, size: int, number: int) -> None:
    draw_face(face_of(seed, number), size).save(folder / _name(number), compress_level=1)
