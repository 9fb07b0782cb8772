"""Find the directions of a generator, measure what they change, and name them by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from anime_gan.directions.components import principal_directions, weight_directions
from anime_gan.directions.direction import Direction, Directions
from anime_gan.directions.effects import LEAST, changes, most_changed, named_changes, per_step
from anime_gan.directions.fitted import ALIKE, Fit, conditional, fit
from anime_gan.directions.measures import MEASURES, measure
from anime_gan.directions.space import Space
from anime_gan.generation.figures import LEVELS
from anime_gan.generation.generator import Generator

FACES, TRIED = 4_000, 100  # that the functions are fitted to; that the directions are tried on
COUNT = 8  # principal components, and directions of the weights
_FIRST = 1_000_000  # seed
_CLEAR = 0.85  # how large another change may be, beside the one that a direction is fitted to
_SAME = 0.7  # cosine from which two directions are taken for one
_AT_ONCE = 500  # images in memory


def find_directions(generator: Generator, weights: str = "", faces: int = FACES) -> Directions:
    """Return the directions of a generator, the same ones in each call.

    First those that are fitted to measures, named after them; then the principal components (c1,
    c2, ...) and those of the weights (s1, s2, ...), whose texts say what they change most.

    Args:
        generator: of any version.
        weights: SHA-256 of its file.
        faces: that the functions are fitted to.
    """
    w = generator.w(range(_FIRST, _FIRST + faces + TRIED))
    w, tried = w[:faces], w[faces:]
    space = Space(generator, w)
    values = _values(generator, w)
    spreads = values.std(axis=0, dtype="float64")
    fitted = fit(space.coordinates(w), values)
    alike = _alike(fitted)

    found, changed = _fitted_directions(generator, fitted, space, tried, spreads)
    free = _without_labels(generator, space, w)
    if free:
        moves = changes(generator, free, tried, measure)
        kept = _different(free, per_step(moves, spreads), space)
        moves = moves[kept]
        free, signs = _named([free[i] for i in kept], per_step(moves, spreads), alike)
        found, changed = found + free, [*changed, *(moves * signs[:, None, None])]
    changed = np.stack(changed)
    return Directions(
        found,
        [m.name for m in MEASURES],
        spreads,
        per_step(changed, spreads),
        _agreement(found, changed, per_step(changed, spreads)),
        weights,
    )


def _values(generator: Generator, w: np.ndarray) -> np.ndarray:
    """Return the measures of the faces of w, (N, M)."""
    parts = [w[start : start + _AT_ONCE] for start in range(0, len(w), _AT_ONCE)]
    return np.concatenate([measure(generator.images(part)) for part in parts])


def _alike(fitted: Fit) -> np.ndarray:
    """Return which measures change together, whatever changes them, bool (M, M)."""
    lengths = np.linalg.norm(fitted.gradients, axis=1, keepdims=True)
    units = fitted.gradients / np.maximum(lengths, 1e-12)
    return abs(units @ units.T) > ALIKE


def _fitted_directions(
    generator: Generator, fitted: Fit, space: Space, tried: np.ndarray, spreads: np.ndarray
) -> tuple[list[Direction], list[np.ndarray]]:
    """Return a direction for each measure that one changes clearly, and their changes (N, M).

    With styles, each is tried in all layers and in each level of them.
    """
    levels = [None]
    if generator.has_styles:
        numbers = range(generator.layers)
        levels += [layers for part in LEVELS.values() if (layers := tuple(numbers[part]))]
    found, changed = [], []
    for number, own in enumerate(MEASURES):
        if not fitted.gradients[number].any():
            continue
        vector = space.vector(conditional(fitted, number))
        candidates = [
            Direction(own.name, vector, layers, own.change(), "fitted") for layers in levels
        ]
        moves = changes(generator, candidates, tried, measure)
        effects = per_step(moves, spreads)
        place = _clearest(effects, number)
        if place is not None:
            found.append(candidates[place])
            changed.append(moves[place])
    return found, changed


def _clearest(effects: np.ndarray, number: int) -> int | None:
    """Return which of effects (L, M) changes a measure most clearly; None if none does.

    Of those that change it at least half as much as the strongest one, it is that with the largest
    share of all changes.
    """
    own = effects[:, number]
    share = own / np.maximum(np.linalg.norm(effects, axis=1), 1e-12)
    share = np.where(own >= max(LEAST, own.max() / 2), share, 0)
    best = int(share.argmax())
    others = [
        abs(effect)
        for i, (effect, m) in enumerate(zip(effects[best], MEASURES, strict=True))
        if i != number and (m.is_whole <= MEASURES[number].is_whole)
    ]
    return best if share[best] > 0 and max(others) <= _CLEAR * own[best] else None


def _without_labels(generator: Generator, space: Space, w: np.ndarray) -> list[Direction]:
    """Return the principal components and the directions of the weights."""
    components = principal_directions(generator, COUNT)
    levels = len(LEVELS) if generator.has_styles else 1
    weights = weight_directions(generator, w, -(-COUNT // levels))
    return [
        *(replace(x, name=f"c{n}", method="GANSpace") for n, x in enumerate(components, 1)),
        *(replace(x, name=f"s{n}", method="SeFa") for n, x in enumerate(weights, 1)),
    ]


def _different(directions: Sequence[Direction], effects: np.ndarray, space: Space) -> list[int]:
    """Return which directions to keep, ascending: of nearly equal ones, that with fewer changes."""
    share = abs(effects).max(axis=1) / np.maximum(np.linalg.norm(effects, axis=1), 1e-12)
    units = np.stack([space.direction(x.vector) for x in directions])
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-12)
    kept: list[int] = []
    for number in np.argsort(-share, kind="stable"):
        same = [i for i in kept if abs(units[i] @ units[number]) > _SAME]
        if not any(directions[i].layers == directions[number].layers for i in same):
            kept.append(int(number))
    return sorted(kept)


def _named(
    directions: Sequence[Direction], effects: np.ndarray, alike: np.ndarray
) -> tuple[list[Direction], np.ndarray]:
    """Return directions with texts, and 1 or -1 (K,): -1 where the direction was turned around.

    The measure that changes most rises.
    """
    named, signs = [], []
    for direction, effect in zip(directions, effects, strict=True):
        sign = 1 if effect[most_changed(effect, MEASURES)] >= 0 else -1
        text = named_changes(sign * effect, MEASURES, alike)
        named.append(replace(direction, vector=sign * direction.vector, text=text))
        signs.append(sign)
    return named, np.array(signs)


def _agreement(
    directions: Sequence[Direction], changed: np.ndarray, effects: np.ndarray
) -> np.ndarray:
    """Return the share of faces whose first named measure rises along each direction, (K,)."""
    names = [m.name for m in MEASURES]
    numbers = [
        names.index(x.name) if x.name in names else most_changed(effect, MEASURES)
        for x, effect in zip(directions, effects, strict=True)
    ]
    rises = [(moves[:, i] > 0).mean() for moves, i in zip(changed, numbers, strict=True)]
    return np.array(rises)
