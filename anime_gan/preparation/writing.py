"""The finished set: files or zips for data.images, TFRecords for the original StyleGAN, a table."""

import csv
import io
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from anime_gan import console
from anime_gan.backend.startup import quiet_start
from anime_gan.data.entries import LABELS
from anime_gan.errors import UserError
from anime_gan.files import whole_file
from anime_gan.preparation.decisions import Decision
from anime_gan.preparation.settings import FORMATS, JPEG_QUALITY, Output, file_name
from anime_gan.preparation.source_labels import SourceLabels, write_table

HELD_OUT = "heldout"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest possible, so that equal faces give an equal file
_COLUMNS = "box", "enlarged", "likelihood", "light", "contrast", "sharpness", "blocks", "colour"


def write_set(
    source: Path,
    out: Path,
    faces: list[dict],
    output: Output,
    size: int,
    labels: SourceLabels | None = None,
) -> None:
    """Write the faces that are kept to a set, and remove what earlier starts wrote in other forms.

    source: the folder with the files of all faces, of `size` pixels. labels: of their images.
    """
    parts = split(faces, output.held_out)
    every = set(os.listdir(source))
    remove_records(out / "tfrecords")
    for name in ("faces", "train", HELD_OUT):
        folder, packed = out / name, out / f"{name}.zip"
        files = parts.get(name)
        table = labels.table(files, output.format) if labels and files else None
        copy = out / "work" / f"{name}.{LABELS}"
        if files is not None and not output.zipped:
            write_files(source, folder, files, every, output.format)
            write_table(folder, table, copy)
        elif folder.is_dir():
            write_table(folder, None, copy)
            write_files(source, folder, [], every, output.format)
            if not any(folder.iterdir()):
                folder.rmdir()
        if files is not None and output.zipped:
            write_zip(source, packed, files, output.format, table)
        else:
            packed.unlink(missing_ok=True)
        if files and output.records:
            write_records(source, out / "tfrecords", name, files, size)


def split(faces: list[dict], held_out: float) -> dict[str, list[dict]]:
    """Return the faces by folder: "faces", or "train" and "heldout".

    A hash of the source file's content decides. So all faces of one image are in the same part,
    and no face changes its part when images are added. held_out: share of the images, 0 to 1.
    """
    if not held_out:
        return {"faces": faces}
    parts: dict[str, list[dict]] = {"train": [], HELD_OUT: []}
    for face in faces:
        is_held_out = int(face["content"][:8], 16) / 2**32 < held_out
        parts[HELD_OUT if is_held_out else "train"].append(face)
    return parts


def write_files(
    source: Path, folder: Path, faces: list[dict], every: set[str], format: str
) -> None:
    """Write faces from `source` to `folder`, and remove all others of `every`, of any format.

    Other files in the folder stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    present = set(os.listdir(folder))
    originals = {file_name(face["name"], format): source / face["name"] for face in faces}
    ours = {file_name(name, one) for name in every for one in FORMATS}
    for name in (present & ours) - originals.keys():
        (folder / name).unlink()
    for name, original in _with_bar(sorted(originals.items()), folder.name):
        target = folder / name
        if format != "png":
            if name not in present:  # its name holds a hash of the content, so it is the same
                with whole_file(target) as temporary:
                    temporary.write_bytes(_content(original, format))
        elif name not in present or target.stat().st_size != original.stat().st_size:
            target.unlink(missing_ok=True)
            try:
                os.link(original, target)
            except OSError:
                with whole_file(target) as temporary:
                    shutil.copyfile(original, temporary)


def write_zip(
    source: Path, path: Path, faces: list[dict], format: str, table: bytes | None = None
) -> None:
    """Write the faces as one zip, uncompressed since its files are compressed already.

    table: of their labels, None for none.
    """
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as file:
        for face in _with_bar(sorted(faces, key=lambda face: face["name"]), path.name):
            info = zipfile.ZipInfo(file_name(face["name"], format), _ZIP_DATE)
            file.writestr(info, _content(source / face["name"], format))
        if table is not None:
            file.writestr(zipfile.ZipInfo(LABELS, _ZIP_DATE), table)


def _content(original: Path, format: str) -> bytes:
    """Return the bytes of a face's PNG file in a format."""
    if format == "png":
        return original.read_bytes()
    encoded = io.BytesIO()
    with Image.open(original) as image:
        # Full color resolution: halved, it is what blurs the borders of flat colors.
        image.save(encoded, format, quality=JPEG_QUALITY, subsampling="4:4:4", optimize=True)
    return encoded.getvalue()


def write_records(source: Path, folder: Path, name: str, faces: list[dict], size: int) -> None:
    """Write TFRecords as the original StyleGAN reads them (Karras et al. 2018, its dataset tool).

    There is a file for each power of two from 4x4 to `size`: NAME-r02.tfrecords and so on. Each
    record has "shape" (3, H, W) and "data", uint8 channels first.
    """
    io, train = tensorflow()
    folder.mkdir(parents=True, exist_ok=True)
    # Shuffled as in the original, whose reader takes the first images for some of its metrics.
    order = np.random.default_rng(123).permutation(len(faces))
    faces = sorted(faces, key=lambda face: face["name"])
    for level in range(2, size.bit_length()):
        path = folder / f"{name}-r{level:02}.tfrecords"
        with whole_file(path) as temporary, io.TFRecordWriter(str(temporary)) as writer:
            for index in _with_bar(order, path.name):
                pixels = _block_means(source / faces[index]["name"], 2**level)
                shape = train.Feature(int64_list=train.Int64List(value=list(pixels.shape)))
                data = train.Feature(bytes_list=train.BytesList(value=[pixels.tobytes()]))
                features = train.Features(feature={"shape": shape, "data": data})
                writer.write(train.Example(features=features).SerializeToString())


def tensorflow() -> tuple[ModuleType, ModuleType]:
    """Return TensorFlow's `io` and `train`; UserError if it is not installed."""
    try:
        with quiet_start():
            from tensorflow import io, train
    except ImportError as error:
        raise UserError(
            "TFRecords need TensorFlow, which is not installed: pip install tensorflow==2.21.0, "
            "or write the set without TFRecords."
        ) from error
    return io, train


def remove_records(folder: Path) -> None:
    """Remove an earlier start's TFRecords, which may hold faces that are dropped now."""
    for path in folder.glob("*-r[0-9][0-9].tfrecords"):
        path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _with_bar(items: Sequence, name: str) -> Iterable:
    return console.bar(items, f"Writing {name}", len(items), unit="face", delay=1)


def _block_means(path: Path, side: int) -> np.ndarray:
    """Return a face reduced to uint8 (3, side, side), rounded to even as in StyleGAN's tool."""
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
    format: str,
) -> None:
    """Write all faces and their decisions as CSV, then (name, reason) of images without a face.

    A face has the name of its file in the set; format: that of the set.
    """
    with (
        whole_file(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(["source", "face", "kept", "reason", "instead", *_COLUMNS])
        for face, decision in zip(faces, decisions, strict=True):
            kept = "by hand" if decision.forced else "yes" if decision.kept else "no"
            name, instead = file_name(face["name"], format), decision.instead
            instead = instead and file_name(instead, format)
            rows.writerow(
                [face["source"], name, kept, decision.reason, instead]
                + [face[column] for column in _COLUMNS]
            )
        for name, reason in without:
            rows.writerow([name, "", "no", reason, ""])
