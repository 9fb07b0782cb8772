"""Files of every version open in plain Keras after `import anime_gan`, which changes nothing else.

A user's process is the user's: only scripts may set up TensorFlow, signals and the like.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from anime_gan.backend import name
from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.networks.build import build
from tests.conftest import ROOT, SLOW_ON_JAX

# What a user runs: the modules to import, then the versions to load; the files lie beside it.
PROGRAM = """
import importlib, logging, os, signal, sys

def loggers():
    named = (logging.getLogger(name) for name in logging.root.manager.loggerDict)
    every = [logging.root, *named]
    return {log.name: (log.level, list(log.handlers)) for log in every if log.handlers or log.level}

def process():
    state = {
        "environment": dict(os.environ),
        "excepthook": sys.excepthook,
        "path": list(sys.path),
        "meta_path": [finder for finder in sys.meta_path if "RegisterLayers" not in str(finder)],
        "descriptors": {n: os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                        if os.path.exists(f"/proc/self/fd/{n}")},
        "loggers": loggers(),
        "signals": {s: signal.getsignal(s) for s in signal.valid_signals()},
    }
    if "keras" in sys.modules:
        import keras
        state["precision"] = keras.config.dtype_policy().name, keras.config.floatx()
    if "tensorflow" in sys.modules:
        import tensorflow as tf
        state["options"] = tf.config.optimizer.get_experimental_options()
        state["growth"] = [tf.config.experimental.get_memory_growth(d)
                           for d in tf.config.list_physical_devices("GPU")]
    return state

def unchanged(before, after):
    for part in before:
        assert before[part] == after[part], (part, before[part], after[part])

order, versions = sys.argv[1].split(","), sys.argv[2:]
for name in order:
    before = process()
    importlib.import_module(name)
    if name == "anime_gan":
        unchanged(before, process())
        assert ("keras" in sys.modules) == (order[0] == "keras")

import keras, numpy as np
assert not [finder for finder in sys.meta_path if "RegisterLayers" in str(finder)]
keras.ops.zeros(1)  # the backend opens its devices
before = process()
for version in versions:
    generator, discriminator = (
        keras.models.load_model(f"{version}.{network}.keras")
        for network in ("generator", "discriminator")
    )
    with np.load(f"{version}.npz") as file:
        images = np.asarray(generator(file["latents"]))
        np.testing.assert_allclose(images, file["images"], rtol=1e-4, atol=1e-5)
        scores = np.asarray(discriminator(file["images"]))
        np.testing.assert_allclose(scores, file["scores"], rtol=1e-4, atol=1e-6)
unchanged(before, process())
"""

# Only layers of Keras's own: these open without the project.
PLAIN = ["v1", "v2", "v3", "v4", "v5", "oulu", "dcgan", "dcgan_even", "dcgan_resize", "blog"]
PLAIN += ["wgan", "wgan_gp", "dragan"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with both networks of every version, and what they give."""
    folder = tmp_path_factory.mktemp("saved")
    random = np.random.default_rng(0)
    for version in VERSIONS:
        if version in PLAIN and name() == "jax":
            continue
        overrides = ["model.width=0.03", "model.resolution=32", f"version={version}"]
        built = build(load_config(None, overrides))
        latents = random.normal(size=(2, *built.generator.input_shape[1:])).astype("float32")
        images = np.asarray(built.generator(latents))
        scores = np.asarray(built.discriminator(images))
        np.savez(folder / f"{version}.npz", latents=latents, images=images, scores=scores)
        built.generator.save(folder / f"{version}.generator.keras")
        built.discriminator.save(folder / f"{version}.discriminator.keras")
    return folder


# JAX compiles each operation of each network here, so it takes the layers of the project only.
OWN_LAYERS = pytest.param("anime_gan,keras", marks=[pytest.mark.backends, SLOW_ON_JAX])


@pytest.mark.parametrize("order", ["keras,anime_gan", OWN_LAYERS, "keras"])
def test_files_open_in_plain_keras(saved, order):
    """Both networks give what they gave, and neither the import nor the files change the process.

    In either order of imports; without the project, where the layers are all Keras's.
    """
    versions = {
        "keras,anime_gan": list(VERSIONS),
        "anime_gan,keras": [name for name in VERSIONS if name not in PLAIN],
        "keras": PLAIN,
    }[order]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, order, *versions],
        cwd=saved,
        env=os.environ | {"PYTHONPATH": str(ROOT) if "anime_gan" in order else ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
