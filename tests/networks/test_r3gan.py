"""R3GAN's networks, against the paper."""

import keras
import numpy as np
import pytest

from anime_gan.networks import r3gan

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("width", [1 / 24, 1.0])
def test_blocks_begin_as_the_identity(width):
    """Fix-up initialization: the last convolution of each block begins at 0."""
    model = r3gan.discriminator(resolution=16, width=width)
    lasts = [layer.input[1] for layer in model.layers if isinstance(layer, keras.layers.Add)]
    assert len(lasts) == 3 * (2 if width == 1 else 1)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype("float32")
    for output in lasts:
        assert not np.asarray(keras.Model(model.input, output)(image)).any()


def test_width_1_is_the_papers():
    """FFHQ at 64x64: 384 filters there and 768 below, bottlenecks twice as wide, groups of 16."""
    model = r3gan.discriminator(resolution=64, width=1.0)
    grouped = [x for x in model.layers if getattr(x, "groups", 1) > 1]
    assert [x.filters for x in grouped] == [768] * 2 + [1536] * 8
    assert [x.groups for x in grouped] == [48] * 2 + [96] * 8
    assert all(x.kernel.shape == (3, 3, 16, x.filters) for x in grouped)
