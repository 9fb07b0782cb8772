"""Linear functions of the latent, and the directions of their gradients."""

import numpy as np

from anime_gan.directions.fitted import Fit, conditional, fit


def test_a_linear_measure_is_found_again():
    """With its gradient in units of its spread; noise and a constant have none."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((4_000, 6))
    noise = draw.standard_normal(4_000)
    values = np.column_stack(
        [5 + 3 * x[:, 1] - 4 * x[:, 2], 2 * x[:, 0] + 2 * noise, noise, 0 * noise]
    )
    found = fit(x, values)
    expected = np.zeros((2, 6))
    expected[0, 1:3] = 3 / 5, -4 / 5
    expected[1, 0] = 0.5**0.5
    np.testing.assert_allclose(found.gradients[:2], expected, atol=0.05)
    np.testing.assert_allclose(found.gradients[2], 0, atol=0.06)
    assert not found.gradients[3].any()


def test_other_measures_hardly_change():
    """Those whose gradients are unlike; what belongs together may change together."""
    gradients = np.array([[1.0, 0, 0, 0], [0.4, 0.9, 0, 0], [0.9, 0, 0.4, 0]])
    found = conditional(Fit(gradients), 0)
    np.testing.assert_allclose(np.linalg.norm(found), 1)
    own, unlike, alike = gradients @ found
    assert own > 0.85 and alike > 0.7
    assert abs(unlike) < 0.06 < gradients[0] @ gradients[1]
    # The gradient of the sum of squares that `conditional` is the least of.
    plain = np.linalg.solve(np.eye(4) + 10 * np.outer(gradients[1], gradients[1]), gradients[0])
    np.testing.assert_allclose(found, plain / np.linalg.norm(plain))


def test_there_may_be_more_measures_than_dimensions():
    """The direction still changes its own measure."""
    gradients = np.random.default_rng(1).standard_normal((15, 4))
    for number in range(15):
        found = conditional(Fit(gradients), number)
        assert np.isfinite(found).all() and gradients[number] @ found > 0
