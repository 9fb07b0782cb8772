"""How near `sample.py project` comes: to a generator's own faces, and to images.

    python -m benchmarks.projection pretrained --count 4
    python -m benchmarks.projection stylegan-cpu --images heldout.zip --space w --space w+

It prints the mean error of a pixel, as a share of the range 0 to 255, the distance, and the
processor seconds of each search, which begins with the generator in memory. The own faces are those
of seeds from 5000, none of which is a start.
"""

import time

from anime_gan import backend

backend.start()

import numpy as np

from anime_gan.data.image_set import read_images
from anime_gan.errors import clean_exit
from anime_gan.generation.load import load_generator
from anime_gan.generation.projection import SPACES, project
from anime_gan.sampling.options import STEPS
from benchmarks import new_parser

FIRST_SEED = 5_000


@clean_exit
def main() -> None:
    """Read the arguments, search, print a row for each space."""
    parser = new_parser(__doc__)
    parser.add_argument("source", help="a run or a weights file, as for sample.py")
    parser.add_argument("--images", help="a folder or zip of faces; default: the generator's own")
    parser.add_argument("--count", type=int, default=4, help="faces (default %(default)s)")
    parser.add_argument("--space", action="append", choices=SPACES, help="may be repeated")
    parser.add_argument("--steps", type=int, default=STEPS, help="default %(default)s")
    arguments = parser.parse_args()
    generator = load_generator(arguments.source)
    if arguments.images:
        shape = (generator.resolution, generator.channels)
        targets = read_images(arguments.images, arguments.count, *shape)
    else:
        targets = generator.images_from_seeds(range(FIRST_SEED, FIRST_SEED + arguments.count))
    for space in arguments.space or [None]:
        errors, distances, seconds = [], [], []
        for target in targets:
            started = time.process_time()
            done = project(generator, target, arguments.steps, space)
            seconds.append(time.process_time() - started)
            image = generator.images(done.w[None])[0].astype("float32")
            errors.append(100 * np.abs(image - target).mean() / 255)
            distances.append(done.distances[-1])
        print(
            f"{done.space}: error {', '.join(f'{error:.2f}%' for error in errors)} (mean "
            f"{np.mean(errors):.2f}%), distance {np.mean(distances):.3f}, "
            f"{np.mean(seconds):.0f} processor seconds",
            flush=True,
        )


if __name__ == "__main__":
    main()
