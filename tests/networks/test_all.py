"""What holds for every version: shapes, precision, ablations in one line; and adding one."""

import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from anime_gan import networks
from anime_gan.config import load_config
from anime_gan.networks.build import build
from anime_gan.networks.checks import ends_in_sigmoid
from tests.conftest import ROOT


@pytest.mark.backends
@pytest.mark.parametrize("version", networks.VERSIONS)
@pytest.mark.parametrize(("resolution", "channels"), [(32, 1), (64, 3), (128, 3)])
def test_every_version_takes_shape_and_width(version, resolution, channels):
    """Latents to images, images to one score, at any size and in gray."""
    entry = networks.get_version(version)
    generator = entry.generator(resolution, channels, latent_dim=7, width=0.03)
    discriminator = entry.discriminator(resolution, channels, width=0.03)
    images = np.asarray(generator(np.random.default_rng(0).normal(size=(2, 7))))
    assert images.shape == (2, resolution, resolution, channels)
    assert np.isfinite(images).all()
    if version not in ("r3gan", "stylegan", "stylegan2"):  # linear, as in their papers
        assert np.abs(images).max() <= 1
    scores = np.asarray(discriminator(images))
    assert scores.shape == (2, 1) and np.isfinite(scores).all()
    if ends_in_sigmoid(discriminator):
        assert 0 <= scores.min() <= scores.max() <= 1
    for model in (generator, discriminator):
        assert model.layers[-1].compute_dtype == "float32"


@pytest.mark.parametrize("version", networks.VERSIONS)
def test_every_version_runs_in_bfloat16(version):
    """Weights, images and scores stay float32, and what is between is not."""
    config = load_config(
        None, ["model.width=0.03", "model.resolution=32", f"version={version}"], networks.get_recipe
    )
    built = build(config, "bfloat16")
    latents = np.zeros((2, built.generator.input_shape[1]), "float32")
    images = built.generator(latents, training=True)
    scores = built.discriminator(images, training=True)
    for model, output in ((built.generator, images), (built.discriminator, scores)):
        assert keras.backend.standardize_dtype(output.dtype) == "float32"
        assert {variable.dtype for variable in model.weights} == {"float32"}
        assert any(layer.compute_dtype == "bfloat16" for layer in model.layers[1:])
    assert np.isfinite(np.asarray(scores)).all()


def test_a_new_version_is_a_file_and_a_line(tmp_path, faces):
    """The code in networks/README.md, saved as networks/toy.py, trains."""
    package = tmp_path / "anime_gan"
    shutil.copytree(ROOT / "anime_gan", package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.py"), ROOT / "config.yaml"]:
        shutil.copy(path, tmp_path)
    text = (package / "networks" / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    (package / "networks" / "toy.py").write_text(code)
    init = package / "networks" / "__init__.py"
    line = "from anime_gan.networks.architecture import Version\n"
    assert line in init.read_text()
    init.write_text(
        init.read_text()
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
    built = build(config)
    assert built.generator.input_shape == (None, 50)
    blocks = [layer for layer in built.generator.layers if hasattr(layer, "strides")]
    assert len(blocks) == 5


@pytest.mark.parametrize(("version", "uneven"), [("dcgan", True), ("dcgan_even", False)])
def test_kernels_that_the_stride_divides_leave_no_checkerboard(version, uneven):
    """A doubling of a constant image by a kernel of ones: equal sums, or the 2x2 pattern."""
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
