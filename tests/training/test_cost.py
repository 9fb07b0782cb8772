"""The operations of a step: the count is right, and none is done in vain."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from anime_gan import backend
from anime_gan.config import load_config
from anime_gan.runs.run import Progress
from anime_gan.training import cost
from anime_gan.training.step import train_discriminator, train_generator
from tests.training.test_step import tiny

pytestmark = pytest.mark.backends


def count(state, half, with_extras=True) -> tuple:
    """Convolutions of a half of the step, and FLOPs, which JAX estimates.

    What no result depends on is not counted.
    """
    size, batch = state.config.model.resolution, state.config.training.batch_size
    real = np.zeros((batch, size, size, 3), "float32")

    def step(real):
        return half(state, real, with_extras)

    if backend.name() == "jax":
        from anime_gan.backend.jax import jitted

        values = [variable.value for variable in state.variables]
        lowered = jitted(step, state.variables).lower(values, real)
        return lowered.as_text().count("stablehlo.convolution"), lowered.cost_analysis()["flops"]
    import tensorflow as tf

    graph = tf.function(step).get_concrete_function(real).graph
    reached, waiting = set(), [*(x.op for x in graph.outputs), *graph.control_outputs]
    while waiting:
        operation = waiting.pop()
        if operation not in reached:
            reached.add(operation)
            waiting += [*(x.op for x in operation.inputs), *operation.control_inputs]
    return sum(operation.type.startswith("Conv2D") for operation in reached), None


def convolutions(model) -> int:
    """How many of a network's layers are convolutions."""
    kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    return sum(isinstance(layer, kinds) for layer in model.layers)


def test_a_step_does_nothing_twice():
    """v5 and r3gan: each convolution forward, and two gradients; R1 and R2 add three, not seven.

    The first layer of the discriminator needs no gradient of its input, and its weights none in the
    generator's half; r3gan's real images there only take a forward pass.
    """
    for version, extra, paired in (("v5", 0, 0), ("r3gan", 3, 1)):
        state = tiny(version, "model.resolution=16" if paired else "model.resolution=32")
        g, d = convolutions(state.generator), convolutions(state.discriminator)
        assert count(state, train_discriminator)[0] == g + (3 + extra) * d - 1
        assert count(state, train_generator)[0] == 3 * g + (2 + paired) * d


@pytest.mark.slow
def test_lazy_penalties_cost_nothing_in_between():
    """stylegan2: the steps without R1 and path lengths have fewer convolutions."""
    state = tiny("stylegan2", "model.resolution=16")
    for half in (train_discriminator, train_generator):
        assert count(state, half, False)[0] < count(state, half, True)[0]


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="TensorFlow does not count them")
@pytest.mark.parametrize("version", ["v5", "r3gan"])
def test_our_count_is_the_compilers(version):
    """To 15%: the compiler leaves out what is padding, and counts what is no matrix product."""
    state = tiny(version, "model.resolution=32", "training.batch_size=2", "augment.policy=[]")
    for half, gflops in (
        (train_discriminator, cost.discriminator_gflops),
        (train_generator, cost.generator_gflops),
    ):
        assert gflops(state, True) == pytest.approx(count(state, half)[1] / 1e9, rel=0.15)


@pytest.mark.parametrize(
    "budget, done, said",
    [
        ("training.steps=5000", (0, 0), ["at least 3 hours", "r3gan_patch_cpu"]),
        ("training.steps=5000", (4000, 8000), ["at least 33 minutes"]),
        ("training.steps=5000", (4960, 9920), []),
        ("training.minutes=60", (0, 0), []),
        ("training.minutes=60", (1700, 3500), []),
        ("training.minutes=12", (0, 0), ["at most 360 steps", "r3gan_patch_cpu"]),
    ],
)
def test_a_run_says_what_it_costs(budget, done, said, monkeypatch):
    """At 2 s a step: the time for its steps or the steps for its time, and what is faster."""
    monkeypatch.setattr(cost, "step_gflops", lambda state: 200.0)
    monkeypatch.setattr(cost, "matmul_rate", lambda precision, size: lambda: 100.0)
    monkeypatch.setattr(cost.backend, "has_gpu", lambda: False)
    state = SimpleNamespace(config=load_config(None, [budget]))
    lines = cost.on_this_machine(state, Progress(step=done[0], seconds=done[1]), "float32")
    assert len(lines) == len(said)
    for line, words in zip(lines, said, strict=True):
        assert words in line


@pytest.mark.skipif(backend.name() == "jax", reason="the key is TensorFlow's")
def test_operations_with_a_thread_each_share_the_cores(monkeypatch):
    """The rate is measured with one operation: with one thread of four, a quarter of the time."""
    monkeypatch.setattr(cost, "step_gflops", lambda state: 200.0)
    monkeypatch.setattr(cost, "matmul_rate", lambda precision, size: lambda: 100.0)
    monkeypatch.setattr(cost.backend, "has_gpu", lambda: False)
    monkeypatch.setattr(cost.os, "cpu_count", lambda: 4)
    state = SimpleNamespace(config=load_config(None, ["training.threads=1"]))
    assert "0.5 s or more" in cost.on_this_machine(state, Progress(), "float32")[0]
