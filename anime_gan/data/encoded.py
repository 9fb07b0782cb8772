"""Pictures that stay encoded as they are on disk, and are decoded whenever they are asked for."""

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from anime_gan.errors import UserError
from anime_gan.data.decode import read_picture, reason
from anime_gan.data.sources import Source

SOME = 64  # that are decoded at once where one after the other is asked for


class Encoded:
    """The pictures of some entries of a source, to be indexed like a uint8 array (N, H, W, C).

    The first axis alone is indexed, with all that NumPy takes: numbers, slices, lists, masks. What
    comes back is decoded anew, an array of its own. Several threads may ask at once, and a picture
    asked for earlier is decoded earlier.

    entries: indices of those that can be read. shape: the (H, W, C) that each is brought to, by the
    filter `resize`. workers: threads that decode several pictures. images: what errors call the
    source, which must stay open.

    Raises UserError where a picture that is asked for can no longer be read.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self,
        source: Source,
        entries: Sequence[int],
        shape: tuple[int, int, int],
        images: str,
        resize: str = "lanczos",
        workers: int = 1,
    ):
        self._source, self._entries, self._images = source, np.asarray(entries, int), images
        self._resize = resize
        self.shape = (len(self._entries), *shape)
        self._pool = ThreadPoolExecutor(workers)  # Pillow decodes without holding the interpreter
        # Pillow's, on odd but readable files; the threads share one list of filters.
        warnings.filterwarnings("ignore", module="PIL")

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index) -> np.ndarray:
        chosen = self._entries[index]
        if np.ndim(chosen) == 0:
            return self._decode(int(chosen))
        pictures = np.empty((chosen.size, *self.shape[1:]), np.uint8)

        def fill(place: int, entry: int) -> None:
            pictures[place] = self._decode(entry)

        for _ in self._pool.map(fill, range(chosen.size), chosen.ravel().tolist()):
            pass  # raises what a thread has raised
        return pictures.reshape(*chosen.shape, *self.shape[1:])

    def __iter__(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self), SOME):
            yield from self[start : start + SOME]

    def _decode(self, entry: int) -> np.ndarray:
        try:
            return read_picture(self._source, entry, self.shape[1:], self._resize)
        except Exception as error:  # on malformed data, decoders raise all there is
            name = self._source.entries[entry][0]
            raise UserError(
                f"{name} in {self._images} can't be read any more ({reason(error)}): put it back, "
                "or take it out and start again."
            ) from error
