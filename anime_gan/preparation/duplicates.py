"""Near-duplicates: images of one drawing that differ in coding, size, light or a small crop.

Perceptual hashes of 64 bits fail on anime faces, which look much alike: at the distance where a
hash finds 95% of slightly cropped copies, it also joins 37,000 pairs of different faces among
24,000. Here the detail of two thumbnails is compared: the thumbnail minus its Gaussian blur.
Detail distinguishes similar faces, and light, contrast and coding hardly change it. The
correlation of 10x10 details proposes pairs; the correlation of 16x16 details, over crops of either
thumbnail, confirms them. docs/faces.md has the measured accuracy.
"""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

THUMBNAIL = 32  # side of the thumbnails
PROPOSED = 0.82  # coarse correlation from which a pair is compared finely
CERTAIN = 0.95  # coarse correlation from which it needs no fine comparison
SAME = 0.85  # fine correlation from which a pair is a near-duplicate; others stay below 0.84
_COARSE, _FINE = 10, 16
_BLUR = 1.5  # standard deviation in pixels of the reduced thumbnail
_CROPS = (0, 1, 2)  # of 32 pixels, how many a crop may lack on each side: up to 6%
_CHUNK = 256


def thumbnail(image: Image.Image) -> np.ndarray:
    """Return an RGB image reduced for comparison, uint8 (32, 32, 3)."""
    return np.asarray(image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))


def near_duplicates(
    thumbnails: np.ndarray, done: int = 0
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Find the pairs that show the same drawing, mirrored or not.

    The time grows with the square of N: 40 s for 24,000 on two cores.

    Args:
        thumbnails: uint8 (N, 32, 32, 3).
        done: how many of the first ones an earlier call compared with each other.

    Yields:
        How many are compared now, and the new pairs (i, j) with i < j.
    """
    coarse = _coarse_detail(thumbnails)
    mirrored = _coarse_detail(thumbnails[:, :, ::-1])
    for start in range(done, len(coarse), _CHUNK):
        end = min(start + _CHUNK, len(coarse))
        pairs: set[tuple[int, int]] = set()
        for others, mirror in ((coarse, False), (mirrored, True)):
            correlation = np.tril(coarse[start:end] @ others[:end].T, start - 1)
            pairs |= _pairs(*np.nonzero(correlation > CERTAIN), start)
            later, earlier = np.nonzero((correlation > PROPOSED) & (correlation <= CERTAIN))
            # In chunks, since each pair is compared in 162 ways.
            for part in range(0, len(later), _CHUNK):
                j, i = later[part : part + _CHUNK], earlier[part : part + _CHUNK]
                other = thumbnails[i, :, ::-1] if mirror else thumbnails[i]
                same = fine_correlation(thumbnails[j + start], other) >= SAME
                pairs |= _pairs(j[same], i[same], start)
        yield end, sorted(pairs)


def _pairs(later: np.ndarray, earlier: np.ndarray, start: int) -> set[tuple[int, int]]:
    return {(int(i), int(j) + start) for j, i in zip(later, earlier, strict=True)}


def groups(pairs: Iterable[tuple[int, int]], best_first: Iterable[int]) -> dict[int, int]:
    """Return for each image to be dropped the one that is kept instead.

    A group is its best image and the images paired with that one. Images paired only with another
    member are not in it, so a chain of small changes never joins two different images.
    """
    paired: dict[int, list[int]] = {}
    for i, j in pairs:
        paired.setdefault(i, []).append(j)
        paired.setdefault(j, []).append(i)
    instead: dict[int, int] = {}
    for best in best_first:
        if best not in instead:
            for other in paired.get(best, ()):
                instead.setdefault(other, best)
    return instead


def fine_correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the highest correlation of details over all crops of either thumbnail of a pair.

    Args:
        one, other: thumbnails, uint8 (N, 32, 32, 3).

    Returns:
        float32 (N,): 1 for the same image, about 0.6 for two similar faces.
    """
    missing = itertools.product(_CROPS, repeat=2)
    crops = np.stack([_area_average(_FINE, low, THUMBNAIL - high) for low, high in missing])
    best = np.full(len(one), -1.0, np.float32)
    for cropped, whole in ((one, other), (other, one)):
        columns = np.einsum("sbj,nijc->nsibc", crops, cropped.astype(np.float32), optimize=True)
        every = np.einsum("rai,nsibc->nrsabc", crops, columns, optimize=True)
        every = _detail(every).reshape(len(one), len(crops) ** 2, -1)
        whole = _detail(_reduced(whole, _FINE)).reshape(len(one), -1, 1)
        best = np.maximum(best, (every @ whole)[..., 0].max(axis=1))
    return best


def _coarse_detail(thumbnails: np.ndarray) -> np.ndarray:
    """Return the coarse details, float32 (N, 300), each of length 1."""
    chunks = [
        _detail(_reduced(thumbnails[start : start + 4096], _COARSE))
        for start in range(0, len(thumbnails), 4096)
    ]
    return np.concatenate(chunks).reshape(len(thumbnails), -1)


def _reduced(thumbnails: np.ndarray, side: int) -> np.ndarray:
    matrix = _area_average(side, 0, THUMBNAIL)
    values = thumbnails.astype(np.float32)
    return np.einsum("ai,nijc,bj->nabc", matrix, values, matrix, optimize=True)


def _area_average(side: int, low: int, high: int) -> np.ndarray:
    """Return the matrix (side, 32) that reduces the pixels from `low` to `high` by area averages.

    Unlike Pillow's BOX filter it keeps the fractions of gray levels.
    """
    edges = np.linspace(low, high, side + 1)
    pixels = np.arange(THUMBNAIL)
    shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares = np.maximum(shares, 0)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def _detail(images: np.ndarray) -> np.ndarray:
    """Return images (..., H, W, C) minus their blur and mean, scaled to length 1."""
    blur = (0,) * (images.ndim - 3) + (_BLUR, _BLUR, 0)
    detail = images - gaussian_filter(images, blur, mode="nearest")
    detail -= detail.mean(axis=(-3, -2), keepdims=True)
    length = np.sqrt((detail**2).sum(axis=(-3, -2, -1), keepdims=True))
    return detail / np.maximum(length, 1e-3)  # an image of one color correlates with none
