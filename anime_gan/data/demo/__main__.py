"""Draw the built-in faces.

python -m anime_gan.data.demo OUT --count 6000 --seed 0 --size 64
python -m anime_gan.data.demo --sheet sheet.png
"""

import argparse
from pathlib import Path

from anime_gan.data.demo.dataset import COUNT, SEED, SIZE, draw_faces, write_faces
from anime_gan.data.pixels import montage, to_image
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import whole_file


@clean_exit
def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(
        prog="python -m anime_gan.data.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", nargs="?", metavar="OUT", type=Path, help="a new folder")
    parser.add_argument("--count", type=int, default=COUNT, help=f"faces (default {COUNT})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--size", type=int, default=SIZE, help="side in pixels, 16 to 1024")
    parser.add_argument("--sheet", metavar="FILE", type=Path, help="write 64 faces as one image")
    arguments = parser.parse_args()
    if arguments.sheet:
        sheet = montage(draw_faces(64, arguments.size, arguments.seed), columns=8)
        with whole_file(arguments.sheet) as temporary:
            to_image(sheet).save(temporary, "PNG")
    elif arguments.out:
        write_faces(arguments.out, arguments.count, arguments.seed, arguments.size)
    else:
        raise UserError("give a folder to draw into, or --sheet FILE.")


if __name__ == "__main__":  # worker processes import this file too
    main()
