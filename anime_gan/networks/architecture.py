"""What several architectures compute from resolution and width."""

from math import log2


def scaled(filters: int, width: float) -> int:
    """Return `filters` times the width multiplier, at least 1."""
    return max(1, round(filters * width))


def sizes_to(resolution: int) -> list[int]:
    """Return 4, 8 ... resolution."""
    return [2**n for n in range(2, int(log2(resolution)) + 1)]
