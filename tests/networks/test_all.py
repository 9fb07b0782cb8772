"""What holds for every version: its sizes, its files, its one-line ablations; and a new one."""

import os
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from anime_gan import networks
from anime_gan.config.schema import load_config
from anime_gan.training import checks
from anime_gan.training.state import Gan
from tests.conftest import ROOT

# Their layers are Keras's own, so plain Keras opens their files.
PLAIN = [
    "v1",
    "v5",
    "oulu",
    "dcgan",
    "dcgan_even",
    "dcgan_resize",
    "blog",
    "wgan",
    "wgan_gp",
    "dragan",
]


def tiny(version, *overrides) -> Gan:
    """A gan of a few filters."""
    overrides = ["model.width=0.03", "model.resolution=32", f"version={version}", *overrides]
    return Gan.create(
        networks.get_version(version), load_config(None, overrides, networks.get_recipe)
    )


@pytest.mark.backends
@pytest.mark.parametrize("version", networks.VERSIONS)
@pytest.mark.parametrize(("resolution", "channels"), [(32, 1), (64, 3), (128, 3)])
def test_every_version_takes_shape_and_width(version, resolution, channels):
    """Latents to pictures, pictures to one score, at any size and in grey."""
    entry = networks.get_version(version)
    generator = entry.generator(resolution, channels, latent_dim=7, width=0.03)
    discriminator = entry.discriminator(resolution, channels, width=0.03)
    pictures = np.asarray(generator(np.random.default_rng(0).normal(size=(2, 7))))
    assert pictures.shape == (2, resolution, resolution, channels)
    assert np.isfinite(pictures).all()
    if version not in ("r3gan", "stylegan", "stylegan2"):  # linear, as in their papers
        assert np.abs(pictures).max() <= 1
    scores = np.asarray(discriminator(pictures))
    assert scores.shape == (2, 1) and np.isfinite(scores).all()
    if checks.ends_in_sigmoid(discriminator):
        assert 0 <= scores.min() <= scores.max() <= 1
    for model in (generator, discriminator):
        assert model.layers[-1].compute_dtype == "float32"


@pytest.mark.parametrize("version", networks.VERSIONS)
def test_every_version_runs_in_bfloat16(version):
    """Weights, pictures and scores stay float32, and what is between is not."""
    config = load_config(
        None, ["model.width=0.03", "model.resolution=32", f"version={version}"], networks.get_recipe
    )
    gan = Gan.create(networks.get_version(version), config, "bfloat16")
    latents = np.zeros((2, gan.generator.input_shape[1]), "float32")
    pictures = gan.generator(latents, training=True)
    scores = gan.discriminator(pictures, training=True)
    for model, output in ((gan.generator, pictures), (gan.discriminator, scores)):
        assert keras.backend.standardize_dtype(output.dtype) == "float32"
        assert {variable.dtype for variable in model.weights} == {"float32"}
        assert any(layer.compute_dtype == "bfloat16" for layer in model.layers[1:])
    assert np.isfinite(np.asarray(scores)).all()


@pytest.mark.slow
def test_files_open_in_keras_alone_or_with_the_project(tmp_path):
    """Both networks of every version, opened by another process, give what they gave here."""
    draw = np.random.default_rng(0)
    latents = {}
    for version in networks.VERSIONS:
        gan = tiny(version)
        latents[version] = draw.normal(size=(2, gan.generator.input_shape[1])).astype("float32")
        gan.generator.save(tmp_path / f"{version}.generator.keras")
        gan.discriminator.save(tmp_path / f"{version}.discriminator.keras")
        pictures = np.asarray(gan.generator(latents[version]))
        scores = np.asarray(gan.discriminator(pictures))
        np.savez(tmp_path / f"{version}.npz", latents=latents[version], expected=scores)
    code = """
import sys
import keras, numpy as np
if sys.argv[1] == "project":
    import anime_gan
for version in sys.argv[2:]:
    names = ("generator", "discriminator")
    generator, discriminator = (keras.models.load_model(f"{version}.{n}.keras") for n in names)
    with np.load(f"{version}.npz") as file:
        scores = np.asarray(discriminator(generator(file["latents"])))
        np.testing.assert_allclose(scores, file["expected"], rtol=1e-4, atol=1e-6)
"""
    for how, versions in (("alone", PLAIN), ("project", list(networks.VERSIONS))):
        path = str(ROOT) if how == "project" else ""
        done = subprocess.run(
            [sys.executable, "-c", code, how, *versions],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


def test_a_new_version_is_a_file_and_a_line(tmp_path, faces):
    """As networks/README.md says: its code block becomes networks/toy.py, and trains."""
    package = tmp_path / "anime_gan"
    shutil.copytree(ROOT / "anime_gan", package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.py"), ROOT / "config.yaml"]:
        shutil.copy(path, tmp_path)
    text = (package / "networks" / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    (package / "networks" / "toy.py").write_text(code)
    door = package / "networks" / "__init__.py"
    line = "from anime_gan.networks.architecture import Version\n"
    assert line in door.read_text()
    door.write_text(
        door.read_text()
        .replace(line, f"from anime_gan.networks import toy\n{line}")
        .replace("FAMILIES = [", "FAMILIES = [toy, ")
    )
    done = subprocess.run(
        [sys.executable, "train_gan.py", "version=toy", f"data.images={faces}"]
        + ["model.width=0.1", "training.batch_size=4", "training.steps=1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "weights" / "toy" / "generator_1.keras").exists()


def test_ablations_of_the_dcgan_text_are_one_line():
    """Latents of 50 in place of 100, batches of 64 in place of 128."""
    config = load_config(None, ["version=dcgan"], networks.get_recipe)
    assert (config.model.latent_dim, config.training.batch_size) == (100, 128)
    assert (config.generator.rate, config.discriminator.rate) == (1e-4, 4e-4)
    assert config.generator.beta1 == config.discriminator.beta1 == 0.5
    config = load_config(
        None,
        ["version=dcgan", "model.latent_dim=50", "training.batch_size=64"],
        networks.get_recipe,
    )
    gan = Gan.create(networks.get_version("dcgan"), config)
    assert gan.generator.input_shape == (None, 50)
    blocks = [layer for layer in gan.generator.layers if hasattr(layer, "strides")]
    assert len(blocks) == 5


@pytest.mark.parametrize(("version", "uneven"), [("dcgan", True), ("dcgan_even", False)])
def test_kernels_that_the_stride_divides_leave_no_checkerboard(version, uneven):
    """A doubling of a constant picture by a kernel of ones: even sums, or the 2x2 pattern."""
    layers = networks.get_version(version).generator(width=0.02).layers
    kernel = [x for x in layers if isinstance(x, keras.layers.Conv2DTranspose)][-1].kernel_size
    layer = keras.layers.Conv2DTranspose(
        1, kernel, strides=2, padding="same", kernel_initializer="ones"
    )
    middle = np.asarray(layer(np.ones((1, 8, 8, 1), "float32")))[0, 6:10, 6:10, 0]
    assert (np.unique(middle).size > 1) == uneven
    resize = networks.get_version("dcgan_resize").generator(width=0.02).layers
    doublings = [x for x in resize if isinstance(x, keras.layers.Conv2DTranspose)]
    assert len(doublings) == 1  # from 1x1 to 4x4, where nothing overlaps
