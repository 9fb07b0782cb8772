"""The finished set: files or a zip for data.images, and TFRecords for the original StyleGAN."""

from __future__ import annotations

import csv
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image
from tqdm import tqdm

from anime_gan.backend.startup import quiet_start
from anime_gan.errors import UserError
from anime_gan.files import whole_file
from anime_gan.preparation.decisions import Decision

HELD_OUT = "heldout"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip's earliest date: equal faces give an equal file


def parts(faces: list[dict], held_out: float) -> dict[str, list[dict]]:
    """Return the faces by folder: "faces", or "train" and "heldout".

    held_out: share of the source pictures, 0 to 1, whose faces are held out. Which ones hangs on
    the content of the file alone, so a set that grows never moves a face from one part to the
    other, and faces from one picture stay together.
    """
    if not held_out:
        return {"faces": faces}
    out = [int(face["content"][:8], 16) / 2**32 < held_out for face in faces]
    return {
        "train": [face for face, held in zip(faces, out, strict=True) if not held],
        HELD_OUT: [face for face, held in zip(faces, out, strict=True) if held],
    }


def write_files(made: Path, folder: Path, faces: list[dict], every: set[str]) -> None:
    """Let a folder hold exactly these faces; what is in it and none of `every` stays there.

    made: the folder with the faces' files, which are linked where the disk can do so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = set(os.listdir(folder))
    wanted = {face["name"] for face in faces}
    for name in (there & every) - wanted:
        (folder / name).unlink()
    for name in _with_bar(sorted(wanted), folder.name):
        source, target = made / name, folder / name
        if name in there and target.stat().st_size == source.stat().st_size:
            continue
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            with whole_file(target) as temporary:
                shutil.copyfile(source, temporary)


def write_zip(made: Path, path: Path, faces: list[dict]) -> None:
    """Write the faces as one zip, uncompressed since PNG is already."""
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as file:
        for face in _with_bar(sorted(faces, key=lambda face: face["name"]), path.name):
            info = zipfile.ZipInfo(face["name"], _LONG_AGO)
            file.writestr(info, (made / face["name"]).read_bytes())


def write_records(made: Path, folder: Path, name: str, faces: list[dict], size: int) -> None:
    """Write TFRecords as the original StyleGAN reads them (Karras et al. 2018, its dataset tool).

    One file for each power of two from 4x4 to `size`, NAME-r02.tfrecords and so on; each record has
    "shape" (3, H, W) and "data", uint8 channels first. Smaller ones are averages of 2x2 pixels.
    UserError without TensorFlow, whose format it is.
    """
    io, train = tensorflow()
    folder.mkdir(parents=True, exist_ok=True)
    # The original shuffles, since its reader takes the first pictures for some of its measures.
    order = np.random.default_rng(123).permutation(len(faces))
    faces = sorted(faces, key=lambda face: face["name"])
    for level in range(2, size.bit_length()):
        path = folder / f"{name}-r{level:02}.tfrecords"
        with (
            whole_file(path) as temporary,
            io.TFRecordWriter(str(temporary)) as writer,
        ):
            for index in _with_bar(order, path.name):
                pixels = _shrunk(made / faces[index]["name"], 2**level)
                shape = train.Int64List(value=list(pixels.shape))
                data = train.BytesList(value=[pixels.tobytes()])
                features = {
                    "shape": train.Feature(int64_list=shape),
                    "data": train.Feature(bytes_list=data),
                }
                example = train.Example(features=train.Features(feature=features))
                writer.write(example.SerializeToString())


def tensorflow() -> tuple[ModuleType, ModuleType]:
    """Return TensorFlow's `io` and `train`; UserError without it."""
    try:
        with quiet_start():
            from tensorflow import io, train
    except ImportError as error:
        raise UserError(
            "TFRecords are TensorFlow's format, and it is not installed: pip install "
            "tensorflow==2.21.0, or leave --tfrecords out."
        ) from error
    return io, train


def remove_records(folder: Path) -> None:
    """Remove an earlier start's TFRecords: they may hold faces that are dropped by now."""
    for path in folder.glob("*-r[0-9][0-9].tfrecords"):
        path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _with_bar(items: Sequence, name: str) -> Iterable:
    """Return what is written into a folder or file, with a bar to be shown meanwhile."""
    return tqdm(items, f"Writing {name}", unit="face", dynamic_ncols=True, disable=not len(items))


def _shrunk(path: Path, side: int) -> np.ndarray:
    """Return a face as uint8 (3, side, side), each pixel the mean of those that it stands for."""
    with Image.open(path) as image:
        pixels = np.asarray(image, np.float32).transpose(2, 0, 1)
    step = pixels.shape[1] // side
    pixels = pixels.reshape(3, side, step, side, step).mean(axis=(2, 4))
    return np.rint(pixels).clip(0, 255).astype(np.uint8)


def write_decisions(
    path: Path,
    faces: list[dict],
    decisions: list[Decision],
    without: list[tuple[str, str]],
) -> None:
    """Write what became of every picture and face, one a row."""
    columns = (
        "box",
        "enlarged",
        "likelihood",
        "light",
        "contrast",
        "sharpness",
        "blocks",
        "colour",
    )
    with (
        whole_file(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(["source", "face", "kept", "reason", "instead", *columns])
        for face, decision in zip(faces, decisions, strict=True):
            kept = "by hand" if decision.forced else "yes" if decision.kept else "no"
            rows.writerow(
                [face["source"], face["name"], kept, decision.reason, decision.instead]
                + [face[column] for column in columns]
            )
        for name, why in without:
            rows.writerow([name, "", "no", why, ""])
