"""Layers under the names that files know them by."""

import keras
import pytest

from anime_gan.config.versions import VERSIONS
from anime_gan.networks import NETWORKS
from anime_gan.networks.layers.register import FORMER_NAMES, PACKAGE


def test_former_names_stay_registered():
    """As classes of that name, by which Keras finds their weights in a file."""
    assert FORMER_NAMES
    for former, name in FORMER_NAMES.items():
        old, new = (keras.saving.get_registered_object(f"{PACKAGE}>{n}") for n in (former, name))
        assert issubclass(old, new) and old.__name__ == former


@pytest.mark.parametrize("version", VERSIONS)
def test_renamed_layers_have_names_of_their_own(version):
    """Keras names a layer by its class, and checkpoints hold that name, so it must not change."""
    snake = keras.src.utils.naming.to_snake_case
    automatic = tuple(snake(name) for name in FORMER_NAMES.values())
    generator, discriminator, *_ = NETWORKS[version]
    for network in (generator(32, width=0.03), discriminator(32, width=0.03)):
        paths = [variable.path for variable in network.variables]
        assert not [path for path in paths if any(p.startswith(automatic) for p in path.split("/"))]
