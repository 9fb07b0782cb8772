"""Numbers that change during training, and the optimizers that use them."""

import keras
import numpy as np
import pytest

from anime_gan.config import Network, Training, load_config
from anime_gan.training.optimizers import make_optimizer
from anime_gan.training.schedules import Cosine, steps_of
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

pytestmark = pytest.mark.backends


def test_cosine_goes_from_first_to_last_and_stays():
    """First, the mean half-way, last, and last from then on; it may start at 0."""
    for first, last in ((2.0, 0.2), (0.0, 500.0)):
        values = [float(Cosine(first, last, 100)(step)) for step in (0, 50, 100, 1000)]
        np.testing.assert_allclose(values, [first, (first + last) / 2, last, last], atol=1e-4)
    quarter = float(Cosine(1.0, 0.0, 100)(25))
    assert quarter == pytest.approx(0.5 + 0.5 * np.cos(np.pi / 4), abs=1e-6)


def test_the_length_is_counted_in_images():
    """training.cosine_kimg is in thousands of images, so a larger batch takes fewer steps."""
    training = Training(cosine_kimg=2, batch_size=50)
    assert steps_of(training) == 40


def scheduled_state(*overrides) -> TrainState:
    """A tiny run with a pair among its keys."""
    tiny = ["model.width=0.02", "model.resolution=32", "training.batch_size=4"]
    return TrainState(load_config(None, [*tiny, "objective.gamma=[1,0]", *overrides]))


def test_schedules_are_at_their_end_where_a_run_starts_from_trained_networks():
    """High rates, which untrained networks need, would make trained ones forget."""
    rates = "generator.rate=[0.5,0.25]", "generator.decay=0"
    state = scheduled_state("training.start_from=r", "training.cosine_kimg=2", *rates)
    for step in (0, 7):
        state.generator_optimizer.iterations.assign(step)
        assert float(state.generator_optimizer.learning_rate) == 0.25
        assert float(state.scheduled((1.0, 0.0))) == 0


def test_schedules_end_with_the_run():
    """With its steps, or with its minutes on a machine of any speed, and stay there."""
    by_steps = scheduled_state("training.steps=40")
    by_steps.generator_optimizer.iterations.assign(20)
    assert by_steps.scheduled(0.3) == 0.3
    assert float(by_steps.scheduled((1.0, 0.0))) == pytest.approx(0.5, abs=1e-6)
    by_time = scheduled_state("training.minutes=10")
    for step, seconds, value in ((3, 0, 1.0), (3, 300, 0.5), (99, 600, 0.0), (100, 650, 0.0)):
        by_time.follow(step, seconds)
        assert float(by_time.scheduled((1.0, 0.0))) == pytest.approx(value, abs=1e-6)
    assert "share" not in str(list(by_time.named_variables))
    both = scheduled_state("training.minutes=10", "training.steps=40")
    both.follow(20, 60)
    assert float(both.scheduled((1.0, 0.0))) == pytest.approx(0.5, abs=1e-6)


def test_a_time_budget_moves_the_learning_rates():
    """Through the compiled step, which must not hold the first value."""
    overrides = ["generator.optimizer=adam", "generator.rate=[0.1,0.001]", "generator.decay=0"]
    state = scheduled_state("training.minutes=10", *overrides)
    step = compile_step(state)
    real = np.zeros((4, 32, 32, 3), "float32")
    for seconds, rate in ((0, 0.1), (600, 0.001)):
        state.follow(1, seconds)
        step(real)
        assert float(state.generator_optimizer.learning_rate) == pytest.approx(rate, rel=1e-4)


def test_adam_with_a_scheduled_beta2_is_the_formula():
    """Three updates against NumPy: present rate, beta2 and bias correction (R3GAN)."""
    optimizer = make_optimizer(
        Network(optimizer="adam", rate=[0.1, 0.02], beta1=0.0, beta2=[0.9, 0.99]), 4
    )
    weight = keras.Variable([1.0, -2.0])
    optimizer.build([weight])
    expected, second = np.array([1.0, -2.0]), np.zeros(2)
    for step, gradient in enumerate(([0.5, 1.0], [-1.0, 0.25], [2.0, 0.1])):
        share = 0.5 * (1 + np.cos(np.pi * step / 4))
        rate, beta2 = 0.02 + 0.08 * share, 0.99 - 0.09 * share
        gradient = np.array(gradient)
        second += (1 - beta2) * (gradient**2 - second)
        expected -= rate * gradient * np.sqrt(1 - beta2 ** (step + 1)) / (np.sqrt(second) + 1e-7)
        optimizer.apply([keras.ops.convert_to_tensor(gradient.astype("float32"))], [weight])
        np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), expected, rtol=1e-4)


def test_decay_is_that_of_old_keras():
    """rate / (1 + decay * step); today's optimizers ignore `decay=`."""
    optimizer = make_optimizer(Network(rate=0.01, decay=0.5))
    weight = keras.Variable([1.0])
    optimizer.build([weight])
    for expected in (0.01, 0.01 / 1.5, 0.01 / 2):
        np.testing.assert_allclose(float(optimizer.learning_rate), expected, rtol=1e-6)
        optimizer.apply([keras.ops.ones(1)], [weight])
