"""What directions change: measures of the same faces before and after a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from anime_gan.directions.direction import Direction
from anime_gan.directions.edit import moved
from anime_gan.directions.fitted import CONSTANT
from anime_gan.directions.measures import Measure
from anime_gan.generation.generator import Generator

STEP = 2.0  # standard deviations to either side
LEAST = 0.2  # of a measure's spread, for each standard deviation: smaller changes give no name
_ABOUT = 0.6  # of a change: one that is larger is about as large

Reader = Callable[[np.ndarray], np.ndarray]  # from uint8 images to measures (N, M)


def changes(
    generator: Generator, directions: Sequence[Direction], w: np.ndarray, read: Reader
) -> np.ndarray:
    """Return how measures of faces change from -STEP to STEP along directions, (K, N, M).

    w: float32 (N, latent_dim).
    """
    found = []
    for direction in directions:
        ends = [moved(w, [(direction, far)], generator.layers) for far in (STEP, -STEP)]
        after, before = (read(generator.images(end)) for end in ends)
        found.append(after - before)
    return np.stack(found)


def per_step(changed: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Return the mean change by one standard deviation, in units of the spreads (M,): (K, M).

    A measure that is the same in all faces does not change.
    """
    scale = np.where(spreads > CONSTANT, spreads, np.inf)
    return changed.mean(axis=1) / (2 * STEP * scale)


def most_changed(effects: np.ndarray, measures: Sequence[Measure]) -> int:
    """Return the number of the measure that a direction, of effects (M,), is called after.

    It is the one that changes most, but one of the image as a whole only if no other changes about
    as much, and no word.
    """
    size = np.where([m.kind == "word" for m in measures], 0, abs(effects))
    own = np.where([m.kind == "whole" for m in measures], 0, size)
    return int((own if own.max() > _ABOUT * size.max() else size).argmax())


def named_changes(effects: np.ndarray, measures: Sequence[Measure], alike: np.ndarray) -> str:
    """Return the one or two changes that a direction makes most, in words; "" if it makes none.

    Args:
        effects: (M,), of one direction.
        measures: what they are effects on.
        alike: (M, M), whether two measures change together in any case: only one is named.
    """
    first = most_changed(effects, measures)
    if abs(effects[first]) < LEAST:
        return ""
    rest = [
        0 if alike[first, i] or m.kind != "part" else x
        for i, (x, m) in enumerate(zip(abs(effects), measures, strict=True))
    ]
    second = int(np.argmax(rest))
    named = [first, second] if rest[second] > _ABOUT * abs(effects[first]) else [first]
    return ", ".join(measures[i].change(effects[i]) for i in named)
