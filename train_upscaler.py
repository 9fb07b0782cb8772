"""Train an upscaler (SRGAN), which doubles faces.

    python train_upscaler.py faces.zip                       12 minutes: 64x64 from 32x32
    python train_upscaler.py faces.zip --size 128 --minutes 60   128x128 from 64x64
    python sample.py v4 --scale 2 --upscaler weights/upscaler_64.keras

It learns to make the faces of a folder or zip from the same faces at half their size. Any faces do,
not only those that a generator was trained on. Ctrl-C ends it early, and writes the file.
docs/sampling.md says how good it is.
"""

import argparse
import shlex
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, number
from anime_gan.console import clock, say
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import require_writable, whole_file

SIZES = (32, 64, 128, 256)
NEWS = 15  # seconds from one line to the next


@clean_exit
def main() -> None:
    """Read the command line, train, and write the file."""
    arguments = parse()
    if arguments.images != "demo":
        require_large(arguments.images, arguments.size)
    require_writable(arguments.out)
    backend.start(threads=1)  # operations are small, so they run side by side
    train(arguments)


def parse() -> argparse.Namespace:
    """Return the arguments."""
    parser = Parser(description=__doc__)
    add = parser.add_argument
    add("images", help='folder, glob or zip of faces; "demo" for the built-in ones')
    size = "height of the large faces (default 64); smaller images teach it blurred faces"
    add("--size", type=int, choices=SIZES, default=64, help=size)
    minutes = "minutes of training (default 12)"
    add("--minutes", type=number(0.001, 100_000), default=12.0, metavar="N", help=minutes)
    out = "the file to write, which is replaced (default: weights/upscaler_<size>.keras)"
    add("--out", type=Path, metavar="FILE", help=out)
    add("--seed", type=number(0, 10**9, int), default=0, metavar="N", help="default 0")
    arguments = parser.parse_args()
    arguments.out = arguments.out or Path(f"weights/upscaler_{arguments.size}.keras")
    out = checked_file(arguments.out, (".keras",))
    arguments.out = out.with_suffix(".keras")  # Keras knows lower case only
    return arguments


def require_large(images: str, size: int) -> None:
    """Raise UserError if all images are smaller than the faces that it shall learn to make."""
    from anime_gan.data.image_set import image_sizes

    found = [min(pair) for pair in image_sizes(images)]
    if max(found) < size:
        smaller = [own for own in SIZES if own <= max(found)]
        way_out = f"take --size {smaller[-1]}" if smaller else "give larger ones"
        raise UserError(
            f"the images in {images} have at most {max(found)} pixels a side, too few to learn "
            f"faces of {size}x{size} from; {way_out}."
        )
    if min(found) < size:
        print(f"Some images are smaller than {size}x{size}; they teach it blurred faces.")


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is over or a signal asks to stop, and write the file."""
    from anime_gan.data.image_set import FEW, open_data
    from anime_gan.runs.stopping import StopRequest
    from anime_gan.training.upscaler import UpscalerState, train_upscaler, upscaler_config

    config = upscaler_config(arguments.size, arguments.minutes, arguments.seed)
    images = open_data(config.updated(data={"images": arguments.images}))
    print(images.summary(), flush=True)
    least = config.training.batch_size
    if len(images.names) < least:
        raise UserError(f"there are {len(images.names)} images, but {least} are needed; add some.")
    if len(images.names) < FEW:
        print(f"Few images: with fewer than {FEW:,} it learns them rather than faces.")
    state, next_line = UpscalerState(config), 0.0
    with StopRequest("Stopped at once; nothing is written.") as stop:
        for count, seconds, scalars in train_upscaler(state, images.images):
            if seconds >= next_line:
                next_line = seconds + NEWS
                losses = scalars()
                left = clock(max(0, 60 * arguments.minutes - seconds))
                numbers = f"D {losses['d_loss']:.3f} G {losses['g_loss']:.3f}"
                say(f"step {count:,}  {left} left  {numbers}")
            if stop.signal:
                break
        write(state.trained(), arguments.out)
    steps = f"{count:,} steps of {config.training.batch_size}"
    print(f"{arguments.out}, after {steps}; use it with:")
    print(f"  python sample.py --scale 2 --upscaler {shlex.quote(str(arguments.out))}")
    if stop.signal:
        raise SystemExit(128 + stop.signal)


def write(network, path: Path) -> None:
    """Save an upscaler; UserError if its weights are not finite, and the file stays as it was."""
    import numpy as np

    if not all(np.isfinite(weights).all() for weights in network.get_weights()):
        raise UserError(
            "the weights are no finite numbers, so nothing is written; try another --seed."
        )
    with whole_file(path) as temporary:
        network.save(temporary)


if __name__ == "__main__":
    raise SystemExit(main())
