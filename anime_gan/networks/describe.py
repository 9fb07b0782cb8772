"""What networks cost: parameters, operations, layers."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import keras
import numpy as np
from keras.src.backend.common import global_state

from anime_gan.config import Config
from anime_gan.config.versions import get_version
from anime_gan.networks.build import Networks, all_layers, build

# 80 columns up to the source.
_ROW = "{:<12} {:>7} {:>7} {:>8} {:>7}  {:<14}  {:<17}  {}"


def build_shapes(config: Config) -> Networks:
    """Build the networks of a config without values in their weights, which takes no time.

    Parameters and operations can be counted; the networks can't be called.
    """
    with keras.StatelessScope(initialize_variables=False):
        networks = build(config)
    # Keras would give them values at the end of any later scope.
    global_state.set_global_attribute("uninitialized_variables", [])
    return networks


def gflops(model: keras.Model) -> float:
    """Return the billions of floating-point operations of one image's forward pass.

    A multiplication and an addition count as two. Activations, a thousandth of it, are left out.
    """
    multiplications = 0
    for layer in all_layers(model):
        if hasattr(layer, "multiplications"):
            multiplications += layer.multiplications()
        elif hasattr(layer, "kernel"):  # applied at each pixel of its output, or of its input
            transposed = isinstance(layer, keras.layers.Conv2DTranspose)
            maps = layer.input if transposed else layer.output
            multiplications += prod(layer.kernel.shape) * prod(maps.shape[1:-1])
    return 2 * multiplications / 1e9


def table(configs: Iterable[Config]) -> list[str]:
    """Return two lines of heads, and one for each config."""
    lines = [
        _ROW.format("", "", "params", "", "GFLOPs", "", "optimizer,", ""),
        _ROW.format("version", "G", "D", "G", "D", "loss", "learning rate", "source"),
    ]
    for config in configs:
        networks = build_shapes(config)
        models = (networks.generator, networks.discriminator)
        lines.append(
            _ROW.format(
                config.version,
                *(f"{model.count_params() / 1e6:.2f}M" for model in models),
                *(f"{gflops(model):.3f}" for model in models),
                config.objective.name,
                _optimizers(config),
                get_version(config.version).source,
            )
        )
    return [line.rstrip() for line in lines]


def _optimizers(config: Config) -> str:
    """Return the optimizers and learning rates of both networks, each once."""
    sections = (config.generator, config.discriminator)
    names = dict.fromkeys(section.optimizer for section in sections)
    rates = dict.fromkeys(rate_text(section.rate) for section in sections)
    return f"{'/'.join(names)} {', '.join(rates)}"


def rate_text(rate: float | tuple[float, float]) -> str:
    """Return a learning rate such as 2e-4, or a pair as "2e-4 to 5e-5"."""
    pair = rate if isinstance(rate, tuple) else (rate,)
    return " to ".join(np.format_float_scientific(n, trim="-", exp_digits=1) for n in pair)


def layer_table(model: keras.Model) -> list[str]:
    """Return a line for each layer with its output's shape, as in the SRM report's comments."""
    lines = [f"{model.name}: {model.count_params():,} parameters"]
    for layer in all_layers(model):
        size = " x ".join(str(n) for n in layer.output.shape[1:])
        parameters = f"{layer.count_params():,}" if layer.weights else ""
        lines.append(f"  {type(layer).__name__:<16} {options(layer):<22} {parameters:>12}   {size}")
    return lines


def options(layer) -> str:
    """Return a layer's options as text: kernel, padding, stride, dropout rate, activation."""
    config = layer.get_config()
    texts = []
    if "kernel_size" in config:
        texts.append("x".join(map(str, config["kernel_size"])))
        texts.append(config["padding"])
    if config.get("strides", (1, 1)) != (1, 1):
        texts.append(f"stride {config['strides'][0]}")
    if isinstance(layer, keras.layers.Dropout):
        texts.append(f"p {config['rate']:g}")
    if config.get("resample"):
        texts.append(config["resample"])
    if config.get("activation", "linear") != "linear":
        texts.append(config["activation"])
    return " ".join(texts)
