"""Degrade real faces more and more, and print whether the distances rise.

    python -m benchmarks.distances faces.zip --count 2000 --network lite0 --network opennsfw

Half of the images are the reference set. The other half, degraded, stand for generated ones:
blurred, with noise, as JPEG, with fewer different faces, or with whole clusters of faces missing.
The first row has them as they are: real vs real.
"""

from io import BytesIO
from pathlib import Path

from anime_gan import backend

backend.start()

import numpy as np
from PIL import Image
from scipy.cluster.vq import kmeans2
from scipy.ndimage import gaussian_filter

from anime_gan.data.image_set import open_images
from anime_gan.features.network import NETWORKS, open_network
from anime_gan.metrics import measures
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.runs.health import sketch
from benchmarks import new_parser

CLUSTERS = 16  # clusters of faces, by the colors of 8x8 blocks


def blurred(images, sigma: float) -> np.ndarray:
    """Blur by a Gaussian of `sigma` pixels."""
    return gaussian_filter(images, (0, sigma, sigma, 0))


def noisy(images, sigma: float) -> np.ndarray:
    """Add normal noise of `sigma` of 255 levels."""
    noise = np.random.default_rng(0).normal(0, sigma, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype("uint8")


def compressed(images, quality: int) -> np.ndarray:
    """Compress as `prepare_faces.py --format jpeg` does, at a quality from 1 to 95."""
    return np.stack([through_jpeg(image, quality) for image in images])


def through_jpeg(pixels, quality: int) -> np.ndarray:
    """Return the pixels of one image after JPEG."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "jpeg", quality=quality, subsampling="4:4:4")
    return np.asarray(Image.open(file))


def fewer(images, share: float) -> np.ndarray:
    """Repeat a share of the images until there are as many as before."""
    return np.resize(images[: max(1, round(share * len(images)))], images.shape)


def clusters_missing(images, kept: int) -> np.ndarray:
    """Keep the `kept` largest of 16 clusters of faces, and repeat those."""
    _, cluster = kmeans2(sketch(images), CLUSTERS, seed=0, minit="++")
    largest = np.argsort(-np.bincount(cluster, minlength=CLUSTERS))[:kept]
    return np.resize(images[np.isin(cluster, largest)], images.shape)


DEGRADED = {
    "Gaussian blur, sigma {} pixels": (blurred, (0.5, 1, 2, 4)),
    "Gaussian noise, deviation {} of 255": (noisy, (4, 8, 16, 32)),
    "JPEG, quality {}": (compressed, (95, 85, 75, 50)),
    "{:.1%} of the faces, repeated": (fewer, (0.5, 0.1, 0.02, 0.002)),
    "{} of 16 clusters of faces": (clusters_missing, (12, 8, 4, 1)),
}


def main() -> None:
    """Measure and print a table for each network."""
    parser = new_parser(__doc__)
    parser.add_argument("images", help="a folder, zip or glob of real faces")
    parser.add_argument("--count", type=int, default=2_000, help="on each side")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--network", action="append", choices=NETWORKS)
    options = parser.parse_args()
    found = open_images(options.images, options.resolution)
    order = np.random.default_rng(0).permutation(len(found.images))
    half = np.sort(order[: len(order) // 2])
    # The reference set splits for its own real vs real, so as many are compared here.
    count = min(options.count, len(half) // 2)
    held_out = found.images[np.sort(order[len(order) // 2 :][:count])]
    for name in options.network or ["lite0"]:
        network = open_network(name)
        reals = ReferenceSet(found.images[half], f"{found.key}.half", Path("data/cache"), count)

        def distances(images, network=network, reals=reals):
            generated = {side: network.features(images, side) for side in measures.SIDES}
            return measures.compare(generated, reals, network)

        real = distances(held_out)
        print(
            f"\n{network.name}, {real['count']:,} against {real['count']:,} faces; "
            f"whole ({real['resize']['whole']}) and coarse ({real['resize']['coarse']})\n"
        )
        keys = ("frechet", "kernel", "precision", "recall", "coverage")
        heads = " | ".join(f"{key} {view}" for view in ("whole", "coarse") for key in keys)
        print(f"| | {heads} |")
        print("|---" * 11 + "|")
        print(row("real vs real", real))
        for words, (degrade, strengths) in DEGRADED.items():
            values = [real]
            for strength in strengths:
                values.append(distances(degrade(held_out, strength)))
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
