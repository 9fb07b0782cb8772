"""Tiny generators of every version, none of whose weights is without effect."""

import keras
import numpy as np

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.generation.generator import Generator
from anime_gan.networks.build import build

STYLED = [name for name, version in VERSIONS.items() if version.styled]


def tiny_network(version: str, *overrides: str):
    """Return a generator network as after some training: no weight of it is 0 or 1.

    Some begin at 0, such as the strength of noise; what they scale would not be seen.
    """
    keras.utils.set_random_seed(0)  # also where a fixture of a whole module calls this
    shape = [f"model.resolution={max(16, VERSIONS[version].smallest)}", "model.latent_dim=8"]
    config = load_config(None, [f"version={version}", "model.width=0.02", *shape, *overrides])
    network = build(config).generator
    random = np.random.default_rng(0)
    for weight in network.weights:
        moved = np.asarray(weight) + 0.1 * random.standard_normal(weight.shape)
        weight.assign(np.abs(moved) if "variance" in weight.path else moved)
    return network


def tiny_generator(version: str, *overrides: str) -> Generator:
    """Return the trained generator with such a network."""
    return Generator(tiny_network(version, *overrides))
