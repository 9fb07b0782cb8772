"""What a direction is called after: the measures that it changes most."""

import numpy as np

from anime_gan.directions.effects import named_changes, per_step
from anime_gan.directions.measures import MEASURES

NAMES = [m.name for m in MEASURES]


def effects(**changes):
    """The effects of a direction, of which all but some are small."""
    found = np.full(len(NAMES), 0.05)
    for name, change in changes.items():
        found[NAMES.index(name.replace("_", "-"))] = change
    return found


def named(alike=(), **changes):
    """The name of a direction with these effects; alike: pairs of measures."""
    pairs = np.eye(len(NAMES), dtype=bool)
    for one, other in alike:
        pairs[NAMES.index(one), NAMES.index(other)] = True
    return named_changes(effects(**changes), MEASURES, pairs)


def test_a_direction_is_named_after_one_or_two_changes():
    """With their signs; the second one if it is about as large."""
    assert named(hair=0.5) == "hair: dark to light"
    assert named(hair=-0.5, eyes=0.2) == "hair: light to dark"
    assert named(hair=-0.5, eyes=0.4) == "hair: light to dark, eyes: small to large"
    assert named(hair=-0.5, eyes=0.4, alike=[("hair", "eyes")]) == "hair: light to dark"


def test_small_changes_give_no_name():
    """Nobody sees them."""
    assert named(hair=0.1) == ""


def test_a_part_is_named_rather_than_the_image():
    """Dark hair is why an image is dark; unless no part changes about as much."""
    assert named(brightness=-0.6, hair=-0.5) == "hair: light to dark"
    assert named(brightness=-0.6, hair=-0.2) == "image: light to dark"


def test_effects_are_in_spreads_and_steps():
    """A measure that is the same in all faces has no effect."""
    changed = np.array([[[4.0, 8.0, 0.0], [8.0, 8.0, 0.0]]])  # from -2 to 2
    np.testing.assert_allclose(per_step(changed, np.array([3.0, 1.0, 0.0])), [[0.5, 2, 0]])
