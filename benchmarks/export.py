"""Measure exported files: size, time to export, time of an image, difference from Keras.

    python -m benchmarks.export pretrained stylegan2:0.03125 --formats onnx,npz
    python -m benchmarks.export r3gan:0.25 --resolution 64

Times are of the process on all its cores, so that other work beside it changes little.
"""

from anime_gan.export.formats import choose_backend

choose_backend()

from anime_gan import backend

backend.start()

import importlib
import tempfile
import time
from pathlib import Path

import numpy as np

from anime_gan.config import load_config
from anime_gan.export.file import export_file
from anime_gan.export.formats import FORMATS
from anime_gan.generation.generator import Generator
from anime_gan.generation.load import find_weights, load_generator
from anime_gan.networks.build import build
from benchmarks import new_parser

SECONDS = 1.0  # of images, for the time of one


def main() -> None:
    """Export and measure, and print a table."""
    parser = new_parser(__doc__)
    parser.add_argument("sources", nargs="+", help="runs, or version:width for a fresh network")
    parser.add_argument("--formats", default=",".join(FORMATS), help="default %(default)s")
    parser.add_argument("--resolution", type=int, default=64, help="of fresh networks")
    options = parser.parse_args()
    heads = "network | parameters | format | weights | MB | export, s | image, ms | difference"
    print(f"| {heads} |\n|{'---|' * 8}", flush=True)
    for source in options.sources:
        generator, weights = opened(source, options.resolution)
        count = generator.network.count_params()
        for name in options.formats.split(","):
            for float16 in (False, True):
                cells = measured(generator, weights, name, float16)
                print(f"| {source} | {count:,} | {name} | {' | '.join(cells)} |", flush=True)


def opened(source: str, resolution: int) -> tuple[Generator, Path]:
    """Return a trained generator, or a fresh one of "version:width", and a file for its card."""
    version, _, width = source.partition(":")
    if not width:
        return load_generator(source), find_weights(source)
    config = [f"version={version}", f"model.width={width}", f"model.resolution={resolution}"]
    network, random = build(load_config(None, config)).generator, np.random.default_rng(0)
    for weights in network.trainable_weights:  # some begin at 0, and are stored once for all
        weights.assign(weights + 0.02 * random.standard_normal(weights.shape).astype("float32"))
    return Generator(network), Path(__file__)


def measured(generator: Generator, weights: Path, name: str, float16: bool) -> list[str]:
    """Return the cells of one export: precision, size, times of this process, difference."""
    form = FORMATS[name]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"network{form.suffix}"
        begun = time.process_time()
        difference, _ = export_file(generator, weights, form, out, float16=float16)
        exported = time.process_time() - begun
        files = out.rglob("*") if out.is_dir() else [out]
        size = sum(file.stat().st_size for file in files)
        run = importlib.import_module(form.module).open_file(out)
        inputs = {"latent": generator.latents([0])}
        if generator.has_styles:
            inputs |= {"truncation": np.float32(1)[...], "noise": np.float32(1)[...]}
        each = time_of(lambda: run(**inputs))
    precision = "float16" if float16 else "float32"
    return [precision, f"{size / 1e6:.1f}", f"{exported:.1f}", f"{each:.1f}", f"{difference:.1g}"]


def time_of(call) -> float:
    """Return the milliseconds of a call on all cores together, after a first one."""
    call()
    begun, count = time.process_time(), 0
    while time.process_time() - begun < SECONDS or not count:
        call()
        count += 1
    return 1_000 * (time.process_time() - begun) / count


if __name__ == "__main__":
    main()
