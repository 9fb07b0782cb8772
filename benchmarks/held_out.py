"""Compare generators with faces that they were not trained on, by several networks.

    python -m benchmarks.held_out pretrained r3gan-cpu --real heldout.zip --train faces.zip

evaluate.py compares with half of the real images, and needs the other half for real vs real. Here
all of them are compared, and the first row compares the training images with them.
`prepare_faces.py clean --held-out` makes the two sets.
"""

from pathlib import Path

from anime_gan import backend

backend.start()

from anime_gan.config.schema import Data
from anime_gan.data.image_set import open_images
from anime_gan.features.network import NETWORKS, open_network
from anime_gan.generation.load import load_generator
from anime_gan.metrics.distances import compare
from anime_gan.metrics.reference import ReferenceSet
from benchmarks import new_parser

JUDGES = ["lite0", "nsfwjs", "opennsfw"]


def main() -> None:
    """Measure and print a table for each network."""
    parser = new_parser(__doc__)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a run, or a weights file")
    parser.add_argument("--real", required=True, help="the held-out images")
    parser.add_argument("--train", help="the training images")
    parser.add_argument("--count", type=int, default=5_000, help="on each side, at most")
    parser.add_argument("--network", action="append", choices=NETWORKS, help=f"default {JUDGES}")
    options = parser.parse_args()
    generators = {source: load_generator(source) for source in options.sources}
    size = max(generator.resolution for generator in generators.values())
    held_out = real_images(options.real, size)
    indices = held_out.order[: options.count]
    others = real_images(options.train, size) if options.train else None
    images = {
        name: generator.images_from_seeds(range(len(indices)))
        for name, generator in generators.items()
    }
    for name in options.network or JUDGES:
        network = open_network(name)
        real = held_out.features(network, indices)
        print(f"\n{network.name}, {len(real):,} images on each side\n")
        print("| | Fréchet | kernel | precision | recall |\n|---|---|---|---|---|")
        if others:
            known = others.features(network, others.order[: len(real)])
            print(row("training images", compare(real, known)))
        for source, generated in images.items():
            print(row(source, compare(real, network.features(generated))), flush=True)


def real_images(place: str, size: int) -> ReferenceSet:
    """Return the images of a folder or archive, in a random order."""
    found = open_images(place, size)
    return ReferenceSet(found.images, found.key, Path(Data().cache), len(found.images))


def row(name: str, found: dict[str, float]) -> str:
    """Return a line of the table."""
    cells = f"{found['frechet']:.1f} | {found['kernel']:.4f}"
    return f"| {name} | {cells} | {found['precision']:.3f} | {found['recall']:.3f} |"


if __name__ == "__main__":
    main()
