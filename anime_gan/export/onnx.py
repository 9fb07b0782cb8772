"""A generator as an ONNX model, by Keras's exporter on TensorFlow."""

from __future__ import annotations

import importlib
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from anime_gan import backend
from anime_gan.export.network import export_network, grouped_as_one, signature
from anime_gan.features.onnx_runtime import open_session
from anime_gan.generation.generator import Generator

OPSET = 15  # of 2021: all runtimes know it, and the graphs need no newer operation
SMALL = 16  # numbers: arrays up to this size are shapes and factors, and stay as they are


def to_onnx(generator: Generator, part: str = "whole") -> onnx.ModelProto:
    """Return a generator, or a part of it, as an ONNX model.

    All inputs and outputs are float32, labels int32. All inputs are required: ONNX Runtime Web
    can't set inputs that have defaults. The number of images is free; its dimension is named
    "batch".

    Args:
        generator: a trained one, in float32.
        part: "whole": `latent` (batch, latent_dim) to `image` (batch, H, W, C), meant for [-1, 1];
            a StyleGAN's also takes the scalars `truncation` and `noise` (1 is the usual value of
            both). "mapping": `latent` to `w` (batch, latent_dim), without truncation. "synthesis":
            `w` (batch, layers, latent_dim) and `noise` to `image`.

    Raises:
        UserError: the generator has no such part, or Keras is not on TensorFlow.
    """
    return _converted(export_network(generator, part))


def _converted(network: keras.Model) -> onnx.ModelProto:
    """Return a network with named inputs and outputs as an ONNX model."""
    exporters = backend.exporters()  # UserError if Keras is not on TensorFlow
    _import_exporter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras's, about np.object
        path = Path(folder) / "network.onnx"
        with grouped_as_one(network), exporters.os_errors():
            network.export(
                path,
                format="onnx",
                verbose=False,
                input_signature=signature(network),
                opset_version=OPSET,
            )
        model = onnx.load(path)
    _describe(model.graph.input, network.input)
    _describe(model.graph.output, network.output)
    _use_current_resize(model)
    del model.graph.value_info[:]  # shapes within the graph, with numbers for the batch
    onnx.checker.check_model(model, full_check=True)
    return model


def _use_current_resize(model: onnx.ModelProto) -> None:
    """Replace a way to enlarge maps that ONNX has deprecated; runtimes warn of it.

    For whole factors and nearest pixels, both ways repeat rows and columns.
    """
    for node in model.graph.node:
        for attribute in node.attribute if node.op_type == "Resize" else ():
            if attribute.s == b"tf_half_pixel_for_nn":
                attribute.s = b"asymmetric"


def _import_exporter() -> None:
    """Import tf2onnx, and undo the change that it makes to TensorFlow's log level."""
    level = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    importlib.import_module("tf2onnx.convert")
    if level is None:
        os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)
    else:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = level


def _describe(values, expected: Mapping[str, keras.KerasTensor]) -> None:
    """Bring inputs or outputs into the network's order, and name their free dimension.

    The exporter sorts them, and numbers each free dimension.
    """
    if {value.name for value in values} != expected.keys():
        raise ValueError(f"{[value.name for value in values]} in place of {list(expected)}")
    del values[:]
    for name, tensor in expected.items():
        shape = ["batch" if size is None else size for size in tensor.shape]
        kind = TensorProto.INT32 if tensor.dtype == "int32" else TensorProto.FLOAT
        values.append(helper.make_tensor_value_info(name, kind, shape))


def to_float16(model: onnx.ModelProto) -> None:
    """Store an ONNX model's weights in half precision; it still computes in float32.

    ONNX Runtime widens them once, when it opens the model. Weights beyond the range of half
    precision, 65,504, stay as they are.
    """
    graph, casts = model.graph, []
    for weights in graph.initializer:
        array = numpy_helper.to_array(weights)
        limit = np.finfo("float16").max
        if array.dtype != "float32" or array.size <= SMALL or not np.abs(array).max() <= limit:
            continue
        name = weights.name
        weights.CopyFrom(numpy_helper.from_array(array.astype("float16"), f"{name}_float16"))
        casts.append(helper.make_node("Cast", [weights.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def write(
    generator: Generator, network: keras.Model, float16: bool, card: Mapping[str, str], path: Path
) -> None:
    """Write a network as an ONNX file, with its card in the model's metadata."""
    model = _converted(network)
    if float16:
        to_float16(model)
    helper.set_model_props(model, dict(card))
    model.producer_name, _, model.producer_version = card["software"].partition(" ")
    model.graph.name = card["part"]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def open_file(path: Path) -> Callable[..., np.ndarray]:
    """Return the function in an ONNX file, from arrays by name to its output."""
    session = open_session(path.read_bytes())

    def run(**inputs: np.ndarray) -> np.ndarray:
        return session.run(None, inputs)[0]

    return run
