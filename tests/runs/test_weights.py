"""Weights files of whole networks: a changed bit is noticed, and plain Keras reads them."""

import keras
import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.runs.weights import load_weights, save_weights
from tests.runs.test_checkpoint import tiny


def test_a_changed_number_is_noticed_and_plain_keras_reads_the_rest(tmp_path):
    """HDF5 alone would load the changed file; a file of plain Keras has no checksum."""
    first, second = tiny().combined, tiny(seed=1).combined
    path, plain = tmp_path / "a.weights.h5", tmp_path / "b.weights.h5"
    save_weights(first, path)
    second.load_weights(path)
    first.save_weights(plain)
    for file in (path, plain):
        other = tiny(seed=2).combined
        load_weights(other, file)
        for network in (second, other):
            for mine, theirs in zip(first.get_weights(), network.get_weights(), strict=True):
                np.testing.assert_array_equal(mine, theirs)
    data = bytearray(path.read_bytes())
    kernel = keras.ops.convert_to_numpy(first.trainable_variables[0]).tobytes()
    data[data.index(kernel) + 3] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="checksum"):
        load_weights(second, path)
