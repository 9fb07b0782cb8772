"""A generator as an ONNX model, by Keras's exporter on TensorFlow."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import keras
import onnx

from anime_gan.export.network import export_network, grouped_as_one, signature
from anime_gan.generation.generator import Generator

OPSET = 15  # of 2021: all runtimes know it, and the graphs need no newer operation


def to_onnx(generator: Generator, part: str = "whole") -> onnx.ModelProto:
    """Return a generator, or a part of it, as an ONNX model; it needs Keras on TensorFlow.

    All inputs and outputs are float32 and required: ONNX Runtime Web can't set inputs that have
    defaults. The number of images is free; its dimension is named "batch".

    Args:
        generator: a trained one, in float32.
        part: "whole": `latent` (batch, latent_dim) to `image` (batch, H, W, C), meant for [-1, 1];
            a StyleGAN's also takes the scalars `truncation` and `noise` (1 is the usual value of
            both). "mapping": `latent` to `w` (batch, latent_dim), without truncation. "synthesis":
            `w` (batch, layers, latent_dim) and `noise` to `image`.

    Raises:
        UserError: the generator has no such part.
    """
    network = export_network(generator, part)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras's, about np.object
        path = Path(folder) / "network.onnx"
        with grouped_as_one(network):
            network.export(
                path,
                format="onnx",
                verbose=False,
                input_signature=signature(network),
                opset_version=OPSET,
            )
        model = onnx.load(path)
    _name_batch(model, network)
    onnx.checker.check_model(model, full_check=True)
    return model


def _name_batch(model: onnx.ModelProto, network: keras.Model) -> None:
    """Name the free dimension of all inputs and outputs, in the network's order; check the rest.

    The exporter sorts them, and gives each free dimension a number.
    """
    for values, expected in (
        (model.graph.input, network.input),
        (model.graph.output, network.output),
    ):
        by_name = {value.name: value for value in values}
        assert by_name.keys() == expected.keys(), (list(by_name), list(expected))
        ordered = [by_name[name] for name in expected]
        for value in ordered:
            shape = expected[value.name].shape
            dimensions = ["batch" if size is None else size for size in shape]
            value.CopyFrom(
                onnx.helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, dimensions)
            )
        copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in ordered]
        del values[:]
        values.extend(copies)
    del model.graph.value_info[:]  # shapes within the graph, with the exporter's own names
