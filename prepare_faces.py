"""Make a set of faces to train on from illustrations, screenshots or other images.

    python prepare_faces.py images faces --size 64    find faces, cut them out, clean, report
    python prepare_faces.py check images faces        write contact sheets of the faces found
    python prepare_faces.py crop images faces         find faces and cut out the large enough ones
    python prepare_faces.py clean ready.zip faces     clean images that are faces already
    python prepare_faces.py label faces/faces         read hair and eye color into labels.csv

SOURCE is not changed. OUT contains faces/ (for data.images), report.html, report.json and
decisions.csv; with --held-out, train/ and heldout/ replace faces/. The search takes about 13
seconds of one core an image; --quick takes a tenth, but finds only about half of the faces. To
overrule a decision, write the image's name into OUT/keep.txt or OUT/drop.txt and give the command
again. After an interruption, the same command resumes.
"""

import argparse
import dataclasses
import os
import shlex
import shutil
import sys
import textwrap
from contextlib import closing
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

from anime_gan import backend, console

backend.start(import_keras=False)

from anime_gan.commands import Parser, checked_file, number, own_arguments
from anime_gan.errors import UserError, clean_exit
from anime_gan.preparation.settings import (
    FORMATS,
    GREY,
    JPEG_QUALITY,
    NO_FACE,
    QUICK_SECONDS,
    SEARCH_SECONDS,
    UPSCALERS,
    Limits,
    Output,
    Settings,
)

LABEL = """Read hair and eye color of faces, and write them to labels.csv: file, hair, eyes.

A cell is empty where the reader is unsure. Of the words that it writes about 5% (hair) and 10%
(eyes) are wrong; docs/faces.md has its errors. SET is not changed, but for the table in a folder.
"""
COMMANDS = ("crop", "clean", "check")
# Options, by their fields, that some commands do not use; OPTION_OF: those with another name.
FINDING = ("detector", "quick", "likelihood", "widen")
CLEANING = ("dark", "washed_out", "blurred", "compressed", "greyscale")
WRITING = ("format", "zipped", "held_out", "records")
OPTION_OF = {"greyscale": "no-gray", "zipped": "zip", "records": "tfrecords"}


@clean_exit
def main() -> None:
    """Read the arguments, make the set, print its summary."""
    if own_arguments()[:1] == ["label"]:
        _label(own_arguments()[1:])
        return
    command, arguments = _arguments(own_arguments())
    settings, limits, output = (_fields(arguments, of) for of in (Settings, Limits, Output))
    out, announce = Path(arguments.out), partial(_announce, settings)
    with closing(_imported("opening").open_images(arguments.source, out, settings)) as source:
        pipeline = _imported("pipeline")  # takes half a second, so it comes after the checks
        if command == "check":
            for path in pipeline.check(source, out, settings, announce):
                print(path)
            return
        limits = None if command == "crop" else limits
        made = pipeline.make_set(source, out, settings, limits, output, announce)
    _print_summary(made, arguments)


def _label(given: list[str]) -> None:
    """Read the colors of a set's faces, write its table, and print what is in it."""
    parser = Parser(prog="prepare_faces.py label", description=LABEL)
    parser.add_argument("set", metavar="SET", help="a folder or zip of faces, cropped already")
    out = "the table (default: labels.csv in the folder, or FILE.labels.csv beside a file)"
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help=out)
    replace = "replace a table that exists"
    parser.add_argument("--replace", action="store_true", help=replace)
    arguments = parser.parse_args(given)
    labels = _imported("labels")
    images, own = arguments.set, labels.table_of(arguments.set)
    out = checked_file(arguments.out, (".csv",)) if arguments.out else own
    if out.exists() and not arguments.replace:
        raise UserError(f"{out} exists, and may be written by hand; --replace replaces it.")
    done = labels.label(images, out)
    print(*done.summary(), f"labels: {out}", sep="\n")
    report = Path(images).with_name("report.html")
    if out == own and report.with_name("decisions.csv").is_file() and report.is_file():
        print(f"{report} counts them once the command that made the set is given again.")
    is_found = out.name == labels.TABLE and out.parent.resolve() == Path(images).resolve()
    named = "" if is_found else f"data.labels={shlex.quote(str(out))} "
    print(
        f"train with:\n  python train_gan.py data.images={shlex.quote(images)} {named}"
        "'model.labels=[hair,eyes]'"
    )


def _imported(name: str) -> ModuleType:
    """Return a module of anime_gan.preparation; UserError if a package is missing."""
    try:
        return import_module(f"anime_gan.preparation.{name}")
    except ImportError as error:
        raise UserError(f'a package is missing ({error}): pip install ".[faces]".') from error


def _fields(arguments: argparse.Namespace, of: type):
    """Return a dataclass of the options that are called as its fields."""
    names = {field.name for field in dataclasses.fields(of)}
    return of(**{name: value for name, value in vars(arguments).items() if name in names})


def _announce(settings: Settings, count: int) -> None:
    """Print how long the search of so many images takes, and what the quick one would cost."""
    if settings.detector != "animeface":
        return
    cores = os.cpu_count() or 1
    seconds = count * (QUICK_SECONDS if settings.quick else SEARCH_SECONDS) / cores
    quick = "the quick search" if settings.quick else "--quick takes a tenth of it, but"
    console.say(
        f"Searching {count:,} files takes about {timedelta(seconds=max(1, round(seconds)))} on "
        f"{cores} cores;",
        f"{quick} finds only about half of the faces.",
    )


def _print_summary(summary: dict, arguments: argparse.Namespace) -> None:
    files, faces, out = summary["files"], summary["faces"], Path(arguments.out)
    lines = [
        f"Files: {files['looked at']:,}. Faces: {faces['found']:,} found, {faces['kept']:,} kept."
    ]
    for reason, count in files["without"].items():
        what = "without a face" if reason == NO_FACE else f"left out: {reason}"
        lines.append(f"  {count:7,} {what}")
    lines += [f"  {count:7,} dropped: {why}" for why, count in faces["dropped"].items()]
    if "labelled" in faces:
        lines += [
            f"Labels: {faces['labelled']:,} of {faces['kept']:,} faces have those of their image."
        ]
    lines += [f"note: {warning}" for warning in summary["warnings"]]
    if sys.stdout.isatty():  # in a file, lines are complete
        width = shutil.get_terminal_size().columns
        lines = [textwrap.fill(line, width, subsequent_indent=" " * 6) for line in lines]
    print(*lines, f"report: {out / 'report.html'}", sep="\n")
    name, end = "train" if arguments.held_out else "faces", ".zip" if arguments.zipped else ""
    ready = out / f"{name}{end}"
    if faces["kept"]:
        print(
            f"train with:\n  python train_gan.py data.images={shlex.quote(str(ready))} "
            f"model.resolution={arguments.size}{' version=oulu' if arguments.size < 32 else ''}"
        )


def _arguments(given: list[str]) -> tuple[str, argparse.Namespace]:
    """Return the command, "" for all steps, and its options."""
    first = given[0].lower() if given else ""
    command = first if first in COMMANDS else ""
    parser = Parser(description=__doc__)
    parser.add_argument("source", metavar="SOURCE", help="a folder, glob, zip or tar of images")
    parser.add_argument("out", metavar="OUT", help="folder for the result")
    default = Settings()
    side = f"side of the faces, a power of two from 16 to 1024 (default {default.size})"
    parser.add_argument("--size", type=int, default=default.size, metavar="N", help=side)
    find = parser.add_argument_group("finding faces")
    find.add_argument("--already-faces", action="store_true", help="each image is a face already")
    detector = "%(default)s (default), or the .xml file of an OpenCV cascade"
    find.add_argument("--detector", default=default.detector, metavar="NAME", help=detector)
    quick = "ten times faster, but finds only about half of the faces"
    find.add_argument("--quick", action="store_true", help=quick)
    _number(find, "likelihood", default.likelihood, 0, 1, "minimum detection confidence")
    _number(find, "widen", default.widen, 0, 3, "margin for hair and shoulders (1: the thesis's)")
    _number(find, "enlarge", default.enlarge, 1, 16, "largest enlargement of a face")
    upscaler = "waifu2x, waifu2x-gpu, lanczos, or %(default)s (default): waifu2x if it is installed"
    find.add_argument("--upscaler", default=default.upscaler, metavar="NAME", help=upscaler)
    clean = parser.add_argument_group("cleaning", "The value 0 disables a limit.")
    percentile = "minimum of the 90th percentile of brightness"
    _number(clean, "dark", Limits.dark, 0, 1, percentile)
    _number(clean, "washed-out", Limits.washed_out, 0, 1, "minimum contrast")
    _number(clean, "blurred", Limits.blurred, 0, 1, "minimum sharpness")
    blockiness = "maximum JPEG blockiness: 1 (no blocks) or more"
    _number(clean, "compressed", Limits.compressed, 0, float("inf"), blockiness)
    grey = {"action": "store_const", "const": GREY, "default": Limits.greyscale}
    clean.add_argument("--no-gray", "--no-grey", dest="greyscale", **grey, help="drop gray faces")
    write = parser.add_argument_group("writing")
    kind = f"png (default), or jpeg of quality {JPEG_QUALITY}: smaller, with a slight loss"
    write.add_argument("--format", choices=FORMATS, default="png", help=kind)
    packed = "write zip files instead of folders"
    write.add_argument("--zip", dest="zipped", action="store_true", help=packed)
    share = "share of the images whose faces are written to heldout/, not train/"
    _number(write, "held-out", 0.0, 0, 0.9, share)
    records = "also write TFRecords for the original StyleGAN"
    write.add_argument("--tfrecords", dest="records", action="store_true", help=records)
    arguments = parser.parse_args(given[1:] if command else given)
    _require(arguments)
    _require_used(parser, command, arguments)
    if arguments.already_faces or command == "clean":
        arguments.detector = ""
    arguments.compressed = arguments.compressed or float("inf")
    return command, arguments


def _require_used(parser: Parser, command: str, arguments: argparse.Namespace) -> None:
    """Raise UserError for an option that changes nothing in what is asked for."""
    unused: tuple[str, ...] = {"crop": CLEANING, "check": CLEANING + WRITING}.get(command, ())
    if arguments.already_faces or command == "clean":
        unused += FINDING
    elif arguments.detector != Settings.detector:
        unused += ("quick",)
    for name in unused:
        if getattr(arguments, name) != parser.get_default(name):
            option = OPTION_OF.get(name, name.replace("_", "-"))
            raise UserError(f"--{option} has no effect here; leave it out.")


def _number(parser, name: str, default: float, low: float, high: float, text: str) -> None:
    """Add an option that takes a number from `low` to `high`."""
    span = f", {low:g} to {high:g}" if high < float("inf") else ""
    kind, text = number(low, high), f"{text}{span} (default {default:g})"
    parser.add_argument(f"--{name}", type=kind, default=default, metavar="X", help=text)


def _require(arguments: argparse.Namespace) -> None:
    """Raise UserError for values that `_number` does not check."""
    size, out = arguments.size, arguments.out
    if not 16 <= size <= 1024 or size & (size - 1):
        raise UserError(f"--size is {size}, but must be a power of two from 16 to 1024.")
    if 0 < arguments.compressed < 1:
        raise UserError(f"--compressed is {arguments.compressed:g}, but must be 1 or more, or 0.")
    if arguments.upscaler not in UPSCALERS:
        raise UserError(f"--upscaler is {arguments.upscaler}, not one of {', '.join(UPSCALERS)}.")
    if not out.strip() or (os.path.exists(out) and not os.path.isdir(out)):
        raise UserError(f"{out or 'OUT'} is not a folder; choose a folder for the faces.")


if __name__ == "__main__":
    main()
