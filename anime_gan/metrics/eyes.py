"""How many faces have eyes that are not alike.

Feature networks hardly see anatomy. This measure looks at the eyes alone: a linear classifier of
how the right eye differs from the left one's mirror image, in CIELAB color, learns to tell real
faces from real faces spoiled on purpose: halves of two faces, and faces with one eye of another
face. It only says something where all faces lie alike, which it finds out on the real ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL.Image import Resampling

from anime_gan.data.pixels import to_image

SIDE = 64  # pixels; faces of other sizes are resized
_ROWS, _LEFT, _RIGHT = slice(26, 46), slice(10, 32), slice(32, 54)  # of the eyes, with their lids
_CELLS = (5, 11)  # rows and columns in which an eye is averaged
_DARK = 1 / 4  # of an eye's pixels are its iris and outlines
_EYE = slice(28, 46), slice(34, 56)  # what is replaced by another face's
ALLOWED = 0.05  # of the real faces are counted as unlike
LEAST, MOST = 100, 1_000  # real faces to fit on, and as many to test on
_PENALTY = 0.2  # of the ridge regression, a share of the number of faces
_USEFUL = 0.5  # of the spoiled faces must be found


def unlike_eyes(generated: np.ndarray, real: np.ndarray) -> dict[str, float] | None:
    """Return the share of generated faces whose eyes are less alike than those of 95% of real ones.

    Args:
        generated, real: uint8 (N, H, W, C); the real ones in a random order.

    Returns:
        share: of the generated faces, 0 to 1.
        real: the same share of real faces, 0.05 by definition.
        spoiled: the share of spoiled real faces that are found, which none was fitted on.
        None with fewer than 200 real faces, or where less than half of the spoiled ones are found:
        then the faces do not lie alike.
    """
    count = min(MOST, len(real) // 2)
    if count < LEAST:
        return None
    share = share_by(real[: 2 * count])
    found = share(spoiled(_faces(real[count : 2 * count])))
    if found < _USEFUL:
        return None
    return {"share": share(generated), "real": ALLOWED, "spoiled": found}


def share_by(real: np.ndarray) -> Callable[[np.ndarray], float]:
    """Return the function from images to the share whose eyes are unlike.

    real: the first half is fitted on, the second half says how unlike the eyes of real faces are.
    """
    fitted, tested = np.split(_faces(real[: len(real) // 2 * 2]), 2)
    score = _classifier(fitted, spoiled(fitted))
    limit = np.quantile(score(tested), 1 - ALLOWED)
    return lambda images: float((score(_faces(images)) > limit).mean())


def spoiled(faces: np.ndarray) -> np.ndarray:
    """Return faces with the right half of another face, then faces with the right eye of another.

    faces: uint8 (N, 64, 64, 3).
    """
    others = np.roll(faces, 1, axis=0)
    halves, eyes = faces.copy(), faces.copy()
    halves[:, :, SIDE // 2 :] = others[:, :, SIDE // 2 :]
    eyes[:, *_EYE] = others[:, *_EYE]
    return np.concatenate([halves, eyes])


def differences(faces: np.ndarray) -> np.ndarray:
    """Return how each face's eyes differ, (N, D): by cells, and in the color of what is dark.

    faces: uint8 (N, 64, 64, 3). The differences are logarithms of 1 + CIELAB units.
    """
    from skimage.color import rgb2lab  # imports SciPy, which a help text can do without

    lab = rgb2lab(faces[:, _ROWS] / np.float32(255))
    left, right = lab[:, :, _LEFT], lab[:, :, _RIGHT][:, :, ::-1]
    found = [f(left) - f(right) for f in (_cells, _dark_color)]
    return np.log1p(np.abs(np.concatenate(found, axis=1)))


def _cells(eyes: np.ndarray) -> np.ndarray:
    count, height, width, _ = eyes.shape
    rows, columns = _CELLS
    cells = eyes.reshape(count, rows, height // rows, columns, width // columns, 3)
    return cells.mean((2, 4)).reshape(count, -1)


def _dark_color(eyes: np.ndarray) -> np.ndarray:
    pixels = eyes.reshape(len(eyes), -1, 3)
    darkest = np.argsort(pixels[..., 0], axis=1)[:, : int(_DARK * pixels.shape[1])]
    return np.take_along_axis(pixels, darkest[..., None], 1).mean(1)


def _classifier(faces: np.ndarray, unlike: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from faces to scores, high for eyes that are unlike (ridge regression)."""
    good, bad = differences(faces), differences(unlike)
    rows = np.concatenate([good, bad])
    mean, deviation = rows.mean(0), rows.std(0) + 1e-6

    def standard(x: np.ndarray) -> np.ndarray:
        return np.hstack([(x - mean) / deviation, np.ones((len(x), 1))])

    # Both sides weigh the same.
    weights = np.r_[np.full(len(good), len(bad) / len(good)), np.ones(len(bad))][:, None]
    target = np.r_[-np.ones(len(good)), np.ones(len(bad))]
    x = standard(rows)
    penalty = _PENALTY * len(good) * np.eye(x.shape[1])
    vector = np.linalg.solve((x * weights).T @ x + penalty, (x * weights).T @ target)
    return lambda images: standard(differences(images)) @ vector


def _faces(images: np.ndarray) -> np.ndarray:
    """Return images as RGB of 64x64 pixels."""
    if images.shape[1:] == (SIDE, SIDE, 3):
        return images
    size = (SIDE, SIDE)
    method = Resampling.BOX if images.shape[1] > SIDE else Resampling.BICUBIC
    small = [to_image(image).convert("RGB").resize(size, method) for image in images]
    return np.stack([np.asarray(image) for image in small])
