"""Every penalty's value and gradient, against NumPy in float64 and finite differences."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_gan import backend
from anime_gan.config import load_config
from anime_gan.training.penalties import ON_IMAGES, ON_POINTS, path_lengths
from anime_gan.training.state import TrainState

SHAPE = (4, 5, 5, 2)
COSTS = {name: cost for name, (_, cost) in (ON_IMAGES | ON_POINTS).items()}


def score(images, kernel, out):
    """The scores out . tanh(x kernel) of a small discriminator, and their gradients."""
    hidden = np.tanh(images.reshape(len(images), -1) @ kernel)
    gradients = ((1 - hidden**2) * out) @ kernel.T
    return hidden @ out, gradients.reshape(images.shape)


def cost(name, gradients):
    """The papers' formulas."""
    squared = (gradients**2).sum(axis=(1, 2, 3))
    if name in ("r1", "r2"):
        return 0.5 * squared.mean()
    return ((np.sqrt(squared) - 1) ** 2).mean()


@pytest.mark.backends
@pytest.mark.parametrize("name", COSTS)
def test_value_and_gradient_are_the_formulas(name):
    """The value against the formula, its gradient against finite differences of it, in float64."""
    draw = np.random.default_rng(0)
    images = draw.uniform(-1, 1, SHAPE).astype("float32")
    kernel = draw.normal(0, 0.3, (50, 6)).astype("float32")
    out = draw.normal(0, 1, 6).astype("float32")
    dense = layers.Dense(6, activation="tanh", use_bias=False)
    last = layers.Dense(1, use_bias=False)
    inputs = layers.Input(SHAPE[1:])
    model = keras.Model(inputs, last(dense(layers.Flatten()(inputs))))
    dense.kernel.assign(kernel)
    last.kernel.assign(out[:, None])

    def step(images):
        def loss():
            _, gradients = backend.input_gradients(model, images, model.variables)
            return COSTS[name](gradients), gradients

        return backend.gradients(loss, model.trainable_variables, model.variables)

    value, gradients, gradient = backend.compile_step(step, model.variables)(images)
    wide = [array.astype("float64") for array in (images, kernel, out)]
    np.testing.assert_allclose(gradients, score(*wide)[1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(float(value), cost(name, score(*wide)[1]), rtol=1e-4)
    expected = np.zeros_like(wide[1])
    for place in np.ndindex(*expected.shape):
        move = np.zeros_like(expected)
        move[place] = 1e-6
        up, down = (cost(name, score(wide[0], wide[1] + m, wide[2])[1]) for m in (move, -move))
        expected[place] = (up - down) / 2e-6
    np.testing.assert_allclose(gradient[0], expected, rtol=1e-3, atol=1e-5)


@pytest.mark.backends
def test_points_lie_where_the_papers_say():
    """`gradient` between fake and real; `dragan` around real images, by half their std."""
    draw = np.random.default_rng(0)
    fake, real = draw.uniform(-1, 1, (2, 64, 5, 5, 2)).astype("float32")
    seed = keras.random.SeedGenerator(0)
    mixed = np.asarray(ON_POINTS["gradient"][0](fake, real, seed), "float64")
    share = ((mixed - real) * (fake - real)).sum((1, 2, 3)) / ((fake - real) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(mixed, real + share[:, None, None, None] * (fake - real), atol=1e-5)
    assert 0 <= share.min() < 0.1 and 0.9 < share.max() <= 1
    moved = np.asarray(ON_POINTS["dragan"][0](fake, real, seed), "float64") - real
    # A number moves by share * 0.5 * std * uniform: never down, at most half a std, and the mean
    # over an image is uniform in share.
    assert moved.min() > -1e-6 and moved.max() <= 0.5 * real.std() + 1e-6
    means = moved.mean((1, 2, 3)) / (0.25 * real.std())
    assert means.min() < 0.2 and means.max() > 0.8


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has float64 switched off")
@pytest.mark.parametrize("version", ["wgan_gp", "dragan", "r3gan"])
def test_each_versions_penalty_on_its_own_discriminator(version):
    """Gradient, cost and the cost's gradient along a random direction, by finite differences."""
    config = load_config(
        None, [f"version={version}", "model.width=0.03", "model.resolution=32", "augment.policy=[]"]
    )
    text = TrainState(config).discriminator.to_json()
    keras.config.set_floatx("float64")
    try:
        model = keras.models.model_from_json(text.replace('"float32"', '"float64"'))
    finally:
        keras.config.set_floatx("float32")
    draw = np.random.default_rng(1)
    for weight in model.trainable_variables:  # away from 0, where R3GAN's blocks start
        weight.assign(weight + 0.1 * draw.normal(size=weight.shape))
    images = draw.uniform(-1, 1, (3, 32, 32, 3))
    direction = draw.normal(size=images.shape)
    _, gradients = backend.input_gradients(
        lambda x: model(x, training=True), ops.convert_to_tensor(images), model.variables
    )
    ends = [np.asarray(model(images + step * direction, training=True)) for step in (1e-6, -1e-6)]
    along = (np.asarray(gradients) * direction).sum((1, 2, 3))
    np.testing.assert_allclose(along, (ends[0] - ends[1])[:, 0] / 2e-6, rtol=1e-3, atol=1e-8)

    penalty = COSTS[config.objective.penalties[0]]

    def loss():
        _, gradients = backend.input_gradients(
            lambda x: model(x, training=True), ops.convert_to_tensor(images), model.variables
        )
        return penalty(gradients), ()

    weights = model.trainable_variables
    _, _, gradient = backend.gradients(loss, weights, model.variables)
    directions = [draw.normal(size=weight.shape) for weight in weights]
    # A weight that the scores' gradient does not depend on, such as the last bias, has none.
    exact = sum(
        (np.asarray(g) * w).sum()
        for g, w in zip(gradient, directions, strict=True)
        if g is not None
    )
    values = []
    for step in (1e-9, -2e-9):  # so small that hardly any leaky ReLU bends in between
        for weight, w in zip(weights, directions, strict=True):
            weight.assign(weight + step * w)
        values.append(float(loss()[0]))
    assert exact == pytest.approx((values[0] - values[1]) / 2e-9, rel=2e-3)


@pytest.mark.backends
def test_path_lengths_are_the_formula():
    """Of a linear generator, images = w A, the gradient of image times noise is A noise."""
    draw = np.random.default_rng(0)
    matrix = draw.normal(size=(6, 12)).astype("float32")
    noise = draw.normal(size=(3, 12)).astype("float32")
    w = draw.normal(size=(3, 4, 6)).astype("float32")
    shares = np.array([1.0, 2.0, 0.5, 0.0], "float32")  # the weight of w in each of 4 layers

    def score(w):
        images = ops.matmul(ops.sum(w * shares[:, None], axis=1), matrix)
        return ops.sum(images * noise, axis=1)[:, None]

    _, gradients = backend.input_gradients(score, ops.convert_to_tensor(w), [])
    norms = np.linalg.norm(noise @ matrix.T, axis=1)
    expected = norms * np.sqrt((shares**2).mean())
    np.testing.assert_allclose(ops.convert_to_numpy(path_lengths(gradients)), expected, rtol=1e-4)
