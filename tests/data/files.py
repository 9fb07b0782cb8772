"""Images for the tests, written to disk and opened."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anime_gan.data.image_set import ImageSet, open_images
from anime_gan.data.pixels import to_batch


class InMemory:
    """Images of one uint8 array (N, H, W, C), as `Batches` takes them."""

    def __init__(self, images: np.ndarray):
        self._images, self.shape = images, images.shape

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index) -> np.ndarray:
        return self._images[index]

    def take(self, indices: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """Return images as `Mapped.take` does."""
        return to_batch(self._images[indices], mirrored)


def random_image(mode="RGB", size=(20, 14), seed=0) -> Image.Image:
    """Return an image of random pixels in any 8 bit mode."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    return Image.fromarray(pixels).convert("RGB").convert(mode)


def encoded(image: Image.Image, kind="PNG", **options) -> bytes:
    """Return the bytes of an image file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def fill(folder: Path, count: int, size=(8, 8)) -> Path:
    """Write `count` random PNGs into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        random_image(size=size, seed=number).save(folder / f"{number:04d}.png")
    return folder


def zipped(folder: Path) -> Path:
    """Put the files of `folder` into a zip beside it."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def open_in(tmp_path: Path, images, **options) -> ImageSet:
    """Open images at 8x8, or options["resolution"], with the cache in `tmp_path`."""
    return open_images(images, options.pop("resolution", 8), cache=tmp_path / "cache", **options)


def assert_one_sentence(error: pytest.ExceptionInfo, *mentions: str) -> None:
    """Check that an error is one sentence which names these things."""
    text = str(error.value)
    assert "\n" not in text and text.endswith(".") and ". " not in text
    for mention in mentions:
        assert mention in text
