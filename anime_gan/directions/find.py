"""Find the directions of a generator, measure what they change, and name them by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from anime_gan.directions.components import principal_directions, weight_directions
from anime_gan.directions.direction import Direction, Directions
from anime_gan.directions.effects import LEAST, changes, most_changed, named_changes, per_step
from anime_gan.directions.fitted import ALIKE, Fit, conditional, fit
from anime_gan.directions.measures import Measure
from anime_gan.directions.reading import PLAIN, RARE, Reading, joined
from anime_gan.directions.space import Space
from anime_gan.generation.figures import LEVELS
from anime_gan.generation.generator import Generator

FACES, TRIED = 4_000, 100  # that the functions are fitted to; that the directions are tried on
COUNT = 8  # principal components, and directions of the weights
_FIRST = 1_000_000  # seed
# How large another change may be, beside the one that a direction is fitted to. Words are less
# exact: blue hair is often read as aqua.
_CLEAR = {"part": 0.85, "whole": 0.85, "word": 1.25}
_SAME = 0.7  # cosine from which two directions are taken for one
_AT_ONCE = 500  # images in memory


def find_directions(
    generator: Generator,
    weights: str = "",
    faces: int = FACES,
    readings: Sequence[Reading] = (PLAIN,),
) -> Directions:
    """Return the directions of a generator, the same ones in each call.

    First those that are fitted to measures, named after them; then the principal components (c1,
    c2, ...) and those of the weights (s1, s2, ...), whose texts say what they change most.

    Args:
        generator: of any version.
        weights: SHA-256 of its file.
        faces: that the functions are fitted to.
        readings: what is measured; PLAIN among them.
    """
    reading = joined(readings)
    w = generator.w(range(_FIRST, _FIRST + faces + TRIED))
    w, tried = w[:faces], w[faces:]
    space = Space(generator, w)
    values = _values(generator, w, reading)
    spreads = values.std(axis=0, dtype="float64")
    fitted = fit(space.coordinates(w), values)
    alike = _alike(fitted)

    found, changed = _fitted_directions(generator, fitted, space, tried, reading, values)
    free = _without_labels(generator, space, w)
    if free:
        moves = changes(generator, free, tried, reading.read)
        kept = _different(free, per_step(moves, spreads), space)
        moves = moves[kept]
        free, signs = _named(
            [free[i] for i in kept], per_step(moves, spreads), reading.measures, alike
        )
        found, changed = found + free, [*changed, *(moves * signs[:, None, None])]
    changed = np.stack(changed)
    return Directions(
        found,
        [m.name for m in reading.measures],
        spreads,
        per_step(changed, spreads),
        _agreement(found, changed, per_step(changed, spreads), reading.measures),
        weights,
    )


def _values(generator: Generator, w: np.ndarray, reading: Reading) -> np.ndarray:
    """Return the measures of the faces of w, (N, M)."""
    parts = [w[start : start + _AT_ONCE] for start in range(0, len(w), _AT_ONCE)]
    return np.concatenate([reading.read(generator.images(part)) for part in parts])


def _alike(fitted: Fit) -> np.ndarray:
    """Return which measures change together, whatever changes them, bool (M, M)."""
    lengths = np.linalg.norm(fitted.gradients, axis=1, keepdims=True)
    units = fitted.gradients / np.maximum(lengths, 1e-12)
    return abs(units @ units.T) > ALIKE


def _fitted_directions(
    generator: Generator,
    fitted: Fit,
    space: Space,
    tried: np.ndarray,
    reading: Reading,
    values: np.ndarray,
) -> tuple[list[Direction], list[np.ndarray]]:
    """Return a direction for each measure that one changes clearly, and their changes (N, M).

    With styles, each is tried in all layers and in each level of them.
    """
    levels = [None]
    if generator.has_styles:
        numbers = range(generator.layers)
        levels += [layers for part in LEVELS.values() if (layers := tuple(numbers[part]))]
    found, changed, spreads = [], [], values.std(axis=0, dtype="float64")
    for number, own in enumerate(reading.measures):
        is_rare = own.kind == "word" and not RARE < values[:, number].mean() < 1 - RARE
        if is_rare or not fitted.gradients[number].any():
            continue
        vector = space.vector(conditional(fitted, number, _others(own, reading.measures)))
        candidates = [
            Direction(own.name, vector, layers, own.change(), "fitted") for layers in levels
        ]
        moves = changes(generator, candidates, tried, reading.read)
        place = _clearest(per_step(moves, spreads), number, reading.measures)
        if place is not None:
            found.append(candidates[place])
            changed.append(moves[place])
    return found, changed


def _others(own: Measure, measures: Sequence[Measure]) -> np.ndarray:
    """Return which measures a direction of one shall not change, bool (M,).

    No words: they follow from the measures. That of a word may change all that is of its part.
    """
    return np.array(
        [m.kind != "word" and (own.kind != "word" or m.part != own.part) for m in measures]
    )


def _clearest(effects: np.ndarray, number: int, measures: Sequence[Measure]) -> int | None:
    """Return which of effects (L, M) changes a measure most clearly; None if none does.

    Of those that change it at least half as much as the strongest one, it is that with the largest
    share of all changes. Other measures may change nearly as much, and the image as a whole, which
    may follow from any part, more; another word may become a little more frequent than a word.
    """
    own, kind = effects[:, number], measures[number].kind
    share = own / np.maximum(np.linalg.norm(effects, axis=1), 1e-12)
    share = np.where(own >= max(LEAST, own.max() / 2), share, 0)
    best = int(share.argmax())
    rivals = {"part": {"part"}, "whole": {"part", "whole"}, "word": {"word"}}[kind]
    # Where a word is read more often, the other words of its part are read less often.
    others = [
        effect if kind == "word" else abs(effect)
        for i, (effect, m) in enumerate(zip(effects[best], measures, strict=True))
        if i != number and m.kind in rivals
    ]
    is_clear = max(others, default=0) <= _CLEAR[kind] * own[best]
    return best if share[best] > 0 and is_clear else None


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
    directions: Sequence[Direction],
    effects: np.ndarray,
    measures: Sequence[Measure],
    alike: np.ndarray,
) -> tuple[list[Direction], np.ndarray]:
    """Return directions with texts, and 1 or -1 (K,): -1 where the direction was turned around.

    The measure that changes most rises.
    """
    named, signs = [], []
    for direction, effect in zip(directions, effects, strict=True):
        sign = 1 if effect[most_changed(effect, measures)] >= 0 else -1
        text = named_changes(sign * effect, measures, alike)
        named.append(replace(direction, vector=sign * direction.vector, text=text))
        signs.append(sign)
    return named, np.array(signs)


def _agreement(
    directions: Sequence[Direction],
    changed: np.ndarray,
    effects: np.ndarray,
    measures: Sequence[Measure],
) -> np.ndarray:
    """Return the share of faces whose first named measure rises along each direction, (K,)."""
    names = [m.name for m in measures]
    numbers = [
        names.index(x.name) if x.name in names else most_changed(effect, measures)
        for x, effect in zip(directions, effects, strict=True)
    ]
    rises = [(moves[:, i] > 0).mean() for moves, i in zip(changed, numbers, strict=True)]
    return np.array(rises)
