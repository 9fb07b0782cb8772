"""How far the directions of a generator change faces, and what else they change.

    python -m benchmarks.directions                the pretrained generator
    python -m benchmarks.directions v4 --faces 100

The faces are not those that the directions were found or named with. For each direction and step:
the share of faces whose hair changes visibly (its CIELAB color by 10 or more); the largest mean
change of a measure; and the change of the pose, its mean over faces and its mean size, all in
standard deviations over faces.
"""

import argparse

import numpy as np

from anime_gan import backend
from anime_gan.commands import number

FIRST = 500  # seed
STEPS = (-3, -2, -1, 1, 2, 3)
VISIBLE = 10  # in CIELAB


def main() -> None:
    """Print a row for each direction and step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", default="pretrained")
    parser.add_argument("--faces", type=number(10, 10_000, int), default=200)
    parser.add_argument("--names", default="hair,hair-redder,hair-yellower,eyes,pose,c3,s2,s8")
    arguments = parser.parse_args()
    backend.start()
    from anime_gan.directions.direction import load_directions
    from anime_gan.directions.edit import moved
    from anime_gan.directions.measures import MEASURES, measure
    from anime_gan.generation.load import find_weights, load_generator

    found = load_directions(find_weights(arguments.source))
    generator = load_generator(arguments.source)
    measures = [m.name for m in MEASURES]
    colors = [measures.index(name) for name in ("hair", "hair-redder", "hair-yellower")]
    w = generator.w(range(FIRST, FIRST + arguments.faces))
    before = measure(generator.images(w))
    spreads = before.std(axis=0)
    print("| direction | step | hair changes | largest change | pose, mean | pose, mean size |")
    print("|---|---|---|---|---|---|")
    for name in arguments.names.split(","):
        direction = found.called(name)
        for far in STEPS:
            images = generator.images(moved(w, [(direction, far)], generator.layers))
            change = measure(images) - before
            visible = np.linalg.norm(change[:, colors], axis=1) >= VISIBLE
            mean = change.mean(axis=0) / spreads
            most = int(abs(mean).argmax())
            pose = change[:, measures.index("pose")] / spreads[measures.index("pose")]
            print(
                f"| {name} | {far:+} | {visible.mean():.0%} | {measures[most]} {mean[most]:+.2f} "
                f"| {pose.mean():+.2f} | {abs(pose).mean():.2f} |"
            )


if __name__ == "__main__":
    main()
