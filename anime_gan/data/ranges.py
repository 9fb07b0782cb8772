"""Which numbers stand for black and white in images whose values are not 0 to 255."""

import numpy as np

_SLACK = 0.1  # of a range, by which resampling and scaling may leave it
_DARKEST = 1 / 16  # of white, which the brightest value reaches at least
_SAMPLE_BYTES = 16 * 2**20  # of an array that is looked at in one piece
_BITS = (8, 10, 12, 16)  # that programs use of 16
_LONG_BITS = (24, 31, 32)  # that programs use of 32
NOT_FINITE = "image with NaN or infinite values"
ADVICE = "save them as uint8 from 0 to 255, or as floats from 0 to 1 or -1 to 1"


def black_and_white(kind: str, low: float, high: float) -> tuple[float, float] | None:
    """Return the values of black and of white, None if the extremes do not tell.

    A slight overshoot belongs to the range that it leaves.

    Args:
        kind: of the numbers, as NumPy's dtype.kind: b, u, i or f.
        low, high: the least and the greatest finite value.
    """
    if kind == "b":
        return 0.0, 1.0
    if kind == "f":
        near_zero = _near_zero(low, high)
        if near_zero or max(abs(low), abs(high)) <= 2:
            return near_zero
    elif max(-low, high) <= 1:
        return (-1.0 if low < 0 else 0.0), 1.0
    if low >= 0 or (low >= -_SLACK * 255 and -low <= high / 4):
        return _from_zero(kind, high)
    return _centred(low, high)


def _near_zero(low: float, high: float) -> tuple[float, float] | None:
    """Return the range of floats of about 0 to 1, -0.5 to 0.5 or -1 to 1."""
    if low == high == 0:
        return 0.0, 1.0
    if low >= -_SLACK and _DARKEST <= high <= 1 + _SLACK:
        return 0.0, 1.0
    if -0.5 - _SLACK <= low <= -0.4 and high <= 0.5 + _SLACK:
        return -0.5, 0.5
    if -1 - 2 * _SLACK <= low < 0 and high - low >= _DARKEST and high <= 1 + 2 * _SLACK:
        return -1.0, 1.0
    return None


def _from_zero(kind: str, high: float) -> tuple[float, float] | None:
    """Return the range of values that begin at 0."""
    if high == 0:
        return 0.0, 255.0
    if high < _DARKEST * 255:
        return None
    if high <= 255 * (1 + _SLACK):
        return 0.0, 255.0
    slack = 1 + _SLACK if kind == "f" else 1
    for bits in _BITS:
        if high <= (2**bits - 1) * slack:
            return 0.0, float(2**bits - 1)
    for bits in _LONG_BITS:
        if kind != "f" and high < 2**bits:
            # 8 bits in the upper ones end a little below the greatest number.
            upper = 255 << (bits - 8)
            return 0.0, float(upper if high <= upper else 2**bits - 1)
    return None


def _centred(low: float, high: float) -> tuple[float, float] | None:
    """Return the range of values on both sides of 0, as signed integers hold them."""
    for bits in (8, 16, 32):
        half = 2.0 ** (bits - 1)
        least = half * (1 if bits > 8 else 2) / 16
        if low >= -half * (1 + _SLACK) and high <= half * (1 + _SLACK):
            return (-half, half - 1) if max(-low, high) >= least else None
    return None


def array_range(arrays: list[np.ndarray]) -> tuple[float, float] | None:
    """Return the least and greatest value of arrays (N, ...), of their finite images only.

    None if no image is finite. uint8 is read until it is known not to be dark.
    """
    low, high = np.inf, -np.inf
    for array in arrays:
        step = max(1, _SAMPLE_BYTES // max(1, array[0].nbytes))
        for start in range(0, len(array), step):
            part = np.asarray(array[start : start + step])
            if array.dtype.kind == "f":
                part = part[np.isfinite(part).all(axis=tuple(range(1, part.ndim)))]
                if not len(part):
                    continue
            low, high = min(low, float(part.min())), max(high, float(part.max()))
            if array.dtype == np.uint8 and high >= _DARKEST * 255:
                return 0.0, 255.0
    return (low, high) if low <= high else None
