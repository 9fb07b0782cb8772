"""The door to every architecture version: its name gives the networks and the recipe.

python models.py        a table of all versions
python models.py v5     the layers of one version, as the report's comments show them
"""

import argparse
import difflib
from math import prod

# First of all: it decides which backend Keras starts with.
import training.backend  # noqa: F401

import keras

from config import load_config
from errors import UserError, clean_exit
from training.gan import Gan, layers_of
from versions import illustration, jin, r3gan, radford, sagan, srm, stylegan, stylegan2, wasserstein
from versions.version import Version

FAMILIES = [srm, radford, wasserstein, jin, sagan, illustration, r3gan, stylegan, stylegan2]
VERSIONS: dict[str, Version] = {v.name: v for family in FAMILIES for v in family.VERSIONS}


def get_version(name: str) -> Version:
    """Return the version called `name`; UserError names the nearest one where there is none."""
    if name not in VERSIONS:
        near = difflib.get_close_matches(name, VERSIONS, 1, 0)
        raise UserError(
            f"version is {name!r}, which is none of {', '.join(VERSIONS)}; "
            f"the nearest is {near[0] if near else next(iter(VERSIONS))!r}."
        )
    return VERSIONS[name]


def get_recipe(name: str) -> dict:
    """Return what the version says where config.yaml says nothing; UserError as get_version."""
    return get_version(name).recipe


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


def main() -> None:
    """Print the table, or the layers of one version."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", nargs="?", help="print the layers of this one")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="such as model.width=0.25"
    )
    arguments = parser.parse_args()
    overrides = arguments.overrides
    name = arguments.version
    if name and "=" in name:
        name, overrides = None, [name, *overrides]
    if name is None:
        return print_table(overrides)
    version = get_version(name)
    config = load_config(None, [*overrides, f"version={name}"], get_recipe)
    gan = Gan.create(version, config)
    print(f"{name}: {version.source}. {version.note}")
    print_layers(gan.generator)
    print_layers(gan.discriminator)


if __name__ == "__main__":
    clean_exit(main)()
