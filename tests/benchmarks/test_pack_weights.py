"""Packed weights are smaller, and nearly the same."""

import numpy as np

from anime_gan.networks import NETWORKS
from benchmarks.pack_weights import DIGITS, outputs, pack, rounded


def test_numbers_keep_twelve_digits():
    """To the nearest one, of both signs; integers stay."""
    numbers = np.random.default_rng(0).normal(size=10_000).astype("float32")
    found = rounded(numbers)
    assert (np.abs(found - numbers) <= np.abs(numbers) * 2.0**-DIGITS).all()
    assert np.abs((found - numbers).mean()) < 1e-6 and (rounded(found) == found).all()
    assert len(np.unique(rounded(np.linspace(1, 2, 10_000, False, dtype="float32")))) == 2049
    assert rounded(np.arange(3)).dtype == np.arange(3).dtype


def test_a_packed_network_opens_as_any_other(tmp_path):
    """Smaller, and of nearly the same images."""
    network = NETWORKS["r3gan"][0](32, 3, 64, 0.03125)
    network.save(plain := tmp_path / "plain.keras")
    before = outputs(plain)
    pack(network, packed := tmp_path / "packed.keras")
    assert packed.stat().st_size < 0.75 * plain.stat().st_size
    assert np.abs(outputs(packed) - before).max() < 0.01
