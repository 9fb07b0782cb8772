"""How two runs differ that should have come to the same, all that they leave behind compared."""

import json
import logging
import re
import zipfile
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from anime_gan.runs import checkpoint

logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it tells of every start

# Seconds, and what is told by comparing with a look before, which a start does not have.
TIMED = ("images_per_second", "seconds", "trained", "moved")


def differences(expected: Path, found: Path) -> list[str]:
    """Return what is different in the second of two folders of a run "r", a sentence each.

    Of measurements and looks, which go by the time they take, those that are there are compared.
    """
    return [
        *_in_weights(expected / "weights/r", found / "weights/r"),
        *_in_images(expected / "gan_images/r", found / "gan_images/r"),
        *_in_board(*(_board(folder / "gan_images/r/tensorboard") for folder in (expected, found))),
        *(f"{path.name} was left" for path in found.rglob(".[0-9]*")),
    ]


def _names(folder: Path, pattern: str) -> dict[str, Path]:
    """Return the files of a folder whose names fit."""
    return {path.name: path for path in folder.iterdir() if re.fullmatch(pattern, path.name)}


def _in_weights(expected: Path, found: Path):
    """Yield what is different in checkpoints and weights."""
    pattern = r"\w+_\d+\.(npz|keras|weights\.h5)|gan\.json|config\.yaml"
    ours, theirs = (_names(folder, pattern) for folder in (expected, found))
    if ours.keys() != theirs.keys():
        yield f"other files are there: {sorted(ours.keys() ^ theirs.keys())}"
    for name in ours.keys() & theirs.keys():
        if _content(ours[name]) != _content(theirs[name]):
            yield f"{name} differs"
    (facts, arrays), (others, values) = (checkpoint.newest(folder) for folder in (expected, found))
    if facts["step"] != others["step"] or arrays.keys() != values.keys():
        yield "the newest checkpoint is of something else"
        return
    for name, array in arrays.items():
        if array.dtype != values[name].dtype or not np.array_equal(array, values[name]):
            yield f"{name} differs in the newest checkpoint"


def _content(path: Path):
    """Return what a file of weights holds, but for the time when it was written."""
    if path.suffix == ".npz":
        return None  # has its own seconds in it; the newest is compared array by array
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return archive.read("model.weights.h5")
    return path.read_bytes()


def _in_images(expected: Path, found: Path):
    """Yield what is different in grids, curves and records."""
    # best.png is of a measurement, and these go by time.
    ours, theirs = (_names(folder, r"(?!best).*\.png") for folder in (expected, found))
    if ours.keys() != theirs.keys():
        yield f"other pictures are there: {sorted(ours.keys() ^ theirs.keys())}"
    for name in ours.keys() & theirs.keys():
        if ours[name].read_bytes() != theirs[name].read_bytes():
            yield f"{name} differs"
    ours, theirs = ([*_rows(folder / "losses.jsonl")] for folder in (expected, found))
    if ours != theirs:
        yield f"losses.jsonl differs ({len(ours)} and {len(theirs)} lines)"
    for name in ("health.jsonl", "metrics.jsonl"):
        ours, theirs = ([*_rows(folder / name)] for folder in (expected, found))
        steps = [row["step"] for row in theirs]
        if steps != sorted(set(steps)) or not all(row in ours for row in theirs):
            yield f"{name} differs"


def _rows(path: Path):
    """Yield the rows of a record without what depends on time."""
    for line in path.read_text().splitlines():
        yield {key: value for key, value in json.loads(line).items() if key not in TIMED}


def _board(folder: Path) -> dict[str, list]:
    """Return (step, value) of all that TensorBoard shows, by its name."""
    board = EventAccumulator(str(folder), {"scalars": 0, "images": 0}).Reload()
    scalars = {
        tag: [(e.step, e.value) for e in board.Scalars(tag)] for tag in board.Tags()["scalars"]
    }
    pictures = {
        tag: [(e.step, e.encoded_image_string) for e in board.Images(tag)]
        for tag in board.Tags()["images"]
    }
    return {k: v for k, v in {**scalars, **pictures}.items() if not k.endswith(TIMED)}


def _in_board(ours: dict[str, list], theirs: dict[str, list]):
    """Yield what is different in TensorBoard's curves and grids."""
    for name, events in ours.items():
        found = theirs.get(name, [])
        measured = name.startswith(("whole/", "coarse/", "health/"))
        if not measured and found != events:
            yield f"TensorBoard's {name} differs ({len(events)} and {len(found)} points)"
        elif len(set(found)) != len(found) or not set(found) <= set(events):
            yield f"TensorBoard's {name} has a point twice, or another one"
