"""Generate images from trained weights.

    python sample.py                               a 5x5 grid of new faces from the newest run
    python sample.py v4 --grid 8x4 --size 256      from a run, by its name or its version
    python sample.py v4 --scale 4                  four times as large, by a network for drawings
    python sample.py weights/v4 --seeds 3,7        from a folder or a file; a seed is always the
                                                   same face
    python sample.py grid walk                     from a run that is called walk
    python sample.py pretrained                    from the weights that come with the project
                                                   (or pretrained-drawn), as where there is no run
    python sample.py faces v5 --seeds 1,5,100-109  single images, face_00001.png, ...
    python sample.py faces --count 1000 --psi 1.2,1,0.7,0.5,0,-0.5,-1
                                                   1000 images for each truncation
    python sample.py v5 --label hair=blue          of a run that was trained with labels
    python sample.py v5 --label "hair=*"           a row for each hair color, of the same faces
    python sample.py figure truncation             or uncurated; for StyleGANs also mixing,
                                                   noise-detail or noise-components
    python sample.py walk --seeds 3,8,20 --out walk.mp4
                                                   from seed to seed and back, as GIF or MP4
    python sample.py walk --seeds 3 --label hair=red --label hair=blue
                                                   from label to label
    python sample.py edit --seeds 5,8 --set hair=+2,pose=-1
                                                   faces before and after; directions.py RUN finds
                                                   the names. --strip hair: from -3 to 3
    python sample.py film v5                       the grids that training wrote, in order
    python sample.py project face.png v5           the generator's image most similar to a face, and
                                                   a file of its latents for --seeds 3,face.npz

Without --seeds, each call takes new seeds and prints them. An image depends only on weights and
seed; on another machine or backend it may differ by 1 of 255. An existing file is replaced only if
--out names it. `python sample.py COMMAND --help` lists the options of a command.
"""

import argparse
from contextlib import chdir
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, own_arguments, with_negatives
from anime_gan.console import waiting
from anime_gan.errors import UserError, clean_exit
from anime_gan.generation import films
from anime_gan.generation.latent_file import read_latent
from anime_gan.generation.output import IMAGE
from anime_gan.sampling import edit, faces, figure, film, grid, project, scale, walk
from anime_gan.sampling.options import OPTIONS
from anime_gan.sampling.source import find_source, require_known_labels, require_output

COMMANDS = {
    "grid": grid,
    "faces": faces,
    "walk": walk,
    "edit": edit,
    "film": film,
    "figure": figure,
    "project": project,
}
TAKE_FILES = ("walk", "edit", "figure")  # of latents, in place of seeds
FORMER_OPTIONS = {
    "--count": "faces --count N",
    "--walk": "walk --seeds A,B",
    "--film": "film",
    "--figure": "figure NAME",
    "--project": "project IMAGE",
}


@clean_exit
def main() -> None:
    """Read the command line, generate and write the images, and print their path."""
    arguments = parse(own_arguments())
    if "upscaler" in arguments:
        scale.choose_upscaler(arguments)
    with chdir(find_source(arguments)):
        require_output(arguments)
        require_known_labels(arguments)
        if hasattr(COMMANDS[arguments.command], "check_weights"):
            COMMANDS[arguments.command].check_weights(arguments)
        backend.start(import_keras=arguments.command != "film")
        with waiting("Loading the weights and generating"):
            done = COMMANDS[arguments.command].run(arguments)
        print(done)


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
    for name, module in COMMANDS.items():
        about, suffixes = module.run.__doc__, module.SUFFIXES
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(suffixes=suffixes)
        for option in module.OPTIONS.split():
            command.add_argument(option, **OPTIONS[option])
        kind = f"a file ending in {' or '.join(suffixes)}" if suffixes else "a folder"
        command.add_argument("--out", type=Path, metavar="PATH", help=kind)
    arguments = parser.parse_args(with_negatives(argv, "--psi"))
    check(arguments)
    return arguments


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for arguments that contradict each other."""
    given, command = vars(arguments), arguments.command
    if hasattr(COMMANDS[command], "check"):
        COMMANDS[command].check(arguments)
    files = [seed for seed in given.get("seeds", ()) if isinstance(seed, Path)]
    if files and command not in TAKE_FILES:
        raise UserError(
            f"the command `{command}` takes seeds only, and {files[0]} is a file; "
            "walk, edit and the figure mixing take it."
        )
    for file in files:
        read_latent(file)
    if "scale" in arguments:
        scale.check(arguments)
    if command in ("grid", "walk", "edit") and len(arguments.psi) > 1:
        raise UserError(f"--psi has {len(arguments.psi)} values, but a {command} takes one.")
    if arguments.out and arguments.suffixes:
        arguments.out = checked_file(arguments.out, arguments.suffixes)
    elif arguments.out and arguments.out.suffix.lower() in (*IMAGE, ".gif", ".mp4"):
        raise UserError(
            f"--out is {arguments.out}, but the command `faces` writes several files; name a "
            "folder, or use the command `grid` for one file."
        )
    if given.get("fps"):
        films.require_speed(arguments.out or Path(f"film{arguments.suffixes[0]}"), arguments.fps)


if __name__ == "__main__":
    raise SystemExit(main())
