"""Images on the device give the batches that the host gives."""

import numpy as np
import pytest

from anime_gan.backend import free_memory
from anime_gan.data.batches import Batches
from anime_gan.data.on_device import OnDevice
from anime_gan.errors import UserError
from tests.data.files import InMemory
from tests.data.test_batches import numbered

pytestmark = pytest.mark.backends


def test_batches_are_the_same_to_the_last_bit():
    """Protects resuming with the other store: from any start, mirrored or not, for every byte."""
    images = numbered(30, size=4)[:]
    images[:16, :, :, 2] = np.arange(256, dtype=np.uint8).reshape(16, 4, 4)
    device = OnDevice(images)
    assert len(device) == 30
    for start, flip in ((0, False), (0, True), (5, True)):
        with (
            Batches(InMemory(images), 7, 3, flip, start) as one,
            Batches(device, 7, 3, flip, start) as other,
        ):
            for _ in range(6):
                assert np.array_equal(next(one).images, np.asarray(next(other).images))


def test_more_than_fits_is_refused(monkeypatch):
    """Protects the sentence that names the key and what is free."""
    monkeypatch.setattr(free_memory, "free_bytes", lambda: 100)
    with pytest.raises(UserError, match=r"data.on_device is true.* 30 images .*set it to false"):
        OnDevice(numbered(30))
