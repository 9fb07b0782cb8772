"""What differs between TensorFlow and JAX gives the same on both."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.conftest import ROOT
from training import backend

pytestmark = pytest.mark.backends


def test_gradients_are_right_for_the_listed_variables_and_carry_updates_out():
    """d(a^2 b)/da is 2ab; b is not listed; what the loss assigns and draws is kept."""
    a, b, count = (keras.Variable(value) for value in (3.0, 5.0, 0.0))
    seed = keras.random.SeedGenerator(1)
    state = [a, b, count, seed.state]

    def step():
        def loss():
            count.assign(count + 1)
            return a * a * b, keras.random.normal((2,), seed=seed)

        value, drawn, slopes = backend.gradients(loss, [a], state)
        a.assign(a - 0.1 * slopes[0])
        return value, drawn

    run = backend.compile_step(step, state)
    before = np.array(keras.ops.convert_to_numpy(seed.state))
    value, first = run()
    assert float(value) == 45
    np.testing.assert_allclose(
        [float(v) for v in (a.value, b.value, count.value)], [0, 5, 1], atol=1e-6
    )
    assert not np.array_equal(before, keras.ops.convert_to_numpy(seed.state))
    _, second = run()
    assert not np.array_equal(np.asarray(first), np.asarray(second))


def test_precision_is_one_that_the_networks_know():
    """The measurement ends in a name, whatever the machine."""
    assert backend.fastest_precision() in ("float32", "bfloat16")
    assert backend.peak_memory() > 2**20


@pytest.mark.parametrize(("missing", "used"), [("tensorflow", "jax"), ("jax", "tensorflow")])
def test_either_backend_may_be_absent(missing, used):
    """With one not installed and nothing set, the other is taken."""
    code = f"import sys; sys.modules[{missing!r}] = None; import models, keras; "
    code += "print(keras.backend.backend())"
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == [used], done.stderr
