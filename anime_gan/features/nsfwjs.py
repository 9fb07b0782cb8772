"""The MobileNetV2 of the npm package nsfwjs, a feature network that knows drawings.

It tells five kinds of pictures apart, drawings among them (Laborde 2019, MIT license, version
4.3.0); its first half was trained on ImageNet. Sandler et al. 2018 (arXiv 1801.04381). The weights
are the package's, a byte each; benchmarks/nsfwjs_weights.py wrote the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anime_gan.features import folded
from anime_gan.features.folded import Block, Convolution

if TYPE_CHECKING:
    import onnx

NAME = "NSFWJS (MobileNetV2)"
SIZE, COARSE_SIZE = 224, 96
LOW, HIGH = 0.0, 1.0  # the input range: what bytes 0 and 255 become
WEIGHTS = Path(__file__).with_name("nsfwjs.npz")
# The blocks whose depthwise convolution has stride 2, and those that repeat the shape before.
_HALVING, _RESIDUAL = (1, 3, 6, 13), (2, 4, 5, 7, 8, 9, 11, 12, 14, 15)
_BLOCKS = 17


def blocks() -> list[Block]:
    """Return the network up to its last maps (B, H / 32, W / 32, 1280), whose mean is the features.

    It was trained on 224x224 and takes any even size.
    """
    tensors = read_tensors()

    def convolution(name: str, norm: str, stride: int = 1, relu6: bool = True) -> Convolution:
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        norms = tuple(tensors[f"{norm}/{part}"] for part in parts)
        depthwise = f"{name}/depthwise_kernel" in tensors
        kernel = tensors[f"{name}/{'depthwise_kernel' if depthwise else 'kernel'}"]
        order = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
        return folded.fold(kernel.transpose(order), norms, stride, relu6)

    found = [([convolution("Conv1", "bn_Conv1", 2)], False)]
    for number in range(_BLOCKS):
        name = f"block_{number}" if number else "expanded_conv"
        stride = 2 if number in _HALVING else 1
        convolutions = [
            convolution(f"{name}_depthwise", f"{name}_depthwise_BN", stride),
            convolution(f"{name}_project", f"{name}_project_BN", relu6=False),
        ]
        if number:
            convolutions.insert(0, convolution(f"{name}_expand", f"{name}_expand_BN"))
        found.append((convolutions, number in _RESIDUAL))
    return [*found, ([convolution("Conv_1", "Conv_1_bn")], False)]


def read_tensors() -> dict[str, np.ndarray]:
    """Return all weights by name, also those of the three dense layers after the features."""
    with np.load(WEIGHTS) as file:
        names = [name for name in file if not name.endswith(":range")]
        ranges = {name: file[f"{name}:range"] for name in names}
        return {name: file[name] * ranges[name][1] + ranges[name][0] for name in names}


def onnx_model() -> onnx.ModelProto:
    """Return the network from images (N, 3, H, W) in [LOW, HIGH] to features (N, 1280), float32."""
    return folded.onnx_model(blocks(), "nsfwjs_mobilenet_v2")
