"""Feature networks of convolutions whose batch normalization is folded into the weights.

`blocks` of a network describes it, and two builders walk it: `onnx_model` for features, and
`perceptual.py` for gradients in Keras. ONNX Runtime computes the features because the worker
processes of prepare_faces.py should not import TensorFlow, and because Keras on JAX is more than
ten times slower on a CPU (docs/evaluation.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx


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


# The convolutions of a block, and whether its input is added to its output.
Block = tuple[list[Convolution], bool]


def fold(
    kernel: np.ndarray, norm: tuple[np.ndarray, ...], stride: int = 1, relu6: bool = True
) -> Convolution:
    """Return a convolution with the batch normalization that follows it, of epsilon 1e-3.

    Args:
        kernel: without a bias, (outputs, inputs, K, K).
        norm: scale, shift, mean and variance, each (outputs,).
    """
    scale, shift, mean, variance = (part.astype("float64") for part in norm)
    scale = scale / np.sqrt(variance + 1e-3)
    folded = kernel.astype("float64") * scale[:, None, None, None]
    bias = shift - mean * scale
    return Convolution(folded.astype("float32"), bias.astype("float32"), stride, relu6)


def onnx_model(blocks: list[Block], name: str) -> onnx.ModelProto:
    """Return the network from images (N, 3, H, W) to the mean of its last maps, (N, F), float32."""
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
    for convolutions, residual in blocks:
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
    graph = helper.make_graph(nodes, name, [images], [onnx.ValueInfoProto(name=x)], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
