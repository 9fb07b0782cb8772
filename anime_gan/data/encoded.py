"""Images that stay encoded in their files and are decoded whenever they are indexed."""

import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from anime_gan.data.decode import Shape, may_pass, read_image, reason
from anime_gan.data.entries import Source
from anime_gan.data.pixels import to_batch
from anime_gan.errors import UserError

WAITS = (0.5, 2.0, 5.0)  # seconds before a file is read again, as of a network disk


class Encoded:
    """Images of a source, indexed like a uint8 array (N, H, W, C).

    Only the first axis can be indexed, with all that NumPy takes: numbers, slices, lists, masks.
    The result is a new array. Several threads may index at once, and are served in their order.

    Args:
        source: where the files are read from; it must stay open.
        entries: places in `source.entries` of the readable files.
        shape, resize: see `decode`.
        workers: number of decoding threads.

    Raises:
        UserError: on indexing, if a file can no longer be read, a few seconds later neither.
    """

    def __init__(
        self, source: Source, entries: Sequence[int], shape: Shape, resize: str, workers: int
    ):
        self._source, self._entries, self._resize = source, np.asarray(entries, int), resize
        self.shape = (len(self._entries), *shape)
        self._pool = ThreadPoolExecutor(workers)  # Pillow decodes without holding the interpreter
        # Pillow warns of odd but readable files; all threads share one list of filters.
        warnings.filterwarnings("ignore", module="PIL")

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index) -> np.ndarray:
        chosen = self._entries[index]
        if np.ndim(chosen) == 0:
            return self._decode(int(chosen))
        images = np.empty((chosen.size, *self.shape[1:]), np.uint8)
        for place, image in enumerate(self._pool.map(self._decode, chosen.ravel().tolist())):
            images[place] = image
        return images.reshape(*chosen.shape, *self.shape[1:])

    def take(self, indices: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """Return images as `Mapped.take` does."""
        return to_batch(self[indices], mirrored)

    def _decode(self, entry: int) -> np.ndarray:
        for wait in (*WAITS, None):
            try:
                return read_image(self._source, entry, self.shape[1:], self._resize)
            except Exception as error:  # decoders raise exceptions of any type on malformed data
                if wait is None or not may_pass(error):
                    name = self._source.entries[entry][0]
                    raise UserError(
                        f"{name} in {self._source.name} can no longer be read ({reason(error)}): "
                        "restore or remove the file and start again."
                    ) from error
            time.sleep(wait)
