"""Measure how good a generator is, how varied, and whether it copies.

    python evaluate.py                               the newest run, beside what it was trained on
    python evaluate.py v4 --count 1000
    python evaluate.py stylegan --psi 0.7            faces nearer to the mean: truncated
    python evaluate.py weights/v5/generator_5000.keras --real faces.zip
    python evaluate.py --generated made --real faces.zip         two sets of pictures

    python evaluate.py --network lite0 --network opennsfw         a second network's opinion

Every number stands with its network, its counts and its floor: the same number between two
disjoint sets of real pictures. One number of one network is no ranking: look at the grids too.
"""

import argparse
import json
from itertools import product
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np

from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import NETWORKS, open_network
from anime_gan.files import whole_file
from anime_gan.generation.generator import parse_psis
from anime_gan.metrics.evaluate import measure, of_pictures, of_weights
from anime_gan.metrics.reference import LEAST
from anime_gan.runs.grids import save_grid


def table(result: dict) -> str:
    """Return the results as a person reads them."""
    first = result["comparisons"][0]
    pictures = result["pictures"] + (f" at psi {result['psi']:g}" if "psi" in result else "")
    lines = [
        f"{pictures}: {first['count']:,} pictures beside {first['count']:,} of "
        f"{result['real']}; floors are of {first['count']:,} real ones beside {first['count']:,}",
    ]
    for found, name in product(result["comparisons"], ("whole", "coarse")):
        values = found[name]
        lines.append(f"{found['network']}, {name}: {found['resize'][name]}")
        for key, label in (
            ("frechet", "Fréchet distance"),
            ("kernel", "kernel distance"),
            ("precision", "precision"),
            ("recall", "recall"),
            ("density", "density"),
            ("coverage", "coverage"),
        ):
            error = f" +- {values['kernel_error']:.2g}" if key == "kernel" else ""
            lines.append(
                f"  {label:18}{values[key]:>10.4g}{error:12} floor {values['floor'][key]:.4g}"
            )
    for space in ("pixels", "features"):
        lines.append(f"copies in {space}: {result[f'copies_in_{space}']['verdict']}")
    if "discriminator" in result:
        scores = result["discriminator"]
        parts = [f"{key.replace('_', ' ')} {value:.3g}" for key, value in scores.items()]
        lines.append(f"discriminator: {', '.join(parts)}")
    if "kinds" in result:
        kinds = result["kinds"]
        lines.append(
            f"kinds of drawn faces: {kinds['coverage']:.1%} seen, divergence "
            f"{kinds['divergence']:.3f} bits; {kinds['count']:,} real ones: "
            f"{kinds['floor']['coverage']:.1%}, {kinds['floor']['divergence']:.3f}"
        )
    return "\n".join(lines)


@clean_exit
def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", help="a run's name or a weights file; else the newest")
    parser.add_argument("--generated", metavar="PATH", help="generated images in place of weights")
    parser.add_argument("--real", metavar="PATH", help="real pictures; else the run's own")
    parser.add_argument("--psi", default="1", metavar="N", help="truncation: 1 none, 0 one face")
    parser.add_argument("--count", type=int, default=5_000, metavar="N", help="on each side")
    parser.add_argument(
        "--network",
        action="append",
        metavar="NAME",
        help=f"{', '.join(NETWORKS)}, or a .keras or .onnx; lite0 if none; may be given again",
    )
    parser.add_argument("--input-size", type=int, metavar="N", help="pixels that a file's takes")
    parser.add_argument("--scale", metavar="A,B", help="what a file's takes for black and white")
    parser.add_argument("--layer", metavar="NAME", help="whose output of a file's is taken")
    arguments = parser.parse_args()
    if arguments.count < LEAST:
        raise UserError(f"--count is {arguments.count}, but must be at least {LEAST}.")
    if arguments.generated and (arguments.source or not arguments.real):
        raise UserError("--generated takes no run or weights, but real images with --real.")
    psi, *others = parse_psis(arguments.psi)
    if others:
        raise UserError(f"--psi is {arguments.psi!r}, but one measurement is of one number.")
    if arguments.generated and psi != 1:
        raise UserError("--psi is for weights; pictures are as they were drawn.")
    scale, names = parse_scale(arguments.scale), arguments.network or ["lite0"]
    if (arguments.input_size or scale or arguments.layer) and set(names) <= set(NETWORKS):
        raise UserError(f"--input-size, --scale and --layer are for a file, not {names[0]}.")
    networks = [open_network(name, arguments.input_size, scale, arguments.layer) for name in names]
    if arguments.generated:
        subject = of_pictures(arguments.generated, arguments.real, arguments.count)
    else:
        subject = of_weights(arguments.source, arguments.real, arguments.count, psi)

    result, pairs = measure(subject, networks, arguments.count)
    print(table(result))
    with whole_file(Path(f"{subject.out}.json")) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    for space, (fake, real) in pairs.items():
        both = np.stack([fake, real], axis=1).reshape(-1, *fake.shape[1:])
        save_grid(Path(f"{subject.out}_nearest_{space}.png"), both, columns=8)
    print(
        f"written: {subject.out}.json, and the nearest pairs, generated beside real, to "
        f"{subject.out}_nearest_pixels.png and _features.png"
    )


def parse_scale(text: str | None) -> tuple[float, float] | None:
    """Return "-1,1" as (-1.0, 1.0)."""
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low = high = 0
    if low == high:
        raise UserError(
            f"--scale is {text!r}, but must be two different numbers, as in --scale=-1,1."
        )
    return low, high


if __name__ == "__main__":
    raise SystemExit(main())
