"""Draw faces from trained weights.

    python sample.py                                 a 5x5 grid from the newest run
    python sample.py v4 --grid 8x4                   from a run, by its name
    python sample.py weights/v5/generator_5000.keras --count 1000 --out faces
    python sample.py --seeds 1,5,100-109             single faces; a seed is always the same face
    python sample.py --walk 3,8 --out walk.mp4       from one face to another, GIF or MP4

A seed's face depends on nothing but the weights: not on the batch, the machine or the backend.
"""

import argparse
import re
from pathlib import Path

# Before anything else of Keras: it decides which backend Keras starts with.
import training.backend  # noqa: F401

import imageio.v3 as imageio
import keras
import numpy as np

from errors import UserError, clean_exit
from training.files import whole_file
from training.gan import latents_of
from training.preview import save_grid, to_image
from training.sampling import draw, find_weights, images_beside, load_generator


def walk(first: int, second: int, frames: int, latent_dim: int) -> np.ndarray:
    """Return the latents (2 * frames, latent_dim) of a walk between two seeds and back.

    Normal latents lie near a sphere, so the way is an arc on it and not the chord, whose middle the
    generator never saw (White 2016, arXiv 1609.04468). The ends are slow, so that it loops well.
    """
    a, b = latents_of([first, second], latent_dim).astype("float64")
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    share = (1 - np.cos(np.linspace(0, np.pi, frames)))[:, None] / 2
    if np.sin(angle) < 1e-6:
        way = a + share * (b - a)
    else:
        way = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    return np.concatenate([way, way[::-1]]).astype("float32")


def parse_seeds(text: str) -> list[int]:
    """Return "1,5,100-102" as [1, 5, 100, 101, 102]."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or int(match[2] or match[1]) - int(match[1]) not in range(1_000_000):
            raise UserError(f"seeds are {text!r}, but must be like 1,5,100-109, at most a million.")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return seeds


def main() -> None:
    """Read the command line, draw, write, and say where."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", help="a run's name or a weights file; else the newest")
    parser.add_argument("--grid", metavar="5x5", help="columns x rows of one picture")
    parser.add_argument("--count", type=int, metavar="N", help="single faces of the seeds 0 to N-1")
    parser.add_argument("--seeds", metavar="LIST", help="such as 1,5,100-109")
    parser.add_argument("--walk", metavar="A,B", help="a film from seed A to seed B and back")
    parser.add_argument("--frames", type=int, default=48, metavar="N", help="of the walk, one way")
    parser.add_argument("--out", metavar="PATH", help="a folder for single faces, else a file")
    arguments = parser.parse_args()

    job = plan(arguments)
    path = find_weights(arguments.source)
    generator = load_generator(path)
    default = images_beside(path) / f"sample_{path.name.split('.')[0]}"
    out = Path(arguments.out) if arguments.out else default
    write = {"walk": write_walk, "grid": write_grid, "single": write_faces}[job["kind"]]
    print(f"{write(generator, job, out)} from {path}")


def plan(arguments: argparse.Namespace) -> dict:
    """Return what the arguments ask for; UserError where they contradict each other."""
    if arguments.walk:
        ends = parse_seeds(arguments.walk)
        if len(ends) != 2 or arguments.frames < 2 or arguments.grid or arguments.count:
            raise UserError("--walk takes two seeds, such as 3,8, at least 2 frames and no grid.")
        return {"kind": "walk", "ends": ends, "frames": arguments.frames}
    if arguments.count is not None and not 1 <= arguments.count <= 1_000_000:
        raise UserError(f"--count is {arguments.count}, but must be from 1 to 1000000.")
    seeds = parse_seeds(arguments.seeds) if arguments.seeds else None
    if arguments.grid or not (seeds or arguments.count):
        size = re.fullmatch(r"(\d{1,3})x(\d{1,3})", arguments.grid or "5x5")
        if not size or 0 in (columns := int(size[1]), rows := int(size[2])):
            raise UserError(f"--grid is {arguments.grid!r}, but must be columns x rows, as 5x5.")
        seeds = seeds or list(range(columns * rows))
        return {"kind": "grid", "seeds": seeds[: columns * rows], "columns": columns}
    return {"kind": "single", "seeds": seeds or list(range(arguments.count))}


def as_file(out: Path, *suffixes: str) -> Path:
    """Return where a picture or film goes: the first suffix if it has none, and a folder that is
    there.
    """
    named = out if out.suffix or out.name in ("", "..") else out.with_suffix(suffixes[0])
    if named.suffix not in suffixes or named.is_dir():
        raise UserError(f"--out is {out}, but must be a file ending in {' or '.join(suffixes)}.")
    named.parent.mkdir(parents=True, exist_ok=True)
    return named


def write_grid(generator: keras.Model, job: dict, out: Path) -> Path:
    """Write one PNG with the faces of the seeds."""
    out = as_file(out, ".png", ".jpg", ".webp")
    faces = draw(generator, latents_of(job["seeds"], generator.input_shape[1]))
    save_grid(out, faces, job["columns"])
    return out


def write_faces(generator: keras.Model, job: dict, out: Path) -> Path:
    """Write face_<seed>.png for every seed into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    faces = draw(generator, latents_of(job["seeds"], generator.input_shape[1]))
    for seed, face in zip(job["seeds"], faces, strict=True):
        to_image(face).save(out / f"face_{seed}.png")
    return out


def write_walk(generator: keras.Model, job: dict, out: Path) -> Path:
    """Write the film, a GIF or by the suffix an MP4, at 24 frames a second."""
    out = as_file(out, ".gif", ".mp4")
    latents = walk(*job["ends"], job["frames"], generator.input_shape[1])
    frames = draw(generator, latents).repeat(4, 1).repeat(4, 2)
    if frames.shape[-1] == 1:
        frames = frames.repeat(3, -1)
    with whole_file(out) as temporary:
        if out.suffix == ".gif":
            imageio.imwrite(temporary, frames, duration=1000 / 24, loop=0)
        else:
            imageio.imwrite(temporary, frames, fps=24, codec="libx264", plugin="FFMPEG")
    return out


if __name__ == "__main__":
    clean_exit(main)()
