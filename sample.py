"""Draw faces, figures and films from trained weights.

    python sample.py                                 a 5x5 grid from the newest run
    python sample.py v4 --grid 8x4                   from a run, by its name
    python sample.py weights/v5/generator_5000.keras --count 1000 --out faces
    python sample.py --seeds 1,5,100-109             single faces; a seed is always the same face
    python sample.py --count 1000 --psi 1.2,1,0.7,0.5,0,-0.5,-1        so many for each truncation
    python sample.py --figure truncation             or uncurated; with styles mixing, noise-detail,
                                                     noise-components
    python sample.py --walk 3,8,20 --out walk.mp4    from face to face and back, GIF or MP4
    python sample.py v5 --film                       the run's grids, from the first to the last
    python sample.py stylegan --project face.png     the nearest face that a StyleGAN can make

A seed's face depends on nothing but the weights: not on the batch, the machine or the backend.
"""

import argparse
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from anime_gan import backend

backend.start()

from anime_gan.data.decode import DECODERS, decode, reason
from anime_gan.data.pixels import to_image
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import whole_file
from anime_gan.generation import films
from anime_gan.generation.figures import FIGURES, sheet
from anime_gan.generation.generator import NOISE, Drawer, parse_psis
from anime_gan.generation.load import find_weights, images_beside, load_generator
from anime_gan.runs.grids import save_grid
from anime_gan.runs.run import IMAGES

PICTURE, FILM = (".png", ".jpg", ".webp"), (".gif", ".mp4")
AT_ONCE = 1_024  # single faces that are in memory together

# What each kind of picture takes beside a source and --out; what says nothing to it is refused.
_FACES = ("seeds", "count", "psi", "noise")
TAKES = {
    "grid": _FACES,
    "single": _FACES,
    "figure": _FACES,
    "walk": ("psi", "noise", "space", "frames", "size", "fps"),
    "film": ("size", "fps"),
    "project": ("steps", "size"),
}


@dataclass
class Job:
    """What is to be drawn, how, and where."""

    arguments: argparse.Namespace
    drawer: Drawer
    out: Path
    psis: list[float]
    seeds: list[int]

    @property
    def psi(self) -> float:
        """The truncation, 1 if none is given; UserError if there are several."""
        if len(self.psis) > 1:
            raise UserError(
                f"--psi names {len(self.psis)} values; give one, or take --count or "
                "--figure truncation."
            )
        return self.psis[0] if self.psis else 1.0


@clean_exit
def main() -> None:
    """Read the command line, draw, write, and say where."""
    arguments = parser().parse_args()
    kind = kind_of(arguments)
    psis = [] if arguments.psi is None else parse_psis(arguments.psi)
    seeds = seeds_of(kind, arguments)
    if kind == "film":
        print(f"{write_film(arguments)} from the grids of {arguments.source or 'the newest run'}")
        return
    path = find_weights(arguments.source)
    drawer = Drawer(load_generator(path))
    default = images_beside(path) / f"{NAMES[kind](arguments)}_{path.name.split('.')[0]}"
    job = Job(arguments, drawer, Path(arguments.out or default), psis, seeds)
    print(f"{WRITERS[kind](job)} from {path}")


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    result = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = result.add_argument
    add("source", nargs="?", help="a run's name or a weights file; else the newest")
    add("--grid", metavar="5x5", help="columns x rows of one picture")
    add("--count", type=int, metavar="N", help="single faces of the seeds 0 to N-1")
    add("--seeds", metavar="LIST", help="such as 1,5,100-109")
    add("--psi", metavar="LIST", help="truncation: 1 none, 0 the mean face; several: --psi=-1,0.5")
    add("--noise", choices=NOISE, default="fixed", help="of StyleGANs: the same in all, new, none")
    add("--figure", choices=FIGURES, help="a figure of many faces")
    add("--walk", metavar="A,B,...", help="a film from seed to seed and back to the first")
    add("--space", choices=("z", "w"), help="where it walks: latents, or styles where there are")
    add("--film", action="store_true", help="of training; several runs in a row: --film a,b")
    add("--project", metavar="PICTURE", help="find a face in a StyleGAN; PNG, with .mp4 its film")
    add("--frames", type=int, default=48, metavar="N", help="of a walk, from one seed to the next")
    add("--steps", type=int, default=500, metavar="N", help="of a projection")
    add("--size", type=int, metavar="PIXELS", help="height of a film")
    add("--fps", type=float, default=24, metavar="N", help="frames of a film in a second")
    add("--out", metavar="PATH", help="a folder for single faces, else a file")
    return result


def kind_of(arguments: argparse.Namespace) -> str:
    """Return what the arguments ask for; UserError where they contradict each other."""
    default = parser().get_default
    given = [name for name, value in vars(arguments).items() if value != default(name)]
    asked = [name for name in given if name in TAKES]
    if len(asked) > 1:
        raise UserError(f"--{asked[0]} and --{asked[1]} are two pictures; ask for one at a time.")
    if {"seeds", "count"} <= set(given):
        raise UserError("--seeds and --count both say which faces; give one of them.")
    for name, low, high in (
        ("count", 1, 1_000_000),
        ("frames", 2, 10_000),
        ("steps", 1, 100_000),
        ("size", 2, 4096),
        ("fps", 1, 240),
    ):
        value = getattr(arguments, name)
        if value is not None and not low <= value <= high:
            raise UserError(f"--{name} is {value:g}, but must be from {low} to {high}.")
    kind = asked[0] if asked else "single" if {"seeds", "count"} & set(given) else "grid"
    for name in given:
        if name not in ("source", "out", kind, *TAKES[kind]):
            taking = ", ".join(f"--{k}" for k in TAKES if name in TAKES[k] and k != "single")
            what = "single faces" if kind == "single" else f"--{kind}"
            raise UserError(f"--{name} does nothing for {what}, only for {taking}; leave it out.")
    return kind


def seeds_of(kind: str, arguments: argparse.Namespace) -> list[int]:
    """Return the seeds that the arguments name, or else those that this kind begins with."""
    if kind == "walk":
        seeds = parse_seeds(arguments.walk)
        if len(seeds) < 2:
            raise UserError("--walk takes two seeds or more, such as 3,8.")
        return seeds
    seeds: list[int] = []
    if arguments.seeds is not None:
        seeds = parse_seeds(arguments.seeds)
    elif arguments.count:
        seeds = list(range(arguments.count))
    if kind == "grid":
        columns, rows = grid_of(arguments)
        if len(seeds) > columns * rows:
            raise UserError(
                f"a grid of {columns}x{rows} has no place for {len(seeds):,} faces; give --grid "
                "more columns or rows, or leave it out for single faces."
            )
        return seeds or list(range(columns * rows))
    if kind == "figure" and arguments.figure == "uncurated" and len(seeds) > 1:
        raise UserError(
            "--figure uncurated leaves no seed out after the first; give --seeds that one alone."
        )
    return seeds or (list(FIGURES[arguments.figure][1]) if kind == "figure" else [])


def grid_of(arguments: argparse.Namespace) -> tuple[int, int]:
    """Return the columns and rows of a grid."""
    size = re.fullmatch(r"(\d{1,3})x(\d{1,3})", "5x5" if arguments.grid is None else arguments.grid)
    if not size or 0 in (int(size[1]), int(size[2])):
        raise UserError(f"--grid is {arguments.grid!r}, but must be columns x rows, as 5x5.")
    return int(size[1]), int(size[2])


def parse_seeds(text: str) -> list[int]:
    """Return "1,5,100-102" as [1, 5, 100, 101, 102]."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or int(match[2] or match[1]) - int(match[1]) not in range(1_000_000):
            raise UserError(f"seeds are {text!r}, but must be like 1,5,100-109, at most a million.")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return seeds


def as_file(out: Path, *suffixes: str) -> Path:
    """Return where a picture or film goes: the first suffix if it has none, and a folder that is
    there.
    """
    named = out if out.suffix or out.name in ("", "..") else out.with_suffix(suffixes[0])
    if named.suffix not in suffixes or named.is_dir():
        raise UserError(f"--out is {out}, but must be a file ending in {' or '.join(suffixes)}.")
    make_folder(named.parent)
    return named


def make_folder(folder: Path) -> None:
    """Make the folder that --out names, or that its file is in; UserError if it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if folder.is_file() else reason(error)
        raise UserError(
            f"the folder {folder} can't be made ({why}); name another: --out."
        ) from None


def write_grid(job: Job) -> Path:
    """Write one picture with the faces of the seeds."""
    out = as_file(job.out, *PICTURE)
    faces = job.drawer.faces(job.seeds, job.psi, job.arguments.noise)
    save_grid(out, faces, grid_of(job.arguments)[0])
    return out


def write_faces(job: Job) -> Path:
    """Write face_<seed>.png for every seed into a folder; of several psis each has its own."""
    for psi in job.psis or [1.0]:
        folder = job.out / f"psi_{psi:g}" if len(job.psis) > 1 else job.out
        make_folder(folder)
        for start in range(0, len(job.seeds), AT_ONCE):
            seeds = job.seeds[start : start + AT_ONCE]
            faces = job.drawer.faces(seeds, psi, job.arguments.noise)
            for seed, face in zip(seeds, faces, strict=True):
                to_image(face).save(folder / f"face_{seed}.png")
    return job.out


def write_figure(job: Job) -> Path:
    """Write one of FIGURES."""
    out, name = as_file(job.out, *PICTURE), job.arguments.figure
    if name.startswith("noise") and job.arguments.noise != "fixed":
        raise UserError(f"--figure {name} shows every noise beside the others; leave --noise out.")
    draw, _ = FIGURES[name]
    psis = job.psis if name == "truncation" else [job.psi]
    image = draw(job.drawer, job.seeds, psis, job.arguments.noise)
    with whole_file(out) as temporary:
        image.save(temporary)
    return out


def write_walk(job: Job) -> Path:
    """Write the film from face to face."""
    out, drawer, psi = as_file(job.out, *FILM), job.drawer, job.psi
    space = job.arguments.space or ("w" if drawer.styled else "z")
    if space == "w" and not drawer.styled:
        raise UserError("--space w is for versions with styles: stylegan, stylegan2; take z.")
    if space == "w":
        codes = films.walk(drawer.codes(job.seeds, psi), job.arguments.frames, arc=False)
    else:
        latents = films.walk(drawer.latents(job.seeds), job.arguments.frames, arc=True)
        codes = drawer.codes_of(latents, psi)
    faces = drawer.images(codes, job.arguments.noise, range(len(codes)))
    films.write(out, films.of_faces(faces, job.arguments.size), job.arguments.fps)
    return out


def write_film(arguments: argparse.Namespace) -> Path:
    """Write the film of a training, or of several that went on one from the other."""
    names = arguments.source.split(",") if arguments.source else [find_weights(None).parent.name]
    folders = [IMAGES / name for name in names]
    out = as_file(Path(arguments.out or folders[-1] / "training"), ".mp4", ".gif")
    films.write(out, films.of_training(folders, arguments.size), arguments.fps)
    return out


def write_projection(job: Job) -> str:
    """Write target, mean and result side by side, and the film of the way."""
    from anime_gan.generation.projection import project  # a second's import that nothing else needs

    out, drawer = as_file(job.out, *PICTURE), job.drawer
    film = as_file(out.with_suffix(".mp4"), ".mp4")  # it too can be written, before all the work
    if not drawer.styled:
        raise UserError("--project is for versions with styles: stylegan, stylegan2.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, on odd but readable files
            target = decode(Path(job.arguments.project).read_bytes(), drawer.shape)
    except Exception as error:  # on malformed data, decoders raise all there is
        raise UserError(
            f"--project {job.arguments.project} can't be read ({reason(error)}); give it a picture "
            f"in {', '.join(DECODERS[:-1])} or {DECODERS[-1]}."
        ) from None
    found = project(drawer, target, job.arguments.steps)
    faces = drawer.images(found.codes)
    ends = found.distances[[0, -1]]
    top = ["target", f"mean, {ends[0]:.3f}", f"nearest, {ends[1]:.3f}"]
    with whole_file(out) as temporary:
        sheet([[target, faces[0], faces[-1]]], top).save(temporary)
    every = max(1, len(faces) // 240)  # ten seconds
    films.write(film, films.of_pairs(target, faces[::every], job.arguments.size), 24)
    return f"{out} and {film}"


NAMES = {
    "grid": lambda a: "sample",
    "single": lambda a: "sample",
    "walk": lambda a: "walk",
    "figure": lambda a: a.figure,
    "project": lambda a: re.sub(r"\W+", "_", f"projection_{Path(a.project).stem}"),
}
WRITERS = {
    "grid": write_grid,
    "single": write_faces,
    "walk": write_walk,
    "figure": write_figure,
    "project": write_projection,
}

if __name__ == "__main__":
    raise SystemExit(main())
