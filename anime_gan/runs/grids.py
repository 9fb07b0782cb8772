"""What a run shows on the way: grids of faces and the curve of its losses."""

import gc
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from anime_gan.data.pixels import montage, to_image
from anime_gan.files import whole_file


def save_grid(path: Path, images: np.ndarray, columns: int = 5, gap: int = 2) -> np.ndarray:
    """Write uint8 images (N, H, W, C) in rows of `columns` as one PNG; return it as uint8."""
    grid = montage(images, columns, gap)
    with whole_file(path) as temporary:
        to_image(grid).save(temporary)
    return grid


def save_losses(path: Path, steps, d_losses, g_losses) -> None:
    """Draw both losses over the steps, blue and orange as in the report's Fig. 25.

    The faint lines are the points, the strong ones a running mean over 1% of them.

    Args:
        path: of a PNG.
        steps, d_losses, g_losses: a number for each point, (N,).
    """
    _draw_losses(path, steps, d_losses, g_losses)
    # A figure's parts refer to each other, so that it waits for the collector with its memory. It
    # is among the young objects, which are collected in a millisecond.
    gc.collect(1)


def _draw_losses(path, steps, d_losses, g_losses) -> None:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    window = max(1, len(steps) // 100)
    for values, colour, name in (
        (d_losses, "tab:blue", "discriminator"),
        (g_losses, "tab:orange", "generator"),
    ):
        axes.plot(steps, values, color=colour, alpha=0.25, linewidth=0.6)
        mean = np.convolve(values, np.ones(window) / window, "valid")
        axes.plot(steps[window - 1 :], mean, color=colour, linewidth=1.4, label=name)
    if len(steps) > 1:
        # The first steps of a GAN can be a hundred times the rest, which would be a flat line.
        low, top = np.percentile([*d_losses, *g_losses], (0.5, 99.5))
        axes.set_ylim(min(0, low * 1.1), max(1e-3, top * 1.1))
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.legend(loc="upper right")
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
