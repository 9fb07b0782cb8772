"""Make a .keras file small enough for the repository: as anime_gan/pretrained has them.

    python -m benchmarks.pack_weights weights/best/generator_95000.keras generator_pretrained.keras

The weights are rounded to 12 binary digits, so that half of each number is zeros, and the
file is compressed. Keras opens it as any other. The largest change of an output is printed.
"""

import os
import tempfile
import zipfile
from pathlib import Path

from anime_gan import backend

backend.start()

import keras
import numpy as np

from anime_gan.networks.build import all_layers
from anime_gan.runs.weights import load_model
from benchmarks import new_parser

DIGITS = 12  # binary ones of a weight that are kept, of 24


def main() -> None:
    """Write the file, and print how it differs."""
    parser = new_parser(__doc__)
    parser.add_argument("source", type=Path, help="a generator or discriminator")
    parser.add_argument("out", type=Path, help="the .keras file to write")
    options = parser.parse_args()
    pack(load_model(options.source), options.out)
    change = np.abs(outputs(options.out) - outputs(options.source)).max()
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.2f} MB, outputs change by {change:.2g} at most")


def outputs(path: Path) -> np.ndarray:
    """Return what a network makes of normal inputs, computed in float32."""
    network = load_model(path)
    for layer in all_layers(network):
        layer.dtype_policy = "float32"
    inputs = np.random.default_rng(0).normal(size=(64, *network.input_shape[1:]))
    return network.predict(inputs.astype("float32"), verbose=0)


def pack(network: keras.Model, out: Path) -> None:
    """Round a network's weights and write it compressed."""
    network.set_weights([rounded(weight) for weight in network.get_weights()])
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, "network.keras")
        network.save(plain)
        deflated = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 9}
        with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w", **deflated) as packed:
            for name in source.namelist():
                packed.writestr(name, source.read(name))


def rounded(array: np.ndarray) -> np.ndarray:
    """Return float32 numbers with DIGITS binary digits; others unchanged.

    The error is at most 2^-DIGITS of a number.
    """
    if array.dtype != np.float32:
        return array
    dropped = 24 - DIGITS
    bits = array.view(np.uint32) + np.uint32(1 << (dropped - 1))
    return (bits & ~np.uint32((1 << dropped) - 1)).view(np.float32)


if __name__ == "__main__":
    main()
