"""SRGAN (Ledig et al. 2017, arXiv 1609.04802): a network that doubles faces.

Residual blocks at the small size, then a pixel shuffle. Differences from the paper: no batch
normalization, and the result is added to the small image, enlarged bilinearly.
"""

from functools import partial

import keras
from keras import layers

from anime_gan.networks.layers.resampling import PixelShuffle

FILTERS, BLOCKS = 24, 8


def enlarger(channels: int, filters: int = FILTERS, blocks: int = BLOCKS) -> keras.Model:
    """Return the network, from images (B, H, W, C) in [-1, 1] of any size to (B, 2H, 2W, C)."""
    small = layers.Input((None, None, channels))
    convolution = partial(layers.Conv2D, padding="same", kernel_initializer="he_normal")
    x = first = layers.LeakyReLU(0.2)(convolution(filters, 5)(small))
    for _ in range(blocks):
        inner = layers.LeakyReLU(0.2)(convolution(filters, 3)(x))
        inner = layers.Conv2D(filters, 3, padding="same")(layers.Rescaling(0.3)(inner))
        x = layers.Add()([x, inner])
    x = PixelShuffle()(convolution(4 * filters, 3)(layers.Add()([x, first])))
    detail = layers.Conv2D(channels, 5, padding="same")(layers.LeakyReLU(0.2)(x))
    smooth = layers.UpSampling2D(2, interpolation="bilinear")(small)
    return keras.Model(small, layers.Add()([smooth, detail]), name="enlarger")
