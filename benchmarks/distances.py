"""Spoil real faces more and more, and see whether the distances rise.

    python -m benchmarks.distances faces.zip --count 2000 --network lite0 --network opennsfw

Half of the pictures are the real ones; the other half, spoiled, stand for generated ones: blurred,
with noise, with fewer and fewer different faces among them, and with whole kinds of faces missing.
Unspoiled, they are the floor.
"""

import argparse
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.ndimage import gaussian_filter

from anime_gan.data.image_set import open_images
from anime_gan.features.network import NETWORKS, open_network
from anime_gan.metrics import measures
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.runs.health import sketch

KINDS = 16  # of faces, told apart by the colours of 8x8 blocks


def blurred(pictures, sigma: float) -> np.ndarray:
    """Blur by a Gaussian of so many pixels."""
    return gaussian_filter(pictures, (0, sigma, sigma, 0))


def noisy(pictures, sigma: float) -> np.ndarray:
    """Add normal noise of so many of 255 levels."""
    noise = np.random.default_rng(0).normal(0, sigma, pictures.shape)
    return np.clip(np.rint(pictures + noise), 0, 255).astype("uint8")


def fewer(pictures, share: float) -> np.ndarray:
    """Repeat a share of the pictures until there are as many as before."""
    return np.resize(pictures[: max(1, round(share * len(pictures)))], pictures.shape)


def kinds_missing(pictures, kept: int) -> np.ndarray:
    """Keep so many of KINDS kinds of faces, the largest first, and repeat those."""
    _, kind = kmeans2(sketch(pictures), KINDS, seed=0, minit="++")
    largest = np.argsort(-np.bincount(kind, minlength=KINDS))[:kept]
    return np.resize(pictures[np.isin(kind, largest)], pictures.shape)


SPOILED = {
    "blur of {} pixels": (blurred, (0.5, 1, 2, 4)),
    "noise of {} levels": (noisy, (4, 8, 16, 32)),
    "{:.1%} of the faces, repeated": (fewer, (0.5, 0.1, 0.02, 0.002)),
    "{} of 16 kinds of faces": (kinds_missing, (12, 8, 4, 1)),
}


def main() -> None:
    """Measure and print a table for each network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", help="a folder, zip or glob of real faces")
    parser.add_argument("--count", type=int, default=2_000, help="on each side")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--network", action="append", choices=NETWORKS)
    options = parser.parse_args()
    found = open_images(options.images, options.resolution)
    order = np.random.default_rng(0).permutation(len(found.images))
    half = np.sort(order[: len(order) // 2])
    # Half of the other half is for the floor; all of these are compared.
    count = min(options.count, len(half) // 2)
    held_out = found.images[np.sort(order[len(order) // 2 :][:count])]
    for name in options.network or ["lite0"]:
        network = open_network(name)
        reals = ReferenceSet(found.images[half], f"{found.key}.half", Path("data/cache"), count)

        def distances(pictures, network=network, reals=reals):
            made = {side: network.features(pictures, side) for side in measures.SIDES}
            return measures.compare(made, reals, network)

        floor = distances(held_out)
        print(
            f"\n{network.name}, {floor['count']:,} against {floor['count']:,} faces; "
            f"whole ({floor['resize']['whole']}) and coarse ({floor['resize']['coarse']})\n"
        )
        keys = ("frechet", "kernel", "precision", "recall", "coverage")
        heads = " | ".join(f"{key} {view}" for view in ("whole", "coarse") for key in keys)
        print(f"| | {heads} |")
        print("|---" * 11 + "|")
        print(row("unspoiled", floor))
        for words, (spoil, strengths) in SPOILED.items():
            values = [floor]
            for strength in strengths:
                values.append(distances(spoil(held_out, strength)))
                print(row(words.format(strength), values[-1]), flush=True)
            for view in ("whole", "coarse"):
                for key in ("frechet", "kernel"):
                    rising = np.diff([value[view][key] for value in values]) > 0
                    if not rising.all():
                        print(f"!! {key} {view} does not rise throughout")


def row(name: str, result: dict) -> str:
    """Return a line of the table."""
    cells = []
    for view in ("whole", "coarse"):
        values = result[view]
        cells += [f"{values['frechet']:.1f}", f"{values['kernel']:.4f}"]
        cells += [f"{values[key]:.2f}" for key in ("precision", "recall", "coverage")]
    return f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
