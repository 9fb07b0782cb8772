"""Files of latents that a projection found, which take the place of a seed.

A file is an .npz with `w`, float32 (layers, latent_dim), where layers is 1 if all layers share one
or there are no styles; `space`, "z", "w" or "w+"; `weights`, the SHA-256 of the weights file that
they belong to; and `recipe`, in JSON what the image of the projection says about itself.

Importing this module imports no Keras.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anime_gan import console
from anime_gan.errors import UserError
from anime_gan.files import sha256, whole_file

if TYPE_CHECKING:
    from anime_gan.generation.generator import Generator

SUFFIX = ".npz"


@dataclass(frozen=True)
class Latent:
    """What a file holds; see the module."""

    w: np.ndarray
    space: str
    weights: str


def write_latent(
    path: Path, w: np.ndarray, space: str, weights: Path, recipe: Mapping[str, Any]
) -> None:
    """Write latents whole or not at all.

    Args:
        w: float32 (layers or 1, latent_dim).
        weights: the weights file.
    """
    about = {"space": space, "weights": sha256(weights), "recipe": json.dumps(dict(recipe))}
    with whole_file(path) as temporary:
        np.savez(temporary, w=w, **about)


def read_latent(path: Path) -> Latent:
    """Return what a file holds; UserError if it is missing or no such file."""
    if not path.is_file():
        raise UserError(f"there is no file {path}; check the path.")
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            found = Latent(file["w"].astype("float32"), str(file["space"]), str(file["weights"]))
        if found.w.ndim != 2 or not found.w.size or not np.isfinite(found.w).all():
            raise ValueError("w has another shape")
    except Exception as error:  # a damaged file raises anything
        raise UserError(
            f"{path} holds no latents of a projection; give an .npz that `project` wrote."
        ) from error
    return found


def fitting_w(generator: Generator, path: Path, weights: Path) -> np.ndarray:
    """Return the latents of a file, float32 (layers or 1, latent_dim).

    weights: the generator's weights file. A note is printed if the file belongs to other weights.

    UserError if the file is none, or is for a generator of another shape.
    """
    found = read_latent(path)
    layers, size = found.w.shape
    has_fitting_space = (found.space == "z") != generator.has_styles
    if size != generator.latent_dim or layers not in (1, generator.layers) or not has_fitting_space:
        raise UserError(
            f"{path} is for a generator of another kind: its {found.space} is {layers}x{size}, but "
            f"that of {weights} is {generator.layers}x{generator.latent_dim}; project the face "
            "again."
        )
    if found.weights != sha256(weights):
        console.say(f"{path} was found with other weights than {weights}: the face differs.")
    return found.w


def w_of(
    generator: Generator,
    faces: Sequence[int | Path],
    truncation_psi: float,
    weights: Path,
    labels: Sequence[Mapping[str, str]] = ({},),
) -> np.ndarray:
    """Return w of seeds and files of latents, in this order.

    Args:
        faces: seeds, or paths of files.
        weights: the generator's weights file. A note is printed if a file belongs to other weights.
        labels: of each face, from the first again where there are fewer; as for `Generator.codes`.
            A file keeps those that are not given.

    Returns:
        float32 (N, latent_dim), or (N, layers, latent_dim) if one of the files has one for each
        layer.

    Raises:
        UserError: a file is none, is for a generator of another shape, or can't take labels.
    """
    rows = {face: fitting_w(generator, face, weights) for face in faces if isinstance(face, Path)}
    asked = list(zip(faces, cycle(labels)))
    seeds = [face for face in faces if not isinstance(face, Path)]
    codes = None
    if generator.attributes and seeds:
        own = [generator.codes([face], own) for face, own in asked if face not in rows]
        codes = np.concatenate(own)
    of_seeds = iter(generator.w(seeds, truncation_psi, codes) if seeds else ())
    every = []
    for face, own in asked:
        if face in rows:
            w = _relabeled(generator, rows[face], own, face) if own else rows[face]
            if truncation_psi != 1:
                mean = np.broadcast_to(generator.mean_w, w.shape).copy()
                if not generator.has_styles:  # the rest is of labels, which truncation keeps
                    mean[:, generator.normal_dim :] = w[:, generator.normal_dim :]
                w = mean + np.float32(truncation_psi) * (w - mean)
        else:
            w = next(of_seeds)[None]
        every.append(w)
    layers = max(len(w) for w in every)
    if layers == 1:
        return np.concatenate(every)
    return np.stack([np.broadcast_to(w, (layers, w.shape[1])) for w in every])


def _relabeled(
    generator: Generator, w: np.ndarray, labels: Mapping[str, str], path: Path
) -> np.ndarray:
    if generator.has_styles:
        raise UserError(
            f"{path} holds w, in which a StyleGAN's labels can't be changed; leave out its labels, "
            "or take a seed."
        )
    return generator.relabeled(w, labels)


def noise_seeds(faces: Sequence[int | Path]) -> list[int]:
    """Return the seeds of the noise of faces: their own, 0 for files."""
    return [0 if isinstance(face, Path) else face for face in faces]
