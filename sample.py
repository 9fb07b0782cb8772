"""Generate images from trained weights.

    python sample.py                               a 5x5 grid of new faces from the newest run
    python sample.py v4 --grid 8x4 --size 256      from a run, by its name or its version
    python sample.py weights/v4 --seeds 3,7        from a folder or a file; a seed is always the
                                                   same face
    python sample.py grid walk                     from a run that is called walk
    python sample.py pretrained                    from the weights that come with the project
                                                   (or pretrained-drawn), as where there is no run
    python sample.py faces v5 --seeds 1,5,100-109  single images, face_00001.png, ...
    python sample.py faces --count 1000 --psi 1.2,1,0.7,0.5,0,-0.5,-1
                                                   1000 images for each truncation
    python sample.py figure truncation             or uncurated; for StyleGANs also mixing,
                                                   noise-detail or noise-components
    python sample.py walk --seeds 3,8,20 --out walk.mp4
                                                   from seed to seed and back, as GIF or MP4
    python sample.py film v5                       the grids that training wrote, in order
    python sample.py project face.png stylegan     the StyleGAN image most similar to a face

Without --seeds, each call takes new seeds and prints them. An image depends only on weights and
seed; on another machine or backend it may differ by 1 of 255. An existing file is replaced only if
--out names it. `python sample.py COMMAND --help` lists the options of a command.
"""

import argparse
import re
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, number, own_arguments, with_negatives
from anime_gan.console import waiting
from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import require_writable, require_writable_folder
from anime_gan.generation import films
from anime_gan.generation.figures import FIGURES, figure, require_arguments, sheet
from anime_gan.generation.grid import columns_for, image_grid, parse_grid, require_canvas, resizer
from anime_gan.generation.output import (
    IMAGE,
    as_seen,
    details,
    free_path,
    new_seeds,
    parse_seeds,
    save_image,
    save_small,
    seed_text,
)
from anime_gan.generation.pretrained import name_of
from anime_gan.generation.target import read_target

IN_MEMORY = 1_024  # single images that are in memory together
MOST_FACES = 4_096  # of a grid
FRAMES = 48  # of a walk, from seed to seed
FORMER_OPTIONS = {
    "--count": "faces --count N",
    "--walk": "walk --seeds A,B",
    "--film": "film",
    "--figure": "figure NAME",
    "--project": "project IMAGE",
}
NOISE = {"fixed": "const", "fresh": "random", "off": "none"}  # former name: name


@clean_exit
def main() -> None:
    """Read the command line, generate and write the images, and print their path."""
    arguments = parse(own_arguments())
    if vars(arguments).get("upscaler", "lanczos") != "lanczos":
        resizer(arguments.size, arguments.upscaler)  # UserError if it is not installed
    with chdir(find_source(arguments)):
        require_output(arguments)
        backend.start(import_keras=arguments.command != "film")
        with waiting("Loading the weights and generating"):
            done = COMMANDS[arguments.command][0](arguments)
        print(done)


def find_source(arguments: argparse.Namespace) -> Path:
    """Return the folder with weights/, and make the arguments paths as seen from there.

    UserError if there are no such weights, or they are damaged.
    """
    from anime_gan.generation.load import find_weights, locate, require_loadable

    arguments.here = here = Path.cwd()
    is_film = arguments.command == "film"
    names = (arguments.runs or "").split(",") if is_film else [arguments.source]
    found = [locate(name or None) for name in names]
    home, first = found[0]
    for given in ("out", "image"):
        if home != here and vars(arguments).get(given):
            setattr(arguments, given, here / vars(arguments)[given])
    arguments.runs = [name for _, name in found]
    if not is_film:
        with chdir(home):
            arguments.weights = find_weights(first)
            require_loadable(arguments.weights)
        if not arguments.source and name_of(arguments.weights):
            print("There is no run here yet: these faces are those of the pretrained generator.")
    return home


def require_output(arguments: argparse.Namespace) -> None:
    """Raise UserError if the output can't be written, before Keras is imported."""
    from anime_gan.generation.load import output_folder

    if arguments.out and arguments.suffixes:
        require_writable(arguments.out)
    elif arguments.out:
        require_writable_folder(arguments.out)
    elif arguments.command != "film":
        require_writable_folder(output_folder(arguments.weights))


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments, checked as far as that is possible without the weights."""
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help"):
        for option in (argument.partition("=")[0] for argument in argv):
            if option in FORMER_OPTIONS:
                new = FORMER_OPTIONS[option]
                raise UserError(f"{option} needs a command now: python sample.py {new}.")
        argv = ["grid", *argv]
    parser = Parser(description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (run, suffixes, options) in COMMANDS.items():
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.set_defaults(suffixes=suffixes)
        for option in options.split():
            command.add_argument(option, **OPTIONS[option])
        kind = f"a file ending in {' or '.join(suffixes)}" if suffixes else "a folder"
        command.add_argument("--out", type=Path, metavar="PATH", help=kind)
    arguments = parser.parse_args(with_negatives(argv, "--psi"))
    check(arguments)
    return arguments


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for arguments that contradict each other."""
    given = vars(arguments)
    command, seeds, psi = arguments.command, given.get("seeds", []), given.get("psi", [])
    if command == "grid":
        check_grid(arguments)
    if command == "faces" and bool(seeds) == bool(arguments.count):
        raise UserError("the command `faces` needs either --count N or --seeds LIST.")
    if command == "walk" and len(seeds) == 1:
        raise UserError("a walk needs two seeds or more, such as --seeds 3,8.")
    if given.get("upscaler", "lanczos") != "lanczos" and not arguments.size:
        raise UserError(f"--upscaler {arguments.upscaler} needs a size, such as --size 512.")
    if command in ("grid", "walk") and len(psi) > 1:
        raise UserError(f"--psi has {len(psi)} values, but a {command} takes one.")
    if command == "figure":
        require_arguments(arguments.name, seeds, psi, arguments.noise)
    if command == "project":
        if not arguments.image.is_file():
            raise UserError(f"there is no image {arguments.image}; check the path.")
        read_target(arguments.image, 4, 3)  # now, and not only when Keras is imported
    if arguments.out and arguments.suffixes:
        arguments.out = checked_file(arguments.out, arguments.suffixes)
    elif arguments.out and arguments.out.suffix.lower() in (*IMAGE, ".gif", ".mp4"):
        raise UserError(
            f"--out is {arguments.out}, but the command `faces` writes several files; name a "
            "folder, or use the command `grid` for one file."
        )
    if given.get("fps"):
        films.require_speed(arguments.out or Path(f"film{arguments.suffixes[0]}"), arguments.fps)


def check_grid(arguments: argparse.Namespace) -> None:
    """Choose a grid's columns and rows, if not given; UserError for too many or too few faces."""
    count = len(arguments.seeds)
    if arguments.grid is None:
        columns = columns_for(count) if count else 5
        arguments.grid = columns, -(-count // columns) or 5
    columns, rows = arguments.grid
    if columns * rows > MOST_FACES:
        raise UserError(
            f"a grid of {columns}x{rows} is {columns * rows:,} faces, but has {MOST_FACES:,} at "
            f"most; for single images: faces --count {columns * rows}."
        )
    if count > columns * rows:
        raise UserError(
            f"a grid of {columns}x{rows} is too small for {count:,} seeds; use a larger --grid, or "
            "the command `faces`."
        )


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


def open_generator(arguments: argparse.Namespace, name: str, *others: str):
    """Return the generator, and where to write: `name`_<weights>, or a free name like it.

    others: suffixes of further files that are written under this name.
    """
    from anime_gan.generation.load import load_generator, output_folder

    path = arguments.weights
    generator = load_generator(str(path))
    if path.suffix == ".h5":
        note_raw_weights(path)
    suffix = arguments.suffixes[0] if arguments.suffixes else ""
    own = output_folder(path) / f"{name}_{path.name.split('.')[0]}{suffix}"
    out = arguments.out or free_path(own, *others)
    require_writable_folder(out.parent if suffix else out)
    return generator, out


def note_raw_weights(path: Path) -> None:
    """Print a line if a run also keeps the moving average of the weights in a .weights.h5."""
    from anime_gan.config import from_dict, read_yaml

    if from_dict(read_yaml(path.with_name("config.yaml"))).training.ema_kimg is not None:
        print(f"{path.name} holds raw weights; generator_<step>.keras holds their EMA.")


def written(arguments: argparse.Namespace, outs: Sequence[Path], seeds: Sequence[int] = ()) -> str:
    """Return the line that says what was written, and which seeds give the same again."""
    paths = " and ".join(as_seen(path, arguments.here) for path in outs)
    source = name_of(arguments.weights) or as_seen(arguments.weights, arguments.here)
    line = f"{paths} from {source}"
    if not seeds:
        return line
    text = seed_text(seeds)
    if arguments.seeds:
        return f"{line}, seeds {text}" if len(text) < 60 else f"{line}, {len(seeds):,} seeds"
    return f"{line}, new seeds; the same again: --seeds {text}"


def grid(arguments: argparse.Namespace) -> str:
    """One image with a grid of faces, each with its seed (the default)."""
    generator, out = open_generator(arguments, "sample")
    columns, rows = arguments.grid
    seeds, psi = arguments.seeds or new_seeds(columns * rows), (arguments.psi or [1.0])[0]
    resize = resizer(arguments.size, arguments.upscaler) if arguments.size else None
    require_canvas(columns, rows, arguments.size or generator.resolution, out.suffix)
    images = generator.images_from_seeds(seeds, psi, arguments.noise)
    captions = [] if arguments.no_captions else [str(seed) for seed in seeds]
    image = image_grid(images, columns, captions, resize)
    save_image(out, image, details(arguments.weights, seeds, noise=arguments.noise, psi=f"{psi:g}"))
    return written(arguments, [out], seeds)


def faces(arguments: argparse.Namespace) -> str:
    """Single images, face_<seed>.png, of --seeds or --count; a folder for each of several psi."""
    generator, out = open_generator(arguments, "sample")
    every, psis = arguments.seeds or new_seeds(arguments.count), arguments.psi or [1.0]
    resize = resizer(arguments.size, arguments.upscaler) if arguments.size else lambda image: image
    digits = max(5, len(str(max(every))))  # so that the names sort
    for psi in psis:
        folder = out / f"psi_{psi:g}" if len(psis) > 1 else out
        require_writable_folder(folder)
        for start in range(0, len(every), IN_MEMORY):
            seeds = every[start : start + IN_MEMORY]
            images = generator.images_from_seeds(seeds, psi, arguments.noise)
            for seed, image in zip(seeds, images, strict=True):
                path = free_path(folder / f"face_{seed:0{digits}}.png")
                about = details(arguments.weights, [seed], noise=arguments.noise, psi=f"{psi:g}")
                save_small(path, to_image(resize(image)), about)
    return written(arguments, [out], every)


def walk(arguments: argparse.Namespace) -> str:
    """A film from seed to seed and back to the first, of 6 to 12 seconds."""
    from anime_gan.generation.walk import walk

    generator, out = open_generator(arguments, "walk")
    seeds, fps = arguments.seeds or new_seeds(4), arguments.fps or films.FPS
    frames = arguments.frames or films.walk_frames(len(seeds), FRAMES, fps)
    w = walk(generator, seeds, frames, *arguments.psi, space=arguments.space)
    images = generator.images(w, arguments.noise, range(len(w)))
    films.write(out, films.frames_of_images(images, arguments.size, arguments.upscaler), fps)
    return written(arguments, [out], seeds)


def film(arguments: argparse.Namespace) -> str:
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


def draw_figure(arguments: argparse.Namespace) -> str:
    """A figure of many images."""
    generator, out = open_generator(arguments, arguments.name)
    name, seeds, psis, size = arguments.name, arguments.seeds, arguments.psi, arguments.size
    image = figure(name, generator, seeds, psis, arguments.noise, size)
    _, own_seeds, own_psis = FIGURES[name]
    psi = ",".join(f"{psi:g}" for psi in psis or own_psis)
    save_image(
        out,
        image,
        details(arguments.weights, seeds or own_seeds, psi=psi, noise=arguments.noise, figure=name),
    )
    return written(arguments, [out])


def project(arguments: argparse.Namespace) -> str:
    """The StyleGAN image most similar to a face, and a film of the search."""
    from anime_gan.generation.projection import project

    name = re.sub(r"\W+", "_", f"projection_{arguments.image.stem}")
    generator, out = open_generator(arguments, name, ".mp4")
    film = checked_file(out.with_suffix(".mp4"), (".mp4",))
    film = free_path(film) if arguments.out else film  # --out names the image only
    target = read_target(arguments.image, generator.resolution, generator.channels)
    w, distances = project(generator, target, arguments.steps)
    images = generator.images(w)
    labels = ["target", f"mean, {distances[0]:.3f}", f"nearest, {distances[-1]:.3f}"]
    image = sheet([[target, images[0], images[-1]]], labels, size=arguments.size)
    save_image(out, image, details(arguments.weights, target=arguments.image.name))
    shown, fps = films.pace(len(images))
    films.write(film, films.frames_beside(target, images[shown], arguments.size), fps)
    return written(arguments, [out, film])


def option(kind, metavar: str, text: str, default=None) -> dict:
    """Return the settings of an option for argparse."""
    return {"type": kind, "metavar": metavar, "help": text, "default": default}


SOURCE = "a run, a version, a folder or a weights file (default: the newest run)"
OPTIONS = {
    "source": {"nargs": "?", "help": SOURCE},
    "runs": {"nargs": "?", "help": "a run, or several: a,b,c (default: the newest run)"},
    "name": {"choices": FIGURES},
    "image": {"type": Path, "help": "an image of a face, cropped like the training images"},
    "--grid": option(parse_grid, "5x5", "columns x rows (default 5x5, or what the seeds need)"),
    "--count": option(number(1, 1_000_000, int), "N", "number of images, of new seeds"),
    "--seeds": option(parse_seeds, "LIST", "seeds, such as 1,5,100-109 (default: new ones)", []),
    "--psi": option(parse_psis, "LIST", "truncation, -10 to 10: 1 is none, 0 the mean face", []),
    "--noise": option(
        parse_noise,
        "KIND",
        "StyleGANs: const (fixed, default), random (per seed) or none",
        "const",
    ),
    "--space": {"choices": ("z", "w"), "help": "interpolate in z, or w (StyleGANs; default)"},
    "--frames": option(
        number(2, 10_000, int),
        "N",
        f"frames between two seeds (default {FRAMES}, or what makes a film of 6 to 12 seconds)",
    ),
    "--steps": option(number(1, 100_000, int), "N", "optimizer steps (default 500)", 500),
    "--size": option(
        number(2, 4_096, int), "PIXELS", "height of a face, in `film` of the film (Lanczos)"
    ),
    "--upscaler": {
        "choices": ("lanczos", "waifu2x", "waifu2x-gpu"),
        "default": "lanczos",
        "help": "what enlarges to --size (default lanczos); waifu2x is a network for drawings",
    },
    "--no-captions": {"action": "store_true", "help": "no seed below each face"},
    "--fps": option(
        number(0.1, 240), "N", "frames per second (default: a film of 6 to 12 seconds)"
    ),
}
COMMANDS = {
    "grid": (grid, IMAGE, "source --grid --seeds --psi --noise --size --upscaler --no-captions"),
    "faces": (faces, (), "source --count --seeds --psi --noise --size --upscaler"),
    "walk": (
        walk,
        (".gif", ".mp4"),
        "source --seeds --frames --space --psi --noise --size --upscaler --fps",
    ),
    "film": (film, (".mp4", ".gif"), "runs --size --fps"),
    "figure": (draw_figure, IMAGE, "name source --seeds --psi --noise --size"),
    "project": (project, IMAGE, "image source --steps --size"),
}

if __name__ == "__main__":
    raise SystemExit(main())
