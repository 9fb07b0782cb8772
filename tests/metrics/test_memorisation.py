"""Copies are found and told from blurred or varied pictures."""

import numpy as np
import pytest

from anime_gan.metrics import memorisation

draw = np.random.default_rng(0)


def clusters(count, seed):
    """Pictures around a few centres, as faces are."""
    own = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(8, 30))
    return (centres[own.integers(8, size=count)] + 0.5 * own.normal(size=(count, 30))).astype("f4")


def test_nearest_is_the_definition():
    """Against loops; a picture's own place is left out."""
    pictures = clusters(70, 1)
    queries, own = pictures[10:20], np.arange(10, 20)
    found = memorisation.nearest(queries, pictures, own)
    for row, (query, place) in enumerate(zip(queries, own, strict=True)):
        lengths = {
            i: np.linalg.norm(query - picture) for i, picture in enumerate(pictures) if i != place
        }
        ranked = sorted(lengths, key=lengths.get)
        assert found.index[row] == ranked[0]
        assert found.distance[row] == pytest.approx(lengths[ranked[0]], rel=1e-5)
        mean = np.mean([lengths[i] for i in ranked[:50]])
        assert found.relative[row] == pytest.approx(lengths[ranked[0]] / mean, rel=1e-5)


@pytest.mark.parametrize(
    ("fakes", "copied"),
    [
        (lambda train: clusters(400, 3), False),  # as varied as the data
        (lambda train: np.repeat(train.mean(0)[None], 400, 0) + 1e-3, False),  # one blurred mean
        (lambda train: clusters(400, 3) + draw.normal(size=(400, 30)), False),  # noisy
        (lambda train: train[:400] + 0.02 * draw.normal(size=(400, 30)), True),  # all copied
        (lambda train: np.concatenate([train[:40] + 0.01, clusters(360, 3)]), True),  # a tenth
    ],
)
def test_only_copies_are_called_so(fakes, copied):
    """A tenth of copies among sound pictures is enough; a mean face is near many, not a copy."""
    train = clusters(1000, 2)
    held_out = memorisation.nearest(train[-500:], train, np.arange(500, 1000))
    verdict = memorisation.judge(memorisation.nearest(fakes(train), train), held_out)
    assert verdict.copied is copied
    assert ("copies are" in str(verdict)) is copied


@pytest.mark.parametrize("share", [0.03, 1.0])
def test_pictures_that_are_in_the_data_twice_hide_no_copies(share):
    """Nor are they taken for copies; the verdict says how many there are."""
    train = clusters(1000, 2)
    again = train[: round(share * len(train))]
    train = np.concatenate([again + 0.01 * draw.normal(size=again.shape), train]).astype("f4")
    place = np.arange(len(train))[::2]
    held_out = memorisation.nearest(train[place], train, place)
    for fakes, copied in ((clusters(400, 3), False), (train[-400:] + 0.05, True)):
        verdict = memorisation.judge(memorisation.nearest(fakes, train), held_out)
        assert verdict.copied is copied, str(verdict)
        assert verdict.twins == pytest.approx(2 * share / (1 + share), abs=0.02)
        assert "more than once" in str(verdict)
