"""Five steps of v5 are the report's own loop in numbers."""

import keras
import numpy as np
import pytest

from anime_gan.config import Network
from anime_gan.training.optimizers import make_optimizer
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step
from benchmarks.report_loop import ReportLoop
from tests.training.test_step import batch, tiny, weights

pytestmark = pytest.mark.backends


def report_twin(state: TrainState) -> tuple[ReportLoop, dict]:
    """The report's loop on copies of a state's networks, and the same noise for it."""
    twin = tiny()
    copies = [keras.models.clone_model(model) for model in (state.generator, state.discriminator)]
    for model, copy in zip((state.generator, state.discriminator), copies, strict=True):
        for ours, theirs in zip(model.variables, copy.variables, strict=True):
            theirs.assign(keras.ops.convert_to_numpy(ours))
    seed = twin.seed
    noise = {
        "draw_normal": lambda shape: np.array(keras.random.normal(shape, seed=seed)),
        "draw_uniform": lambda shape: np.array(keras.random.uniform(shape, seed=seed)),
    }
    return ReportLoop(*copies, 5e-4, 1e-8, 1.0, jit_compile=False), noise


def test_v5_equals_the_reports_literal_loop():
    """The losses of five compiled steps of v5 are those of the report's Keras calls, in float32.

    First weights, noise and dropout are equal. Weights are compared after the first step only:
    RMSprop divides a gradient by its size, so where one is nearly 0, rounding decides the next
    ones. The test below compares the weights of all five steps in float64.
    """
    state = tiny()
    loop, noise = report_twin(state)
    step = compile_step(state)
    for number in range(5):
        real = batch(seed=number)
        scalars = step(real)
        d_loss, g_loss = loop.step(real, **noise)
        np.testing.assert_allclose(float(scalars["d_loss"]), d_loss, rtol=1e-4)
        np.testing.assert_allclose(float(scalars["g_loss"]), g_loss, rtol=1e-4)
        if number == 0:
            assert largest_difference(state, loop) < 1e-4


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has float64 switched off")
def test_v5_equals_the_reports_literal_loop_in_float64():
    """Without float32's rounding, five steps give the same weights as the report's loop."""
    state = tiny()
    keras.config.set_floatx("float64")
    try:
        for name in ("generator", "discriminator"):
            text = getattr(state, name).to_json().replace('"float32"', '"float64"')
            network = keras.models.model_from_json(text)
            optimizer = make_optimizer(Network(rate=5e-4, decay=1e-8, clipvalue=1.0))
            optimizer.build(network.trainable_variables)
            setattr(state, name, network)
            setattr(state, f"{name}_optimizer", optimizer)
            setattr(state, f"{name}_weights", network.trainable_variables)
        loop, noise = report_twin(state)
        step = compile_step(state)
        for number in range(5):
            real = batch(seed=number).astype("float64")
            step(real)
            loop.step(real, **noise)
        assert largest_difference(state, loop) < 1e-8
    finally:
        keras.config.set_floatx("float32")


def largest_difference(state: TrainState, loop: ReportLoop) -> float:
    """The largest relative difference, in norm, between their weights."""
    return max(
        np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        for name in ("generator", "discriminator")
        for ours, theirs in zip(
            weights(getattr(state, name)), weights(getattr(loop, name)), strict=True
        )
    )
