"""The images of a run: grids of faces and the curve of its losses."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from anime_gan.data.pixels import montage, to_image
from anime_gan.data.png import texts
from anime_gan.files import whole_file

COLUMNS = 5


def save_grid(
    path: Path, images: np.ndarray, columns: int = COLUMNS, **details: object
) -> np.ndarray:
    """Write uint8 images (N, H, W, C) in rows of `columns` as one PNG; return it as uint8.

    details: what the PNG says about itself, by name.
    """
    grid = montage(images, columns)
    with whole_file(path) as temporary:
        to_image(grid).save(temporary, pnginfo=texts(details))
    return grid


class LossPlot:
    """Both losses over the steps, blue and orange as in the report's Fig. 25.

    Thin lines are the points, thick ones their running mean over 1% of the points. All curves use
    the same Matplotlib figure: each new one would allocate tens of megabytes.
    """

    def __init__(self) -> None:
        self._figure = Figure(figsize=(8, 4.5), layout="constrained")
        self._axes = self._figure.add_subplot(xlabel="step", ylabel="loss")
        self._lines = []
        for color, name in (("tab:blue", "discriminator"), ("tab:orange", "generator")):
            (points,) = self._axes.plot([], [], color=color, alpha=0.25, linewidth=0.6)
            (mean,) = self._axes.plot([], [], color=color, linewidth=1.4, label=name)
            self._lines.append((points, mean))
        self._axes.legend(loc="upper right")

    def save(self, path: Path, steps, d_losses, g_losses) -> None:
        """Write a PNG of losses at steps, (N,) each."""
        window = max(1, len(steps) // 100)
        for values, (points, mean) in zip((d_losses, g_losses), self._lines, strict=True):
            points.set_data(steps, values)
            mean.set_data(
                steps[window - 1 :], np.convolve(values, np.ones(window) / window, "valid")
            )
        if len(steps) > 1:
            # The first losses can be a hundred times the later ones, which would then look flat.
            low, top = np.percentile([*d_losses, *g_losses], (0.5, 99.5))
            self._axes.set_ylim(min(0, low * 1.1), max(1e-3, top * 1.1))
            margin = 0.05 * (steps[-1] - steps[0])
            self._axes.set_xlim(steps[0] - margin, steps[-1] + margin)
        with whole_file(path) as temporary:
            self._figure.savefig(temporary, dpi=120)
