"""The training images: read, counted, and shown as a network sees them.

    from data_loader import Batches, open_images

The code is in `anime_gan/data/`.
"""

from anime_gan.data.image_set import Batches, image_sizes, open_data, open_images, read_images

__all__ = ["Batches", "image_sizes", "open_data", "open_images", "read_images"]
