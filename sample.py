"""Generate images from trained weights.

    python sample.py                               a 5x5 grid from the newest run
    python sample.py v4 --grid 8x4                 8 columns and 4 rows from the run v4
    python sample.py grid walk                     from a run that has the name of a command
    python sample.py faces v5 --seeds 1,5,100-109  single images; a seed is always the same face
    python sample.py faces --count 1000 --psi 1.2,1,0.7,0.5,0,-0.5,-1
                                                   1000 images for each truncation
    python sample.py figure truncation             or uncurated; for StyleGANs also mixing,
                                                   noise-detail or noise-components
    python sample.py walk --seeds 3,8,20 --out walk.mp4
                                                   from seed to seed and back, as GIF or MP4
    python sample.py film v5                       the grids that training wrote, in order
    python sample.py project face.png stylegan     the StyleGAN image most similar to a face

An image depends only on weights and seed; on another machine or backend it may differ by 1 of 255.
`python sample.py COMMAND --help` lists the options of a command.
"""

import argparse
import re
import sys
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, number
from anime_gan.data.decode import reason
from anime_gan.data.pixels import montage, to_image
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import whole_file
from anime_gan.generation import films
from anime_gan.generation.figures import FIGURES, figure, require_arguments, sheet

IN_MEMORY = 1_024  # single images that are in memory together
FORMER_OPTIONS = {
    "--count": "faces --count N",
    "--seeds": "faces --seeds LIST, or grid --seeds LIST for one grid",
    "--walk": "walk --seeds A,B",
    "--film": "film",
    "--figure": "figure NAME",
    "--project": "project IMAGE",
}
NOISE = {"fixed": "const", "fresh": "random", "off": "none"}  # former name: name


@clean_exit
def main() -> None:
    """Read the command line, generate and write the images, and print their path."""
    arguments = parse(sys.argv[1:])
    backend.start()
    print(COMMANDS[arguments.command][0](arguments))


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments, checked as far as that is possible without the weights."""
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help"):
        for option in (argument.partition("=")[0] for argument in argv):
            if option in FORMER_OPTIONS and not (option == "--seeds" and "--grid" in argv):
                new = FORMER_OPTIONS[option]
                raise UserError(f"{option} needs a command now: python sample.py {new}.")
        argv = ["grid", *argv]
    # argparse interprets a value that begins with a minus as an option.
    text = re.sub(r"(?<=\0--psi)\0(?=-[\d.])", "=", "\0".join(["", *argv]))
    parser = Parser(description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (run, suffixes, options) in COMMANDS.items():
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.set_defaults(suffixes=suffixes)
        for option in options.split():
            command.add_argument(option, **OPTIONS[option])
        kind = f"a file ending in {' or '.join(suffixes)}" if suffixes else "a folder"
        command.add_argument("--out", type=Path, metavar="PATH", help=kind)
    arguments = parser.parse_args(text.split("\0")[1:])
    check(arguments)
    return arguments


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for arguments that contradict each other."""
    given = vars(arguments)
    command, seeds, psi = arguments.command, given.get("seeds", []), given.get("psi", [])
    if command == "grid" and len(seeds) > arguments.grid[0] * arguments.grid[1]:
        raise UserError(
            f"a grid of {arguments.grid[0]}x{arguments.grid[1]} is too small for {len(seeds):,} "
            "seeds; use a larger --grid, or the command `faces`."
        )
    if command == "faces" and bool(seeds) == bool(arguments.count):
        raise UserError("the command `faces` needs either --count N or --seeds LIST.")
    if command == "walk" and len(seeds) < 2:
        raise UserError("a walk needs two seeds or more, such as --seeds 3,8.")
    if command in ("grid", "walk") and len(psi) > 1:
        raise UserError(f"--psi has {len(psi)} values, but a {command} takes one.")
    if command == "figure":
        require_arguments(arguments.name, seeds, psi, arguments.noise)
    if arguments.out and arguments.suffixes:
        arguments.out = checked_file(arguments.out, arguments.suffixes)
    if "fps" in given:
        films.require_speed(arguments.out or Path(f"film{arguments.suffixes[0]}"), arguments.fps)


def parse_psis(text: str) -> list[float]:
    """Return "1.2,1,0.7" as numbers."""
    return [number(-10, 10)(part) for part in text.split(",")]


def parse_noise(text: str) -> str:
    """Return one of the kinds of noise."""
    if text in NOISE:
        raise argparse.ArgumentTypeError(f"{text} is called {NOISE[text]} now")
    if text not in NOISE.values():
        raise argparse.ArgumentTypeError(f"{text!r} is not const, random or none")
    return text


def parse_grid(text: str) -> tuple[int, int]:
    """Return "5x4" as (5, 4), columns and rows."""
    size = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d{0,2})", text)
    if not size:
        raise argparse.ArgumentTypeError(f"{text!r} is not columns x rows, such as 5x5")
    return int(size[1]), int(size[2])


def parse_seeds(text: str) -> list[int]:
    """Return "1,5,100-102" as [1, 5, 100, 101, 102]."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or int(match[2] or match[1]) - int(match[1]) not in range(1_000_000):
            example = "1,5,100-109 (at most a million in a range)"
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of seeds such as {example}")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return seeds


def checked_file(out: Path, suffixes: tuple[str, ...]) -> Path:
    """Return the output file, with the first suffix if it has none."""
    named = out if out.suffix or out.name in ("", "..") else out.with_suffix(suffixes[0])
    if named.suffix not in suffixes or named.is_dir():
        raise UserError(f"--out is {out}, but must be a file ending in {' or '.join(suffixes)}.")
    return named


def make_folder(folder: Path) -> None:
    """Make a folder to write to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if folder.is_file() else reason(error)
        raise UserError(
            f"the folder {folder} can't be created ({why}); choose another with --out."
        ) from None


def open_generator(arguments: argparse.Namespace, name: str):
    """Return the generator, its file, and the output path (default `name`_<weights file>)."""
    from anime_gan.generation.load import find_weights, load_generator, output_folder

    path = find_weights(arguments.source)
    generator = load_generator(str(path))
    if path.suffix == ".h5":
        note_raw_weights(path)
    suffix = arguments.suffixes[0] if arguments.suffixes else ""
    out = arguments.out or output_folder(path) / f"{name}_{path.name.split('.')[0]}{suffix}"
    make_folder(out.parent if suffix else out)
    return generator, path, out


def note_raw_weights(path: Path) -> None:
    """Print a line if a run also keeps the moving average of the weights in a .weights.h5."""
    from anime_gan.config import from_dict, read_yaml

    if from_dict(read_yaml(path.with_name("config.yaml"))).training.ema_kimg is not None:
        print(f"{path.name} holds raw weights; generator_<step>.keras holds their EMA.")


def save(out: Path, image) -> None:
    """Write a Pillow image."""
    with whole_file(out) as temporary:
        image.save(temporary)


def grid(arguments: argparse.Namespace) -> str:
    """One image with a grid of generated ones (the default)."""
    generator, path, out = open_generator(arguments, "sample")
    columns, rows = arguments.grid
    seeds = arguments.seeds or range(columns * rows)
    images = generator.images_from_seeds(seeds, *arguments.psi, noise=arguments.noise)
    save(out, to_image(montage(images, columns)))
    return f"{out} from {path}"


def faces(arguments: argparse.Namespace) -> str:
    """Single images, face_<seed>.png, of --seeds or --count; a folder for each of several psi."""
    generator, path, out = open_generator(arguments, "sample")
    every, psis = arguments.seeds or range(arguments.count), arguments.psi or [1.0]
    for psi in psis:
        folder = out / f"psi_{psi:g}" if len(psis) > 1 else out
        make_folder(folder)
        for start in range(0, len(every), IN_MEMORY):
            seeds = every[start : start + IN_MEMORY]
            images = generator.images_from_seeds(seeds, psi, arguments.noise)
            for seed, image in zip(seeds, images, strict=True):
                to_image(image).save(folder / f"face_{seed}.png")
    return f"{out} from {path}"


def walk(arguments: argparse.Namespace) -> str:
    """A film from seed to seed and back to the first; needs two or more --seeds."""
    from anime_gan.generation.walk import walk

    generator, path, out = open_generator(arguments, "walk")
    w = walk(generator, arguments.seeds, arguments.frames, *arguments.psi, space=arguments.space)
    images = generator.images(w, arguments.noise, range(len(w)))
    films.write(out, films.frames_of_images(images, arguments.size), arguments.fps)
    return f"{out} from {path}"


def film(arguments: argparse.Namespace) -> str:
    """A film of the sample grids of a run, or of several runs in order."""
    from anime_gan.runs.folder import RunFolder, newest_run

    names = arguments.runs.split(",") if arguments.runs else []
    runs = [RunFolder(name) for name in names] or [newest_run()]
    out = arguments.out or runs[-1].images / f"training{arguments.suffixes[0]}"
    make_folder(out.parent)
    films.write(out, films.frames_of_training(runs, arguments.size), arguments.fps)
    return f"{out} from the grids of {', '.join(run.name for run in runs)}"


def draw_figure(arguments: argparse.Namespace) -> str:
    """A figure of many images."""
    generator, path, out = open_generator(arguments, arguments.name)
    save(out, figure(arguments.name, generator, arguments.seeds, arguments.psi, arguments.noise))
    return f"{out} from {path}"


def project(arguments: argparse.Namespace) -> str:
    """The StyleGAN image most similar to a face, and a film of the search."""
    from anime_gan.generation.projection import project, read_target

    name = re.sub(r"\W+", "_", f"projection_{arguments.image.stem}")
    generator, path, out = open_generator(arguments, name)
    film = checked_file(out.with_suffix(".mp4"), (".mp4",))
    target = read_target(arguments.image, generator)
    w, distances = project(generator, target, arguments.steps)
    images = generator.images(w)
    labels = ["target", f"mean, {distances[0]:.3f}", f"nearest, {distances[-1]:.3f}"]
    save(out, sheet([[target, images[0], images[-1]]], labels))
    every = max(1, len(images) // 240)  # ten seconds at 24 frames per second
    films.write(film, films.frames_beside(target, images[::every], arguments.size), 24)
    return f"{out} and {film} from {path}"


def option(kind, metavar: str, text: str, default=None) -> dict:
    """Return the settings of an option for argparse."""
    return {"type": kind, "metavar": metavar, "help": text, "default": default}


OPTIONS = {
    "source": {"nargs": "?", "help": "a run or a weights file (default: the newest run)"},
    "runs": {"nargs": "?", "help": "a run, or several: a,b,c (default: the newest run)"},
    "name": {"choices": FIGURES},
    "image": {"type": Path, "help": "an image of a face, cropped like the training images"},
    "--grid": option(parse_grid, "5x5", "columns x rows (default 5x5)", (5, 5)),
    "--count": option(number(1, 1_000_000, int), "N", "number of images, of seeds 0 to N-1"),
    "--seeds": option(parse_seeds, "LIST", "seeds, such as 1,5,100-109", []),
    "--psi": option(parse_psis, "LIST", "truncation, -10 to 10: 1 is none, 0 the mean face", []),
    "--noise": option(parse_noise, "KIND", "StyleGANs: const (default), random or none", "const"),
    "--space": {"choices": ("z", "w"), "help": "interpolate in z, or w (StyleGANs; default)"},
    "--frames": option(number(2, 10_000, int), "N", "frames from seed to seed (default 48)", 48),
    "--steps": option(number(1, 100_000, int), "N", "optimizer steps (default 500)", 500),
    "--size": option(number(2, 4_096, int), "PIXELS", "height of the film, 2 to 4096"),
    "--fps": option(number(1, 240), "N", "frames per second, 1 to 240 (default 24)", 24.0),
}
IMAGE = (".png", ".jpg", ".webp")
COMMANDS = {
    "grid": (grid, IMAGE, "source --grid --seeds --psi --noise"),
    "faces": (faces, (), "source --count --seeds --psi --noise"),
    "walk": (walk, (".gif", ".mp4"), "source --seeds --frames --space --psi --noise --size --fps"),
    "film": (film, (".mp4", ".gif"), "runs --size --fps"),
    "figure": (draw_figure, IMAGE, "name source --seeds --psi --noise"),
    "project": (project, IMAGE, "image source --steps --size"),
}

if __name__ == "__main__":
    raise SystemExit(main())
