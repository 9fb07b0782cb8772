"""Faces of files: latents that a projection found, with which the page opens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anime_gan.errors import UserError
from anime_gan.generation.generator import Generator
from anime_gan.generation.latent_file import fitting_w


def load_faces(generator: Generator, paths: Sequence[Path], weights: Path) -> dict[str, np.ndarray]:
    """Return the latents of files, float32 (layers or 1, latent_dim), by the names of the files.

    Args:
        paths: files that `project` wrote.
        weights: the generator's weights file. A note is printed if a file belongs to other weights.

    Raises:
        UserError: a file is none, is for a generator of another shape, or is called like another.
    """
    paths_of: dict[str, Path] = {}
    for path in paths:
        word = word_of(path.name)
        if word in paths_of:
            raise UserError(
                f"{paths_of[word]} and {path} have the same name in the page; rename one."
            )
        paths_of[word] = path
    return {path.name: fitting_w(generator, path, weights) for path in paths}


def word_of(name: str) -> str:
    """Return the name of a file as the page's address writes it.

    There "_" joins the parts of a face, and in what an image says of itself " " joins faces.
    """
    return re.sub(r"[\s_]", "-", name)


def specs_of(faces: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return what the page has to know about the latents of files, by their names."""
    return [{"name": name, "word": word_of(name), "w": w.tolist()} for name, w in faces.items()]
