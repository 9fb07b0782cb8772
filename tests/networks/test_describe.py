"""The versions by name, and what is counted and printed of them."""

import keras
import pytest

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS, get_version
from anime_gan.errors import UserError
from anime_gan.networks import describe
from anime_gan.networks.build import build
from anime_gan.networks.layers.equalized import EqualizedConv, EqualizedDense
from anime_gan.networks.layers.style import ModulatedConv


def test_an_unknown_version_names_the_nearest():
    """One sentence with every name there is."""
    with pytest.raises(UserError, match=r"'v55'.*'v5'"):
        get_version("v55")


def test_gflops_count_by_hand():
    """Two operations a multiplication: 8x8x3 to 4x4x5 by 3x3, up again by 4x4, then dense."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    x = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x)
    x = keras.layers.Dense(7)(keras.layers.Flatten()(x))
    by_hand = 2 * (4 * 4 * 5 * 9 * 3 + 4 * 4 * 5 * 16 * 2 + 128 * 7)
    assert describe.gflops(keras.Model(inputs, x)) == pytest.approx(by_hand / 1e9)


def test_gflops_of_resampling_layers():
    """Halving by 3x3 is a 4x4 kernel at every output pixel, doubling one at every input pixel."""
    inputs, w = keras.Input((8, 8, 3)), keras.Input((6,))
    x = EqualizedConv(5, resample="halve")(inputs)
    x = EqualizedConv(2, resample="double")(x)
    x = ModulatedConv(4, double=True)([x, w])
    score = EqualizedDense(7)(keras.layers.Flatten()(x))
    by_hand = 2 * (4 * 4 * 16 * 3 * 5 + 4 * 4 * 16 * 5 * 2 + 8 * 8 * 9 * 2 * 4 + 16 * 16 * 4 * 7)
    assert describe.gflops(keras.Model([inputs, w], score)) == pytest.approx(by_hand / 1e9)


@pytest.mark.backends
@pytest.mark.parametrize("version", VERSIONS)
def test_shapes_alone_count_as_much(version):
    """Networks without values have the layers, parameters and operations of those with values."""
    overrides = ["model.width=0.03", "model.resolution=32", f"version={version}"]
    config = load_config(None, overrides)
    shapes, built = describe.build_shapes(config), build(config)
    for part in ("generator", "discriminator"):
        ours, theirs = getattr(shapes, part), getattr(built, part)
        assert describe.layer_table(ours) == describe.layer_table(theirs)
        assert describe.gflops(ours) == describe.gflops(theirs) > 0


def test_shapes_never_get_values():
    """Keras would fill them in at the end of the next stateless scope: gigabytes, for a table."""
    config = load_config(None, ["model.width=0.03"])
    shapes = describe.build_shapes(config)
    with keras.StatelessScope():
        pass
    assert all(variable._value is None for variable in shapes.generator.variables)


def test_the_table_and_the_layers(script, call):
    """The table fits 80 columns but for the source; `python models.py v5` prints layers."""
    table = script("models.py", "model.width=0.1")
    assert table.returncode == 0, table.stderr
    lines = table.stdout.splitlines()[2:]
    assert [line.split()[0] for line in lines] == list(VERSIONS)
    assert [line[80:].strip() for line in lines] == [v.source for v in VERSIONS.values()]
    some = script("models.py", "model.width=0.1", "model.resolution=16")  # too small for v4, v5
    assert some.stderr.count("Left out: ") == 2 and "r3gan_patch" in some.stdout
    layers = script("models.py", "v5")
    assert "18,421,507" in layers.stdout and "62 x 62 x 128" in layers.stdout
    status, errors = call("models.py", "v6")
    assert status == 2 and "'v6'" in errors and errors.startswith("error: ")


def test_models_draws_diagrams(call, script):
    """Of one version, with config keys, into the files named."""
    status, _ = call("models.py", "v1", "--diagram", "n.svg", "--loop", "l.SVG", "model.width=0.1")
    networks, loop = ((script.folder / name).read_text() for name in ("n.svg", "l.SVG"))
    assert status == 0 and "Generator" in networks and "Update the discriminator" in loop
    for wrong in ("--diagram n.svg", "v1 --loop l.png", "v1 --loop n.svg/l.svg"):
        status, errors = call("models.py", *wrong.split())
        assert status == 2 and errors.count("\n") == 1 and errors.startswith("error: ")


def test_models_is_the_door_from_python():
    """`from models import build, versions`, with the config's overrides."""
    from models import build as build_version
    from models import versions

    assert versions == VERSIONS
    built = build_version("v5", "model.width=0.03", "model.resolution=32")
    assert built.generator.output_shape == (None, 32, 32, 3)
    with pytest.raises(UserError, match=r"'v55'"):
        build_version("v55")


def test_a_run_or_a_config_file_is_described_too(script, call, monkeypatch):
    """As train_gan.py takes them, in any case; what can't be written is refused before Keras."""
    monkeypatch.chdir(script.folder)
    run = script.folder / "weights/mine"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("version: oulu\nmodel: {width: 0.1}\n")
    (script.folder / "c.YAML").write_text("version: OULU\nmodel: {width: 0.1}\n")
    expected = script("models.py", "oulu", "model.width=0.1").stdout
    assert expected.startswith("oulu: ")
    for word in ("mine", "c.YAML"):
        assert script("models.py", word).stdout == expected
    assert call("models.py", "v1", "--diagram", "a/b/n.svg", "model.width=0.1")[0] == 0
    assert (script.folder / "a/b/n.svg").is_file()
    (script.folder / "file").touch()
    monkeypatch.setattr("anime_gan.backend.start", None)
    for out in ("/proc/n.svg", "file/n.svg"):
        status, errors = call("models.py", "V1", "--loop", out)
        assert status == 2 and "could not be written" in errors
