"""What holds for every version: shapes, precision, ablations in one line; and adding one."""

import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.networks import NETWORKS
from anime_gan.networks.build import build, mixes_batch
from anime_gan.networks.describe import build_shapes
from tests.conftest import ROOT, SLOW_ON_JAX

# JAX compiles each operation for each size, so it takes one, and the smaller networks.
LONG = ("progan", "stylegan", "stylegan2")


@pytest.mark.parametrize(
    "version", [pytest.param(v, marks=SLOW_ON_JAX if v in LONG else ()) for v in VERSIONS]
)
@pytest.mark.parametrize(
    ("resolution", "channels"),
    [pytest.param(32, 1, marks=pytest.mark.backends), (64, 3), (128, 3)],
)
def test_every_version_takes_shape_and_width(version, resolution, channels):
    """Latents to images, images to one score, at any size and in gray."""
    make_generator, make_discriminator, *_ = NETWORKS[version]
    generator = make_generator(resolution, channels, latent_dim=7, width=0.03)
    discriminator = make_discriminator(resolution, channels, width=0.03)
    images = np.asarray(generator(np.random.default_rng(0).normal(size=(2, 7))))
    assert images.shape == (2, resolution, resolution, channels)
    assert np.isfinite(images).all()
    if version not in (
        "progan",
        "r3gan",
        "r3gan_patch",
        "stylegan",
        "stylegan2",
    ):  # linear, as in their papers
        assert np.abs(images).max() <= 1
    scores = np.asarray(discriminator(images))
    assert scores.shape == (2, 1) and np.isfinite(scores).all()
    for model in (generator, discriminator):
        assert model.layers[-1].compute_dtype == "float32"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_takes_the_largest_size(version):
    """1024x1024, in shapes only."""
    config = load_config(None, ["model.width=0.03", f"version={version}", "model.resolution=1024"])
    networks = build_shapes(config)
    assert networks.generator.output_shape == (None, 1024, 1024, 3)
    assert networks.discriminator.input_shape == (None, 1024, 1024, 3)
    assert networks.discriminator.output_shape == (None, 1)


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_the_table_of_versions_says_what_the_networks_are(version):
    """A config is checked by the table, before Keras is imported."""
    _, discriminator, *_ = NETWORKS[version.name]
    model = discriminator(32, width=0.02)
    is_sigmoid = getattr(model.layers[-1], "activation", None) is keras.activations.sigmoid
    assert (is_sigmoid, mixes_batch(model)) == (version.sigmoid, version.compares_batch)
    assert discriminator(version.smallest, width=0.02).output_shape == (None, 1)
    if version.smallest > 16:
        with pytest.raises(ValueError):  # Keras's, of maps that have no pixel left
            discriminator(version.smallest // 2, width=0.02)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_runs_in_bfloat16(version):
    """Weights, images and scores stay float32, and what is between is not."""
    config = load_config(None, ["model.width=0.03", "model.resolution=32", f"version={version}"])
    built = build(config, "bfloat16")
    latents = np.zeros((2, built.generator.input_shape[1]), "float32")
    images = built.generator(latents, training=True)
    scores = built.discriminator(images, training=True)
    for model, output in ((built.generator, images), (built.discriminator, scores)):
        assert keras.backend.standardize_dtype(output.dtype) == "float32"
        assert {variable.dtype for variable in model.weights} == {"float32"}
        assert any(layer.compute_dtype == "bfloat16" for layer in model.layers[1:])
    assert np.isfinite(np.asarray(scores)).all()


def edit(path, old, new) -> None:
    """Replace the one place in a file."""
    text = path.read_text()
    assert text.count(old) == 1, path
    path.write_text(text.replace(old, new))


def test_a_new_version_is_a_file_and_an_entry(tmp_path, faces):
    """The code in networks/README.md, saved as networks/toy.py, trains."""
    package = tmp_path / "anime_gan"
    shutil.copytree(ROOT / "anime_gan", package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.py"), ROOT / "config.yaml"]:
        shutil.copy(path, tmp_path)
    text = (package / "networks" / "README.md").read_text()
    code, entry = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (package / "networks" / "toy.py").write_text(code)
    edit(package / "networks" / "__init__.py", "import (\n", "import (\n    toy,\n")
    edit(package / "networks" / "__init__.py", "FAMILIES = [", "FAMILIES = [toy, ")
    edit(package / "config" / "versions.py", "_ALL = [\n", f"_ALL = [\n{entry.rstrip()},\n")
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
    config = load_config(None, ["version=dcgan"])
    assert (config.model.latent_dim, config.training.batch_size) == (100, 128)
    assert (config.generator.rate, config.discriminator.rate) == (1e-4, 4e-4)
    assert config.generator.beta1 == config.discriminator.beta1 == 0.5
    config = load_config(None, ["version=dcgan", "model.latent_dim=50", "training.batch_size=64"])
    built = build(config)
    assert built.generator.input_shape == (None, 50)
    blocks = [layer for layer in built.generator.layers if hasattr(layer, "strides")]
    assert len(blocks) == 5


@pytest.mark.parametrize(("version", "uneven"), [("dcgan", True), ("dcgan_even", False)])
def test_kernels_that_the_stride_divides_leave_no_checkerboard(version, uneven):
    """A doubling of a constant image by a kernel of ones: equal sums, or the 2x2 pattern."""
    layers = NETWORKS[version][0](width=0.02).layers
    kernel = [x for x in layers if isinstance(x, keras.layers.Conv2DTranspose)][-1].kernel_size
    layer = keras.layers.Conv2DTranspose(
        1, kernel, strides=2, padding="same", kernel_initializer="ones"
    )
    middle = np.asarray(layer(np.ones((1, 8, 8, 1), "float32")))[0, 6:10, 6:10, 0]
    assert (np.unique(middle).size > 1) == uneven
    resize = NETWORKS["dcgan_resize"][0](width=0.02).layers
    doublings = [x for x in resize if isinstance(x, keras.layers.Conv2DTranspose)]
    assert len(doublings) == 1  # from 1x1 to 4x4, where nothing overlaps
