"""Features of many images as one .npz file, written without holding them in memory."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from anime_gan.features.discriminator import DiscriminatorFeatures
from anime_gan.files import require_space, whole_file


def write(
    path: Path, network: DiscriminatorFeatures, images, files: Sequence[str], bar: str | None = None
) -> None:
    """Write the features of images to a .npz, whole or not at all.

    It holds `files`, the names of the images (N,); `layers`, the names of the arrays of features,
    from the image to the score; `keras_layers` and `shapes`, the layers' own names and outputs; and
    for each layer its features, float32 (N, F). Of maps (H, W, C), F is 16 C: reshape(N, 4, 4, C)
    gives them their places back. Sides below 4 keep their size.

    Args:
        images: uint8 (N, H, W, C), an array or Mapped or Encoded.
        files: N names.
        bar: label of a progress bar, None for no bar.

    Raises:
        UserError: the disk is full, or can't be written.
    """
    count, sizes = len(images), [layer.size for layer in network.layers]
    # All of them, and while they are joined the largest once more.
    require_space(path.parent, 4 * count * (sum(sizes) + max(sizes)) + 2**20)
    about = {
        "files": np.array(files, str),
        "layers": np.array([layer.name for layer in network.layers]),
        "keras_layers": np.array([layer.layer for layer in network.layers]),
        "shapes": np.array(["x".join(map(str, layer.shape)) for layer in network.layers]),
    }
    with whole_file(path) as temporary, ExitStack() as opened:
        # The name is one that files.remove_unfinished knows.
        folder = tempfile.TemporaryDirectory(prefix=f".{os.getpid()}.new.", dir=path.parent)
        parts = [Path(opened.enter_context(folder)) / f"{x.name}.npy" for x in network.layers]
        _write_parts(parts, sizes, network, images, bar)
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, values in about.items():
                with archive.open(f"{name}.npy", "w") as file:
                    np.lib.format.write_array(file, values, allow_pickle=False)
            for part in parts:
                archive.write(part, part.name)
                part.unlink()


def _write_parts(parts: list[Path], sizes: list[int], network, images, bar: str | None) -> None:
    """Write the features of each layer as a .npy file."""
    with ExitStack() as opened:
        files = [opened.enter_context(part.open("wb")) for part in parts]
        for file, size in zip(files, sizes, strict=True):
            about = {"descr": "<f4", "fortran_order": False, "shape": (len(images), size)}
            np.lib.format.write_array_header_1_0(file, about)
        for features in network.batches(images, bar):
            for file, values in zip(files, features, strict=True):
                file.write(values.astype("<f4").tobytes())
