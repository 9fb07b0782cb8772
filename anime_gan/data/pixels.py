"""Images as bytes, as network inputs, as Pillow images, and many of them as one grid."""

import numpy as np
from PIL import Image


def to_uint8(images) -> np.ndarray:
    """Return images in [-1, 1] as uint8 of the same shape: x -> 255 (x + 1) / 2, clipped."""
    images = np.asarray(images, "float32")
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype("uint8")


def to_float(images: np.ndarray) -> np.ndarray:
    """Return uint8 images as float32 of the same shape, in [-1, 1]: x -> x / 127.5 - 1."""
    scaled = np.divide(images, np.float32(127.5), dtype=np.float32)
    scaled -= 1
    return scaled


def to_batch(images: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Return `to_float(images)`, left and right swapped where `mirrored`, bool (N,), is true.

    It changes `images`, (N, H, W, C), too.
    """
    images[mirrored] = images[mirrored].take(np.arange(images.shape[2])[::-1], axis=2)
    return to_float(images)


def to_image(image: np.ndarray) -> Image.Image:
    """Return one uint8 image (H, W, 3) or (H, W, 1) as a Pillow image."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def montage(images: np.ndarray, columns: int = 5, gap: int = 2, smallest: int = 128) -> np.ndarray:
    """Return uint8 images (N, H, W, C) in rows of `columns` as one, uint8 (H', W', C).

    Args:
        images: all of one size.
        columns: images in a row.
        gap: white pixels between images, before they are enlarged.
        smallest: images below this height are enlarged by a whole factor, without smoothing.
    """
    from skimage.util import montage as skimage_montage  # half a second that few callers need

    rows = -(-len(images) // columns)
    white = [255] * images.shape[-1]
    grid = skimage_montage(images, white, False, (rows, columns), gap, channel_axis=-1)
    factor = max(1, smallest // images.shape[1])
    return grid.repeat(factor, 0).repeat(factor, 1)
