"""An exported file gives Keras's images and says whence it comes, or it is not there."""

import hashlib
import json
import resource
import zipfile

import keras
import numpy as np
import onnx
import pytest

from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.export import check
from anime_gan.export.arrays import CONFIG, open_file
from anime_gan.export.file import export_file
from anime_gan.export.formats import FORMATS
from anime_gan.export.network import export_network
from tests.conftest import SLOW_ON_JAX
from tests.export.networks import STYLED, tiny_generator

IS_TENSORFLOW = keras.backend.backend() == "tensorflow"
needs_tensorflow = pytest.mark.skipif(not IS_TENSORFLOW, reason="it is written with TensorFlow")
WRITTEN = [
    "npz",
    *(pytest.param(name, marks=needs_tensorflow) for name in FORMATS if name != "npz"),
]


@pytest.fixture(scope="module")
def generators():
    """A generator without styles and one with, as after some training."""
    return {name: tiny_generator(name) for name in ("r3gan", "stylegan2")}


@pytest.fixture
def weights(tmp_path):
    """A file that stands for the generators' weights, in a run with an odd name."""
    folder = tmp_path / "weights" / "<img onerror='x'>\n# \"run\""
    folder.mkdir(parents=True)
    path = folder / "generator_7.keras"
    path.write_bytes(b"weights")
    return path


def card_in(path) -> str:
    """Return all texts of the card in an exported file."""
    if path.is_dir():
        return (path / "README.md").read_text()
    if path.suffix == ".onnx":
        return "\n".join(entry.value for entry in onnx.load(path).metadata_props)
    with zipfile.ZipFile(path) as archive:
        return archive.read("README.md").decode()


@pytest.mark.backends
@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("version", ["r3gan", pytest.param("stylegan2", marks=pytest.mark.slow)])
def test_each_format_gives_keras_images(generators, weights, tmp_path, name, version):
    """With both kinds of network; half precision has half the size. The card is inside."""
    generator, form = generators[version], FORMATS[name]
    sizes = []
    for float16 in (False, True):
        out = tmp_path / f"out_{float16}{form.suffix}"
        difference, bound = export_file(generator, weights, form, out, float16=float16)
        assert difference <= bound / (2 if float16 else 20)
        assert (difference > 1e-4) == float16
        files = [path for path in (out.rglob("*") if out.is_dir() else [out]) if path.is_file()]
        sizes.append(sum(path.stat().st_size for path in files))
        said = card_in(out)
        for words in (
            "Permission is hereby granted",
            "latent (batch, 8)",
            "rights to those images",
        ):
            assert words in said
        assert hashlib.sha256(b"weights").hexdigest() in said
    assert len(list(tmp_path.iterdir())) == 3  # nothing temporary
    weights_size = 4 * generator.network.count_params()
    assert sizes[0] < 1.3 * weights_size and sizes[1] < 0.8 * weights_size


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WRITTEN[1:])
def test_every_version_has_every_format(weights, tmp_path, version, name):
    """Also as its parts, where it has any; ONNX without them is in test_onnx.py."""
    generator, form = tiny_generator(version), FORMATS[name]
    for part in ("whole", "mapping", "synthesis") if version in STYLED else ("whole",):
        out = tmp_path / f"out_{part}{form.suffix}"
        difference, _ = export_file(generator, weights, form, out, part)
        assert difference < check.BOUND / 4 and out.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda generator: generator.network.weights[0].assign_add(
            0.1 * keras.ops.ones_like(generator.network.weights[0])
        ),
        lambda generator: generator.network.weights[-1].assign(
            float("nan") * keras.ops.ones_like(generator.network.weights[-1])
        ),
    ],
    ids=["moved", "nan"],
)
@pytest.mark.parametrize("is_there", [False, True])
def test_a_file_that_differs_is_refused(weights, tmp_path, monkeypatch, change, is_there):
    """The network changes after it was written. What was there before stays."""
    generator, out = tiny_generator("v2"), tmp_path / "out.npz"
    if is_there:
        out.write_bytes(b"former")
    before = sorted(tmp_path.iterdir())
    compare = check.largest_difference

    def changed(*arguments):
        change(generator)
        return compare(*arguments)

    monkeypatch.setattr(check, "largest_difference", changed)
    with pytest.raises(
        UserError, match=r"out.npz was not written: it differs .* 0.002 is"
    ) as caught:
        export_file(generator, weights, FORMATS["npz"], out)
    assert str(caught.value).count("\n") == 0
    assert sorted(tmp_path.iterdir()) == before
    assert not is_there or out.read_bytes() == b"former"


@pytest.mark.parametrize("name", WRITTEN)
def test_a_full_disk_is_one_sentence(weights, tmp_path, name):
    """The system refuses to write more; nothing is left, and what was there stays."""
    form = FORMATS[name]
    out = tmp_path / f"out{form.suffix}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        with pytest.raises(UserError, match=r"could not be written .*saved files are complete"):
            export_file(tiny_generator("v2", "model.width=0.1"), weights, form, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == [tmp_path / "weights"]


@needs_tensorflow
def test_a_saved_model_that_fails_leaves_the_old_folder(weights, tmp_path, monkeypatch):
    """It is a folder, which no system replaces in one step."""
    generator, out = tiny_generator("v2"), tmp_path / "out"
    export_file(generator, weights, FORMATS["savedmodel"], out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.setattr(check, "largest_difference", lambda *arguments: 1.0)
    with pytest.raises(UserError, match="choose another format"):
        export_file(generator, weights, FORMATS["savedmodel"], out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.undo()
    generator.network.weights[0].assign(0 * generator.network.weights[0])
    export_file(generator, weights, FORMATS["savedmodel"], out)  # replaces it
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert after != before and len(list(tmp_path.iterdir())) == 2


@SLOW_ON_JAX
@pytest.mark.backends
def test_arrays_are_read_without_keras(generators, weights, tmp_path):
    """Each weight by the name of its layer, beside the architecture as JSON."""
    out = tmp_path / "out.npz"
    generator = generators["stylegan2"]
    export_file(generator, weights, FORMATS["npz"], out)
    with np.load(out) as file:
        config = json.loads(file[CONFIG])
        arrays = {name: file[name] for name in file.files if name not in (CONFIG, "README.md")}
    names = {layer["name"] for layer in config["config"]["layers"]}
    assert {"mapping", "synthesis", "styles"} <= names
    assert len(arrays) == len(generator.network.weights)
    mapping = generator.mapping.get_layer("dense0")
    assert np.array_equal(arrays["mapping/dense0/kernel"], np.asarray(mapping.kernel))
    assert np.array_equal(arrays["styles/mean"], generator.mean_w)
    z = generator.latents([5])
    again = open_file(out)(latent=z, truncation=np.float32(1), noise=np.float32(1))
    np.testing.assert_allclose(again, generator.outputs(generator.w([5])), rtol=1e-4, atol=1e-4)
    with pytest.raises(UserError, match="holds a generator whole"):
        export_file(generator, weights, FORMATS["npz"], out, "mapping")


def test_a_wrong_scalar_or_part_would_be_seen(generators):
    """The comparison also varies truncation, noise, the number of images and w by layer."""
    generator = generators["stylegan2"]
    right = {part: open_part(generator, part) for part in ("whole", "mapping", "synthesis")}

    def spoiled(part, **fixed):
        return lambda **inputs: right[part](**inputs | fixed)

    one, none = np.float32(1), np.float32(0)
    for part, run in right.items():
        assert check.largest_difference(run, generator, part) < 1e-4
    for part, fixed in (
        ("whole", {"truncation": one}),
        ("whole", {"noise": one}),
        ("whole", {"noise": none}),
        ("synthesis", {"noise": one}),
    ):
        assert check.largest_difference(spoiled(part, **fixed), generator, part) > check.BOUND

    def first_w_only(w, noise):
        return right["synthesis"](w=np.repeat(w[:, :1], generator.layers, 1), noise=noise)

    assert check.largest_difference(first_w_only, generator, "synthesis") > check.BOUND


def open_part(generator, part):
    """Return the function of a part, computed by Keras itself."""
    network = export_network(generator, part)

    def run(**inputs):
        return keras.ops.convert_to_numpy(*network(inputs, training=False).values())

    return run


@pytest.mark.skipif(IS_TENSORFLOW, reason="of the other backend")
@pytest.mark.backends
@pytest.mark.parametrize("name", ["onnx", "litert", "savedmodel"])
def test_formats_of_tensorflow_are_one_sentence_on_jax(weights, tmp_path, name):
    """It says which format every backend has."""
    with pytest.raises(UserError, match="KERAS_BACKEND=tensorflow, or export NumPy arrays"):
        export_file(tiny_generator("v2"), weights, FORMATS[name], tmp_path / "out")
    assert len(list(tmp_path.iterdir())) == 1
