"""The built-in data set: licence-free anime-like faces, drawn from known attributes.

    python -m anime_gan.data.demo OUT --count 6000 --seed 0 --size 64
    python -m anime_gan.data.demo --sheet sheet.png

OUT gets face_000000.png and so on, and attributes.csv with what each of them shows. A seed always
draws the same faces, and face number i does not depend on how many are drawn.
"""

import argparse
import csv
import dataclasses
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from anime_gan.data.demo.face import Face, random_face
from anime_gan.data.demo.portrait import draw_face
from anime_gan.errors import UserError

COUNT, SEED, SIZE = 6_000, 0, 64
SMALLEST, LARGEST = 16, 512
CHUNK = 64
DRAWING = 2  # raise it whenever the same face would be drawn with other pixels


def face_of(seed: int, number: int) -> Face:
    """Return face `number` of the set that `seed` draws."""
    return random_face(np.random.default_rng([seed, number]))


def draw_faces(count: int, size: int = SIZE, seed: int = SEED) -> np.ndarray:
    """Return the first faces of a set, uint8 (count, size, size, 3)."""
    return np.stack([np.asarray(draw_face(face_of(seed, n), size)) for n in range(count)])


def write_faces(folder: Path, count: int = COUNT, seed: int = SEED, size: int = SIZE) -> None:
    """Draw a set into `folder`, which must be new or empty, on all cores.

    The set is drawn beside the folder and moved into place when it is whole. Raises UserError for a
    count below 1, a size out of 16 to 512, or a folder that holds something.
    """
    if count < 1 or not SMALLEST <= size <= LARGEST or not 0 <= seed < 2**32:
        raise UserError(
            f"count {count}, size {size} or seed {seed} is out of range: count from 1, size from "
            f"{SMALLEST} to {LARGEST}, seed from 0."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} holds something already; name a new folder, or remove it.")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True)
    try:
        _draw_all(unfinished, count, seed, size)
        with (unfinished / "attributes.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["file", *(field.name for field in dataclasses.fields(Face))])
            for number in range(count):
                rows.writerow([_name(number), *dataclasses.astuple(face_of(seed, number))])
        (unfinished / "faces.json").write_text(json.dumps(_parameters(count, seed, size)))
        try:
            unfinished.rename(folder)
        except OSError:
            # Another start that drew the same set was first; both have the same pixels.
            if not is_whole(folder, count, seed, size):
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def ensure_faces(folder: Path, count: int = COUNT, seed: int = SEED, size: int = SIZE) -> Path:
    """Return `folder` with the set in it, drawn only if it is not there yet.

    It is drawn by a process of its own: the workers of one that has TensorFlow loaded would each
    load it again. Where that process fails, it has said why, and this one ends with its status.
    """
    if not is_whole(folder, count, seed, size):
        command = [sys.executable, "-m", "anime_gan.data.demo", str(folder)]
        command += [f"--count={count}", f"--seed={seed}", f"--size={size}"]
        package = str(Path(__file__).parents[3])  # which need not be in the current folder
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path})
        if done.returncode:
            raise SystemExit(done.returncode)
    return folder


def builtin_folder(size: int) -> Path:
    """Return where the built-in set of a size lies; a new way of drawing gets a new folder."""
    return Path(f"data/demo_faces_{size}px_{DRAWING}")


def is_whole(folder: Path, count: int, seed: int, size: int) -> bool:
    """Say whether exactly this set lies in `folder`."""
    try:
        found = json.loads((folder / "faces.json").read_text())
    except (OSError, ValueError):
        return False
    pictures = sum(name.endswith(".png") for name in os.listdir(folder))
    return found == _parameters(count, seed, size) and pictures == count


def _parameters(count: int, seed: int, size: int) -> dict[str, int]:
    return {"drawing": DRAWING, "count": count, "seed": seed, "size": size}


def _name(number: int) -> str:
    return f"face_{number:06}.png"


def _draw_all(folder: Path, count: int, seed: int, size: int) -> None:
    """Write all pictures, a chunk at a time in each worker, with a progress bar."""
    chunks = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    job = partial(_draw_chunk, folder, seed, size)
    context = multiprocessing.get_context("spawn")
    with (
        tqdm(total=count, desc="drawing faces", unit="face") as bar,
        ProcessPoolExecutor(min(os.cpu_count() or 1, len(chunks)), context) as pool,
    ):
        for drawn in pool.map(job, chunks):
            bar.update(drawn)


def _draw_chunk(folder: Path, seed: int, size: int, numbers: range) -> int:
    """Write some pictures and return how many."""
    for number in numbers:
        draw_face(face_of(seed, number), size).save(folder / _name(number), compress_level=1)
    return len(numbers)


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", nargs="?", metavar="OUT", help="a new folder")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, default=SIZE, help="side in pixels, 16 to 512")
    parser.add_argument("--sheet", metavar="FILE", help="64 faces as one picture instead")
    arguments = parser.parse_args()
    if arguments.sheet:
        # Imported here, since each worker reads this file anew and needs no figures.
        from anime_gan.runs.grids import save_grid

        save_grid(Path(arguments.sheet), draw_faces(64, arguments.size, arguments.seed), columns=8)
    elif arguments.out:
        write_faces(Path(arguments.out), arguments.count, arguments.seed, arguments.size)
    else:
        raise UserError("name a folder to draw into, or --sheet FILE.")
