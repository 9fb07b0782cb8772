"""All images kept in the device's memory, where batches are made without the host."""

import numpy as np
from keras import ops

from anime_gan import backend
from anime_gan.backend import free_memory
from anime_gan.errors import UserError

SHARE = 0.5  # of the free memory that the images may take
# The float of each byte. A table, since a compiler may replace the division by a multiplication
# with the inverse, and the batches would differ from those of the host in their last bits.
LEVELS = np.arange(256, dtype=np.float32) / np.float32(127.5) - 1


class OnDevice:
    """Images in the device's memory, from which `Batches` takes tensors.

    Args:
        images: uint8 (N, H, W, C), an array or the images of an `ImageSet`.

    Raises:
        UserError: if they would take more than SHARE of the free memory.
    """

    def __init__(self, images):
        self.shape = images.shape
        size, free = int(np.prod(self.shape)), free_memory.free_bytes()
        if free is not None and size > SHARE * free:
            raise UserError(
                f"data.on_device is true, but the {len(images):,} images take {size / 1e9:.1f} GB, "
                f"over {SHARE:.0%} of the {free / 1e9:.1f} GB free there; set it to false."
            )
        self._images = ops.convert_to_tensor(images[:])
        self._take = backend.compile_step(_take, [])

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, indices: np.ndarray, mirrored: np.ndarray):
        """Return images as `Mapped.take` does, as a tensor on the device."""
        return self._take(self._images, indices.astype("int32"), mirrored)


def _take(images, indices, mirrored):
    chosen = ops.take(images, indices, axis=0)
    chosen = ops.where(mirrored[:, None, None, None], ops.flip(chosen, axis=2), chosen)
    return ops.take(ops.convert_to_tensor(LEVELS), ops.cast(chosen, "int32"))
