"""Make a set of faces to train on from raw pictures.

    python prepare_faces.py pictures faces --size 64       find faces, cut them out, clean, report
    python prepare_faces.py check pictures faces           sheets to see what the search finds
    python prepare_faces.py crop pictures faces            find faces and cut out those large enough
    python prepare_faces.py clean ready.zip faces          the pictures are faces already

SOURCE is a folder, zip or glob; it is never changed. OUT gets faces/ for data.images, report.html,
report.json and decisions.csv. Names in OUT/keep.txt and OUT/drop.txt win on the next start, and an
interrupted start goes on where it stopped.
"""

import argparse
import os
import shlex
import sys
from pathlib import Path

from anime_gan import backend

backend.start(import_keras=False)

from anime_gan.errors import UserError, clean_exit
from anime_gan.preparation.enlarge import UPSCALERS
from anime_gan.preparation.quality import GREY, Limits

COMMANDS = ("crop", "clean", "check")


@clean_exit
def main() -> None:
    """Read the command line, prepare, print."""
    sys.stdout.reconfigure(errors="backslashreplace")  # files' names need not be text
    command, arguments = _arguments(sys.argv[1:])
    try:
        from anime_gan.preparation import pipeline, writing
        from anime_gan.preparation.enlarge import enlarger, installed
        from anime_gan.preparation.faces import open_detector
        from anime_gan.preparation.picture import Settings
    except ImportError as error:
        raise UserError(
            f"what finds and cleans faces is not installed ({error}): pip install -r "
            "requirements-faces.txt."
        ) from error
    settings = Settings(
        size=arguments.size,
        detector="" if arguments.already_faces else arguments.detector,
        quick=arguments.quick,
        likelihood=arguments.likelihood,
        widen=arguments.widen,
        enlarge=arguments.enlarge,
        upscaler=installed() if arguments.upscaler == "auto" else arguments.upscaler,
    )
    # Tried here, so that what is missing is told once and at the start.
    if settings.detector:
        open_detector(settings.detector)
    if settings.upscaler != "lanczos":
        enlarger(settings.upscaler)
    if arguments.tfrecords:
        writing.tensorflow()
    out = Path(arguments.out)
    if command == "check":
        for path in pipeline.check(arguments.source, out, settings):
            print(path)
        return
    cleaning = Limits(
        dark=arguments.dark,
        washed_out=arguments.washed_out,
        blurred=arguments.blurred,
        compressed=arguments.compressed,
        greyscale=GREY if arguments.no_grey else 0.0,
    )
    found = pipeline.make_set(
        arguments.source,
        out,
        settings,
        None if command == "crop" else cleaning,
        pipeline.Output(arguments.zip, arguments.held_out, arguments.tfrecords),
    )
    _tell(found, out, arguments)


def _tell(found: dict, out: Path, arguments: argparse.Namespace) -> None:
    files, faces = found["files"], found["faces"]
    print(f"{files['looked at']:,} files, {faces['found']:,} faces, {faces['kept']:,} kept.")
    for what, counts in (("files without a face", files["without"]), ("faces", faces["dropped"])):
        for reason, count in counts.items():
            print(f"  {count:7,} {what}: {reason}")
    for warning in found["warnings"]:
        print(f"note: {warning}")
    print(f"look at {out / 'report.html'}")
    ready = out / (("train" if arguments.held_out else "faces") + (".zip" if arguments.zip else ""))
    if faces["kept"]:
        print(
            f"train with: python train_gan.py data.images={shlex.quote(str(ready))} "
            f"model.resolution={arguments.size}"
        )


def _arguments(given: list[str]) -> tuple[str, argparse.Namespace]:
    """Return which part of the work is wanted, "" for all of it, and its options."""
    command = given[0] if given and given[0] in COMMANDS else ""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("out", metavar="OUT", help="a folder, made where it is missing")
    parser.add_argument("--size", type=int, default=64, metavar="N", help="a power of two to 512")
    find = parser.add_argument_group("finding faces")
    find.add_argument("--already-faces", action="store_true", help="each picture is a face")
    find.add_argument(
        "--detector", default="animeface", metavar="NAME", help="animeface, or a cascade's .xml"
    )
    find.add_argument("--quick", action="store_true", help="twenty times faster, finds fewer")
    find.add_argument("--likelihood", type=float, default=0.5, metavar="X", help="at least, 0 to 1")
    find.add_argument(
        "--widen", type=float, default=1.0, metavar="X", help="hair and shoulders taken in; 0: none"
    )
    find.add_argument(
        "--enlarge", type=float, default=2.0, metavar="X", help="times a face may be enlarged"
    )
    find.add_argument(
        "--upscaler",
        default="auto",
        metavar="NAME",
        help="waifu2x, waifu2x-gpu or lanczos; auto: waifu2x where it is installed, else lanczos",
    )
    clean = parser.add_argument_group("cleaning; 0 switches a limit off")
    for name, value, words in (
        ("dark", Limits.dark, "a tenth of the pixels must be brighter, 0 to 1"),
        ("washed-out", Limits.washed_out, "least contrast, 0 to 1"),
        ("blurred", Limits.blurred, "least sharpness"),
        ("compressed", Limits.compressed, "most traces of JPEG's blocks, 1 without any"),
    ):
        clean.add_argument(f"--{name}", type=float, default=value, metavar="X", help=words)
    clean.add_argument("--no-grey", action="store_true", help="leave grey faces out")
    write = parser.add_argument_group("writing")
    write.add_argument("--zip", action="store_true", help="one zip in place of a folder")
    write.add_argument(
        "--held-out", type=float, default=0.0, metavar="X", help="share kept apart, 0 to 0.9"
    )
    write.add_argument("--tfrecords", action="store_true", help="for the original StyleGAN too")
    arguments = parser.parse_args(given[1:] if command else given)
    arguments.already_faces |= command == "clean"
    arguments.compressed = arguments.compressed or float("inf")
    _require(arguments)
    return command, arguments


def _require(arguments: argparse.Namespace) -> None:
    size = arguments.size
    if not 8 <= size <= 512 or size & (size - 1):
        raise UserError(f"--size is {size}, but must be a power of two from 8 to 512.")
    for name, low, high in (
        ("likelihood", 0, 1),
        ("widen", 0, 3),
        ("enlarge", 1, 16),
        ("held_out", 0, 0.9),
        ("dark", 0, 1),
        ("washed_out", 0, 1),
        ("blurred", 0, 1),
    ):
        value = getattr(arguments, name)
        if not low <= value <= high:
            option = name.replace("_", "-")
            raise UserError(f"--{option} is {value:g}, but must be from {low} to {high}.")
    if not arguments.compressed >= 1:
        raise UserError(f"--compressed is {arguments.compressed:g}, but must be 1 or more, or 0.")
    if arguments.upscaler not in UPSCALERS:
        raise UserError(f"--upscaler is {arguments.upscaler}, not one of {', '.join(UPSCALERS)}.")
    if not arguments.out.strip() or (
        os.path.exists(arguments.out) and not os.path.isdir(arguments.out)
    ):
        raise UserError(f"{arguments.out or 'OUT'} is no folder: name one for the faces.")


if __name__ == "__main__":
    raise SystemExit(main())
