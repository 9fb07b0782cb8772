"""The losses in numbers, against plain NumPy in float64."""

import numpy as np
import pytest

from anime_gan.config.scores import SCALES, correct
from anime_gan.training.losses import LOSSES

pytestmark = pytest.mark.backends


def cross_entropy(labels, scores):
    """The report's formula (Fig. 10), with Keras's clipping."""
    scores = np.clip(scores, 1e-7, 1 - 1e-7)
    return -np.mean(labels * np.log(scores) + (1 - labels) * np.log(1 - scores))


def softplus(x):
    """log(1 + exp(x))."""
    return np.logaddexp(0, x)


# For each loss: the discriminator's, of fake and real scores and noise for each, and the
# generator's. Written from the papers' formulas, in float64.
FORMULAS = {
    "report": (
        lambda f, r, nf, nr: cross_entropy(
            np.concatenate([1 + nf, 0 + nr]), np.concatenate([f, r])
        ),
        lambda f, r: cross_entropy(np.zeros_like(f), f),
    ),
    "cross_entropy": (
        lambda f, r, nf, nr: cross_entropy(nf, f) + cross_entropy(1 - nr, r),
        lambda f, r: -np.log(f).mean(),
    ),
    "non_saturating": (
        lambda f, r, nf, nr: (
            -np.log(1 / (1 + np.exp(-r))).mean() - np.log(1 - 1 / (1 + np.exp(-f))).mean()
        ),
        lambda f, r: -np.log(1 / (1 + np.exp(-f))).mean(),
    ),
    "wasserstein": (lambda f, r, nf, nr: f.mean() - r.mean(), lambda f, r: -f.mean()),
    "hinge": (
        lambda f, r, nf, nr: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
        lambda f, r: -f.mean(),
    ),
    "relativistic": (
        lambda f, r, nf, nr: softplus(-(r - f)).mean(),
        lambda f, r: softplus(-(f - r)).mean(),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_follow_their_formulas(name):
    """Every loss; a new one without a formula here fails."""
    loss = LOSSES[name]
    draw = np.random.default_rng(0)
    scores = (
        draw.uniform(0.01, 0.99, (2, 16, 1))
        if SCALES[name].probabilities
        else draw.normal(0, 2, (2, 16, 1))
    )
    noise = draw.uniform(0, 0.05, (2, 16, 1))
    of_discriminator, of_generator = FORMULAS[name]
    fake, real, fake_noise, real_noise = (x.astype("float32") for x in (*scores, *noise))
    np.testing.assert_allclose(
        float(loss.discriminator(fake, real, fake_noise, real_noise)),
        of_discriminator(*scores, *noise),
        rtol=1e-5,
    )
    np.testing.assert_allclose(float(loss.generator(fake, real)), of_generator(*scores), rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in LOSSES if not SCALES[name].paired])
def test_losses_of_real_and_fake_images_add_up(name):
    """The two losses of `passes: in_turn` add up to the whole."""
    loss = LOSSES[name].discriminator
    draw = np.random.default_rng(0)
    fake, real, *noise = draw.uniform(0.01, 0.99, (4, 16, 1)).astype("float32")
    halves = float(loss(fake, None, *noise)) + float(loss(None, real, *noise))
    assert halves == pytest.approx(float(loss(fake, real, *noise)), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "fake", "real"),
    [
        ("report", [0.9, 0.4], [0.1, 0.51]),  # the noise lifts the threshold to 0.525
        ("cross_entropy", [0.1, 0.6], [0.9, 0.8]),
        ("hinge", [-1.0, 0.5], [0.1, 2.0]),
        ("relativistic", [7.0, 9.0], [11.0, 8.6]),  # the threshold is the middle of the scores
        ("wasserstein", [-7.0, -9.0], [5.0, 6.0]),
    ],
)
def test_accuracies(name, fake, real):
    """By hand: one fake of two is classified as real, but for Wasserstein's."""
    fake, real = (np.array(x, "float32")[:, None] for x in (fake, real))
    fake_accuracy, real_accuracy = correct(SCALES[name], fake, real, 0.05)
    expected = {"wasserstein": (1, 1), "relativistic": (0.5, 0.5)}.get(name, (0.5, 1))
    assert (float(fake_accuracy), float(real_accuracy)) == expected


def test_no_accuracy_is_negative():
    """Six sixths don't add up to 1: none correct is 0, and not -0% on the terminal."""
    scores = np.full((6, 1), 3.0, "float32")
    assert float(correct(SCALES["cross_entropy"], scores, scores, 0.0)[0]) == 0


def test_a_lost_game_costs_16_118():
    """The largest loss, when the discriminator has won: cross-entropy clipped at 1e-7."""
    scores = np.ones((4, 1), "float32")
    lost = LOSSES["report"].generator(scores, None)
    assert float(lost) == pytest.approx(16.118, abs=0.2)
