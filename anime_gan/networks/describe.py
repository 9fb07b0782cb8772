"""What the networks cost: parameters, operations, layers."""

from math import prod

import keras

from anime_gan.config.schema import load_config
from anime_gan.networks import VERSIONS, get_recipe, get_version
from anime_gan.training.state import Gan, layers_of


def gflops(model: keras.Model) -> float:
    """Return the billions of floating-point operations of one picture's way through `model`.

    A multiplication and an addition count as two; activations, a thousandth of it, are left out.
    """
    total = 0
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.Conv2DTranspose):  # each input pixel is spread once
            total += 2 * prod(layer.kernel.shape) * prod(layer.input.shape[1:3])
        elif isinstance(layer, keras.layers.Conv2D):
            total += 2 * prod(layer.kernel.shape) * prod(layer.output.shape[1:3])
        elif isinstance(layer, keras.layers.Dense):
            total += 2 * prod(layer.kernel.shape)
        elif hasattr(layer, "multiplications"):
            total += 2 * layer.multiplications()
    return total / 1e9


def print_table(overrides: list[str]) -> None:
    """Print a line for every version, at the shapes that config and overrides give."""
    row = "{:<12} {:>12} {:>14} {:>9} {:>9}  {:<14} {:<23} {}"
    head = ("name", "generator", "discriminator", "GFLOPs G", "GFLOPs D")
    print(row.format(*head, "objective", "optimizer", "source"))
    for name, version in VERSIONS.items():
        config = load_config(None, [*overrides, f"version={name}"], get_recipe)
        gan = Gan.create(version, config)
        generator, discriminator = gan.parameter_counts()
        optimizers = {
            f"{o.optimizer} {_text(o.rate)}": 0 for o in (config.generator, config.discriminator)
        }
        print(
            row.format(
                name,
                f"{generator:,}",
                f"{discriminator:,}",
                f"{gflops(gan.generator):.3f}",
                f"{gflops(gan.discriminator):.3f}",
                config.objective.name,
                " / ".join(optimizers),
                version.source,
            )
        )


def _text(value) -> str:
    """Return a number, or a pair as "first to last"."""
    return " to ".join(f"{n:g}" for n in (value if isinstance(value, tuple) else (value,)))


def print_layers(model: keras.Model) -> None:
    """Print each layer with the shape that comes out of it, as the report's comments do."""
    print(f"\n{model.name}: {model.count_params():,} parameters")
    for layer in layers_of(model):
        size = " x ".join(str(n) for n in layer.output.shape[1:])
        parameters = f"{layer.count_params():,}" if layer.weights else ""
        print(f"  {type(layer).__name__:<16} {_options(layer):<22} {parameters:>12}   {size}")


def _options(layer) -> str:
    """Return what a reader wants to know of a layer besides its shape."""
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


def print_layers_of(name: str, overrides: list[str]) -> None:
    """Print the layers of a version's networks, at the shapes that config and overrides give."""
    version = get_version(name)
    gan = Gan.create(version, load_config(None, [*overrides, f"version={name}"], get_recipe))
    print(f"{name}: {version.source}. {version.note}")
    print_layers(gan.generator)
    print_layers(gan.discriminator)
