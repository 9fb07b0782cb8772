"""Copies are found, and blurred or varied images are not taken for copies."""

import numpy as np
import pytest

from anime_gan.metrics import memorization

rng = np.random.default_rng(0)


def clusters(count, seed):
    """Images around a few centers, as faces are."""
    points = np.random.default_rng(seed)
    centers = np.random.default_rng(9).normal(size=(8, 30))
    return (centers[points.integers(8, size=count)] + 0.5 * points.normal(size=(count, 30))).astype(
        "f4"
    )


def test_nearest_is_the_definition():
    """As loops over pairs; an image itself is left out."""
    images = clusters(70, 1)
    queries, own = images[10:20], np.arange(10, 20)
    index, relative = memorization.nearest(queries, images, own)
    for row, (query, place) in enumerate(zip(queries, own, strict=True)):
        lengths = {i: np.linalg.norm(query - image) for i, image in enumerate(images) if i != place}
        ranked = sorted(lengths, key=lengths.get)
        assert index[row] == ranked[0]
        mean = np.mean([lengths[i] for i in ranked[:50]])
        assert relative[row] == pytest.approx(lengths[ranked[0]] / mean, rel=1e-5)


@pytest.mark.parametrize(
    ("fakes", "copied"),
    [
        (lambda train: clusters(400, 3), False),  # as varied as the data
        (lambda train: np.repeat(train.mean(0)[None], 400, 0) + 1e-3, False),  # one blurred mean
        (lambda train: clusters(400, 3) + rng.normal(size=(400, 30)), False),  # noisy
        (lambda train: train[:400] + 0.02 * rng.normal(size=(400, 30)), True),  # all copied
        (lambda train: np.concatenate([train[:40] + 0.01, clusters(360, 3)]), True),  # a tenth
    ],
)
def test_only_copies_are_found(fakes, copied):
    """A tenth of copies is enough; a mean face is near to many images and no copy."""
    train = clusters(1000, 2)
    _, held_out = memorization.nearest(train[-500:], train, np.arange(500, 1000))
    _, generated = memorization.nearest(fakes(train), train)
    verdict = memorization.verdict(generated, held_out)
    assert verdict.copied is copied
    assert ("There are copies" in str(verdict)) is copied


@pytest.mark.parametrize("share", [0.03, 1.0])
def test_duplicates_in_the_data_hide_no_copies(share):
    """They are not taken for copies either; the verdict says how many there are."""
    train = clusters(1000, 2)
    repeated = train[: round(share * len(train))]
    train = np.concatenate([repeated + 0.01 * rng.normal(size=repeated.shape), train]).astype("f4")
    place = np.arange(len(train))[::2]
    _, held_out = memorization.nearest(train[place], train, place)
    for fakes, copied in ((clusters(400, 3), False), (train[-400:] + 0.05, True)):
        _, generated = memorization.nearest(fakes, train)
        verdict = memorization.verdict(generated, held_out)
        assert verdict.copied is copied, str(verdict)
        assert verdict.twins == pytest.approx(2 * share / (1 + share), abs=0.02)
        assert "more than once" in str(verdict)


def test_the_verdict_is_one_line():
    """Shares in percent, and copies and duplicates only where there are some."""
    assert str(memorization.Verdict(0.0, 0.01, False, 0.0)) == (
        "0.0% suspiciously near a training image, 1.0% by chance."
    )
