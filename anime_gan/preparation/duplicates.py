"""Pictures that are in a set more than once: coded anew, resized, cropped a little, lit otherwise.

Anime faces look so alike that the usual 64-bit hashes fail on them: at the distance by which a
perceptual hash finds 95% of slightly cropped copies, it also joins 37,000 pairs of unlike faces of
24,000. Here two pictures are compared by their detail, what is left of a small colour picture once
its blur is taken away: it tells one dark-haired face from the next, and changes of light, contrast
or coding leave it alone. A first look at 10x10 detail picks the pairs worth a second, which lays
16x16 detail of one over crops of the other. docs/faces.md says how well it does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.ndimage import gaussian_filter

THUMBNAIL = 32  # side of the pictures that are compared
LIKELY = 0.82  # correlation of the first look that deserves a second
CERTAIN = 0.95  # and that needs none
SAME = (
    0.85  # correlation of the second from which two pictures are one; unlike ones stay below 0.84
)
_COARSE, _FINE = 10, 16
_BLUR = 1.5  # what is wider than this many pixels of the small picture is no detail
_CROPS = (0, 1, 2)  # pixels of 32 that may be missing on each side, 6%
_CHUNK = 256


def near_duplicates(
    thumbnails: np.ndarray, repeated: np.ndarray, done: int = 0
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield (rows done, new pairs (i, j), i < j, that show the same drawing, mirrored or not).

    thumbnails: uint8 (N, 32, 32, 3), of which the first `done` were compared before. repeated: bool
    (N,), those to be passed over since an earlier one is the same to the pixel. Takes time with the
    square of N: 24,000 pictures 40 seconds on two cores.
    """
    first = _first_look(thumbnails)
    first[repeated] = 0
    mirrored = _first_look(thumbnails[:, :, ::-1])
    mirrored[repeated] = 0
    for start in range(done, len(first), _CHUNK):
        end = min(start + _CHUNK, len(first))
        pairs: set[tuple[int, int]] = set()
        for others, mirror in ((first, False), (mirrored, True)):
            alike = np.tril(first[start:end] @ others[:end].T, start - 1)
            pairs |= _pairs(*np.nonzero(alike > CERTAIN), start)
            later, earlier = np.nonzero((alike > LIKELY) & (alike <= CERTAIN))
            # A few at a time, since each is compared in 162 ways.
            for part in range(0, len(later), _CHUNK):
                j, i = later[part : part + _CHUNK], earlier[part : part + _CHUNK]
                shown = thumbnails[i, :, ::-1] if mirror else thumbnails[i]
                same = second_look(thumbnails[j + start], shown) >= SAME
                pairs |= _pairs(j[same], i[same], start)
        yield end, sorted(pairs)


def _pairs(later: np.ndarray, earlier: np.ndarray, start: int) -> set[tuple[int, int]]:
    return {(int(i), int(j) + start) for j, i in zip(later, earlier, strict=True)}


def groups(pairs: Iterable[tuple[int, int]], best_first: Iterable[int]) -> dict[int, int]:
    """Return for every picture to be left out which one stays in its place.

    Each group is its best picture and what is like it. What is only like one of the others is not
    drawn in, so that a chain of small changes never joins two unlike pictures.
    """
    like: dict[int, list[int]] = {}
    for i, j in pairs:
        like.setdefault(i, []).append(j)
        like.setdefault(j, []).append(i)
    instead: dict[int, int] = {}
    for best in best_first:
        if best not in instead:
            for other in like.get(best, ()):
                instead.setdefault(other, best)
    return instead


def second_look(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation (N,) of pairs' details when one of each is cropped to fit the other.

    one, other: uint8 (N, 32, 32, 3). 1 for the same picture; around 0.6 for two faces alike.
    """
    crops = np.stack(
        [
            _averaging(_FINE, low, THUMBNAIL - high)
            for low, high in itertools.product(_CROPS, _CROPS)
        ]
    )
    best = np.full(len(one), -1.0, np.float32)
    for cropped, whole in ((one, other), (other, one)):
        columns = np.einsum("sbj,nijc->nsibc", crops, cropped.astype(np.float32), optimize=True)
        every = np.einsum("rai,nsibc->nrsabc", crops, columns, optimize=True)
        every = _detail(every).reshape(len(one), len(crops) ** 2, -1)
        whole = _detail(_shrunk(whole, _FINE)).reshape(len(one), -1, 1)
        best = np.maximum(best, (every @ whole)[..., 0].max(axis=1))
    return best


def _first_look(thumbnails: np.ndarray) -> np.ndarray:
    """Return the coarse details, float32 (N, 300), of length 1 each."""
    chunks = [
        _detail(_shrunk(thumbnails[start : start + 4096], _COARSE))
        for start in range(0, len(thumbnails), 4096)
    ]
    return np.concatenate(chunks).reshape(len(thumbnails), -1)


def _shrunk(pictures: np.ndarray, side: int) -> np.ndarray:
    matrix = _averaging(side, 0, THUMBNAIL)
    return np.einsum("ai,nijc,bj->nabc", matrix, pictures.astype(np.float32), matrix, optimize=True)


def _averaging(side: int, low: int, high: int) -> np.ndarray:
    """Return the matrix (side, 32) that averages the pixels from `low` to `high` over areas."""
    edges = np.linspace(low, high, side + 1)
    pixels = np.arange(THUMBNAIL)
    shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares = np.maximum(shares, 0)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def _detail(pictures: np.ndarray) -> np.ndarray:
    """Return pictures (..., H, W, C) without their blur and mean, and of length 1."""
    blur = (0,) * (pictures.ndim - 3) + (_BLUR, _BLUR, 0)
    detail = pictures - gaussian_filter(pictures, blur, mode="nearest")
    detail -= detail.mean(axis=(-3, -2), keepdims=True)
    length = np.sqrt((detail**2).sum(axis=(-3, -2, -1), keepdims=True))
    return detail / np.maximum(length, 1e-3)  # a picture of one colour is like none
