"""The .npz file of features: what it holds, and that it is written whole or not at all."""

import numpy as np
import pytest

from anime_gan.errors import UserError
from anime_gan.features import npz
from anime_gan.features.discriminator import DiscriminatorFeatures
from tests.features.test_discriminator import bytes_of, discriminator, features_of


class OnePart:
    """Images of which only a few can be read at a time."""

    def __init__(self, images, most: int):
        self.images, self.most, self.shape = images, most, images.shape

    def __len__(self):
        return len(self.images)

    def take(self, indices, mirrored):
        """As Mapped and Encoded do."""
        assert len(indices) <= self.most and not mirrored.any()
        return self.images[indices].astype("float32") / 127.5 - 1


def test_what_the_file_holds(tmp_path):
    """Names of files and layers, and each layer's features, in the order of the images."""
    network = DiscriminatorFeatures(discriminator("r3gan_patch"))
    network.batch = 4
    images = bytes_of(network, 10)
    names = [f"faces/{number} ü.png" for number in range(10)]
    path = tmp_path / "features.npz"
    path.write_bytes(b"former")
    npz.write(path, network, OnePart(images, 4), names)
    with np.load(path, allow_pickle=False) as file:
        assert file["files"].tolist() == names
        assert file["layers"].tolist() == ["maps_8x8", "maps_4x4", "vector_184"]
        assert file["shapes"].tolist() == ["8x8x92", "4x4x184", "184"]
        for layer, expected in zip(network.layers, features_of(network, images), strict=True):
            found = file[layer.name]
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        assert sorted(file) == sorted(
            ["files", "layers", "keras_layers", "shapes", *file["layers"]]
        )
    assert [*tmp_path.iterdir()] == [path]


def test_a_failure_leaves_the_former_file(tmp_path, monkeypatch):
    """Neither half a file nor its parts remain."""
    network = DiscriminatorFeatures(discriminator("v1"))
    path = tmp_path / "features.npz"
    path.write_bytes(b"former")

    class Broken(OnePart):
        def take(self, indices, mirrored):
            raise UserError("a file can no longer be read.")

    with pytest.raises(UserError, match="no longer"):
        npz.write(path, network, Broken(bytes_of(network, 3), 64), ["a", "b", "c"])
    monkeypatch.setattr(npz, "require_space", lambda *_: (_ for _ in ()).throw(UserError("full")))
    with pytest.raises(UserError, match="full"):
        npz.write(path, network, bytes_of(network, 3), ["a", "b", "c"])
    assert path.read_bytes() == b"former" and [*tmp_path.iterdir()] == [path]
