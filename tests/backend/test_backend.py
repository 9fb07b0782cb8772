"""The functions that TensorFlow and JAX implement give the same on both."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from anime_gan import backend
from tests.conftest import ROOT

pytestmark = pytest.mark.backends


def test_gradients_are_right_for_the_listed_variables_and_carry_updates_out():
    """d(a^2 b)/da is 2ab; b is not listed; assignments and seeds of the loss are kept."""
    a, b, count = (keras.Variable(value) for value in (3.0, 5.0, 0.0))
    seed = keras.random.SeedGenerator(1)
    state = [a, b, count, seed.state]

    def step():
        def loss():
            count.assign(count + 1)
            return a * a * b, keras.random.normal((2,), seed=seed)

        value, noise, gradients = backend.gradients(loss, [a], state)
        a.assign(a - 0.1 * gradients[0])
        return value, noise

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


def test_memory_is_in_bytes():
    """More than any process with Keras needs."""
    assert backend.peak_memory() > 2**26


def test_threads_share_one_arena_and_pyplot_can_be_imported():
    """start() changes glibc's arenas, as glibc reports, and hides pyplot from Keras only."""
    code = """
import ctypes, sys, tempfile, threading
from anime_gan import backend
backend.start()
import matplotlib.pyplot
barrier, done = threading.Barrier(9), threading.Event()
def work():
    kept = [bytes(100_000) for _ in range(50)]
    barrier.wait()
    done.wait()
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
barrier.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = tempfile.NamedTemporaryFile()
stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
libc.malloc_info(0, stream)
libc.fclose(stream)
print(file.read().count(b"<heap nr"))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


@pytest.mark.parametrize(("missing", "used"), [("tensorflow", "jax"), ("jax", "tensorflow")])
def test_either_backend_may_be_absent(missing, used):
    """With one not installed and KERAS_BACKEND not set, the other is used."""
    code = f"import sys; sys.modules[{missing!r}] = None; from anime_gan import backend; "
    code += "backend.start(); import keras; print(keras.backend.backend())"
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == [used], done.stderr


@pytest.mark.parametrize(
    ("chosen", "words"), [("tf", "tensorflow or jax"), ("jax", "not installed"), ("", None)]
)
def test_a_backend_that_cannot_be_used_is_named(chosen, words):
    """Before Keras is imported, in a sentence; an empty variable is one that is not set."""
    code = "import sys; sys.modules['jax'] = None; from anime_gan import backend; "
    code += "from anime_gan.errors import clean_exit; raise SystemExit(clean_exit(backend.start)())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": chosen},
        capture_output=True,
        text=True,
    )
    assert done.returncode == (2 if words else 0), done.stderr
    assert words is None or (done.stderr.count("\n") == 1 and words in done.stderr)


def test_a_gpu_that_is_not_used_is_named(tmp_path, monkeypatch):
    """nvidia-smi answers and the networks run on the CPU: a line says what is to be installed."""
    if backend.has_gpu():
        pytest.skip("the GPU is used")
    tool = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for answer, lines in (("echo 'GPU 0: GTX 1080'", 1), ("exit 9", 0), ("echo none", 0)):
        tool.write_text(f"#!/bin/sh\n{answer}\n")
        tool.chmod(0o755)
        assert len(backend.hints()) == lines
    tool.write_text("#!/bin/sh\necho 'GPU 0: GTX 1080'\n")
    assert "and-cuda" in backend.hints()[0] or "cuda12" in backend.hints()[0]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # the user hides it
    assert backend.hints() == []


@pytest.mark.skipif(backend.name() == "jax", reason="the key is TensorFlow's")
def test_operations_have_as_many_threads_as_asked():
    """TensorFlow starts them with the process."""

    def started(threads: int) -> int:
        code = f"from anime_gan import backend; backend.start(threads={threads}); import os; "
        code += "print(len(os.listdir('/proc/self/task')))"
        command = [sys.executable, "-c", code]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout)

    assert started(5) - started(1) == 4


@pytest.mark.parametrize("side, stride, shape", [(3, 1, (7, 8)), (3, 2, (8, 7)), (5, 2, (9, 4))])
def test_depthwise_convolutions_are_those_of_keras(side, stride, shape):
    """Also where a backend has a faster way, at even and odd sizes."""
    draw = np.random.default_rng(0)
    maps = draw.normal(size=(2, *shape, 3)).astype("float32")
    kernel = draw.normal(size=(side, side, 3, 1)).astype("float32")
    found = backend.depthwise_conv(keras.ops.convert_to_tensor(maps), kernel, stride)
    wanted = keras.ops.depthwise_conv(maps, kernel, strides=stride, padding="same")
    np.testing.assert_allclose(found, wanted, atol=1e-5)
