"""The door to the versions and what it prints."""

import keras
import pytest

from anime_gan import networks
from anime_gan.errors import UserError
from anime_gan.networks import describe
from anime_gan.networks.layers.equalized import EqualizedConv, EqualizedDense
from anime_gan.networks.layers.style import ModulatedConv


def test_an_unknown_version_names_the_nearest():
    """One sentence with every name there is."""
    with pytest.raises(UserError, match=r"'v55'.*'v5'"):
        networks.get_version("v55")


def test_gflops_count_by_hand():
    """Two operations a multiplication: 8x8x3 to 4x4x5 by 3x3, up again by 4x4, then dense."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    x = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x)
    x = keras.layers.Dense(7)(keras.layers.Flatten()(x))
    by_hand = 2 * (4 * 4 * 5 * 9 * 3 + 4 * 4 * 5 * 16 * 2 + 128 * 7)
    assert describe.gflops(keras.Model(inputs, x)) == pytest.approx(by_hand / 1e9)


def test_gflops_of_resampling_layers():
    """Halving by 3x3 is 4x4 at every pixel that comes out, doubling at every one that goes in."""
    inputs, w = keras.Input((8, 8, 3)), keras.Input((6,))
    x = EqualizedConv(5, resample="halve")(inputs)
    x = EqualizedConv(2, resample="double")(x)
    x = ModulatedConv(4, double=True)([x, w])
    score = EqualizedDense(7)(keras.layers.Flatten()(x))
    by_hand = 2 * (4 * 4 * 16 * 3 * 5 + 4 * 4 * 16 * 5 * 2 + 8 * 8 * 9 * 2 * 4 + 16 * 16 * 4 * 7)
    assert describe.gflops(keras.Model([inputs, w], score)) == pytest.approx(by_hand / 1e9)


def test_the_table_and_the_layers(script, call):
    """`python models.py` and `python networks.py v5` print what the README promises."""
    table = script("models.py", "model.width=0.1")
    assert table.returncode == 0, table.stderr
    assert [line.split()[0] for line in table.stdout.splitlines()[1:]] == list(networks.VERSIONS)
    layers = script("models.py", "v5")
    assert "18,421,507" in layers.stdout and "62 x 62 x 128" in layers.stdout
    status, errors = call("models.py", "v6")
    assert status == 2 and "'v6'" in errors and errors.startswith("error: ")
