"""A perceptual distance between images, with gradients.

As in LPIPS (Zhang et al. 2018, arXiv 1801.03924), the features of each pixel are normalized to
length 1 at several depths of a network, and their squared distances are averaged. The network is
EfficientNet-Lite0; there are no weights learned from human judgements.
"""

from typing import Any

from keras import ops

from anime_gan import backend
from anime_gan.features import folded, lite0

SIZE = 128  # smaller images are enlarged to it

Tensor = Any


class Perceptual:
    """Feature maps of images and the distances between them, on Keras's backend."""

    def __init__(self):
        self._blocks = [
            ([(layer, *_keras_weights(layer)) for layer in convolutions], residual)
            for convolutions, residual in lite0.blocks()
        ]

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the feature maps at each depth, (B, h, w, F), of length 1 at each pixel.

        They are the last maps of each size, from a half of the images' to a sixteenth.

        Args:
            images: (B, H, W, C) in [-1, 1], C 3 or 1.
        """
        size = max(SIZE, images.shape[1])
        images = ops.broadcast_to(images, (*images.shape[:3], 3))
        images = ops.image.resize(images, (size, size), interpolation="bilinear")
        middle, half = (lite0.HIGH + lite0.LOW) / 2, (lite0.HIGH - lite0.LOW) / 2
        maps = self._maps(middle + half * images)
        return [x * ops.rsqrt(ops.sum(ops.square(x), axis=3, keepdims=True) + 1e-6) for x in maps]

    def distances(self, features: list[Tensor], others: list[Tensor]) -> Tensor:
        """Return the distances (B,), from 0 to 2, between the features of two sets of images."""
        pairs = zip(features, others, strict=True)
        each = [ops.mean(ops.sum(ops.square(a - b), axis=3), axis=(1, 2)) for a, b in pairs]
        return sum(each) / len(each)

    def _maps(self, x: Tensor) -> list[Tensor]:
        """Return what the convolutions with stride 2 take, but for the images themselves."""
        maps = []
        for layers, residual in self._blocks:
            block_input = x
            for layer, kernel, bias in layers:
                if layer.stride == 2:
                    maps.append(x)
                if layer.depthwise:
                    x = backend.depthwise_conv(x, kernel, layer.stride) + bias
                else:
                    x = ops.conv(x, kernel, strides=layer.stride, padding="same") + bias
                x = ops.relu6(x) if layer.relu6 else x
            x = x + block_input if residual else x
        return maps[1:]


def _keras_weights(layer: folded.Convolution) -> tuple[Tensor, Tensor]:
    """Return kernel (K, K, inputs, outputs), depthwise (K, K, channels, 1), and bias."""
    order = (2, 3, 0, 1) if layer.depthwise else (2, 3, 1, 0)
    kernel = layer.kernel.transpose(order)
    return ops.convert_to_tensor(kernel), ops.convert_to_tensor(layer.bias)
