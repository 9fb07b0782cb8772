"""The whole set of pictures kept on the device, where batches are made without the host."""

import numpy as np
from keras import ops

from anime_gan.errors import UserError
from anime_gan.backend.free_memory import free_bytes
from anime_gan.data.encoded import Encoded
from anime_gan import backend

SHARE = 0.5  # of the free memory that pictures may take
# All that a byte can become. Looked up, for a compiler may divide by multiplying with the inverse,
# and the batches would not be those of the host to the last bit.
LEVELS = np.arange(256, dtype=np.float32) / np.float32(127.5) - 1


class OnDevice:
    """Pictures on the device, from which Batches takes its batches.

    pictures: uint8 (N, H, W, C), as in a ImageSet; decoded here where they are Encoded.

    Raises UserError if they would take more than SHARE of the memory that is free.
    """

    def __init__(self, pictures: np.ndarray | Encoded):
        self.shape = pictures.shape
        size, free = int(np.prod(self.shape)), free_bytes()
        if free is not None and size > SHARE * free:
            raise UserError(
                f"data.on_device is true, but the {len(pictures):,} pictures take {size / 1e9:.1f} "
                f"GB, over {SHARE:.0%} of the {free / 1e9:.1f} GB free there; set it to false."
            )
        self._pictures = ops.convert_to_tensor(pictures[:])
        self._made = backend.compile_step(_made, [])

    def __len__(self) -> int:
        return self.shape[0]

    def batch(self, indices: np.ndarray, mirrored: np.ndarray):
        """Return pictures in [-1, 1], float32 (B, H, W, C), a tensor on the device.

        indices: which, (B,). mirrored: which of those are mirrored left to right, bool (B,).
        """
        return self._made(self._pictures, indices.astype("int32"), mirrored)


def _made(pictures, indices, mirrored):
    rows = ops.take(pictures, indices, axis=0)
    rows = ops.where(mirrored[:, None, None, None], ops.flip(rows, axis=2), rows)
    return ops.take(ops.convert_to_tensor(LEVELS), ops.cast(rows, "int32"))
