"""Export a trained generator to a file that other programs read.

    python export.py                               the newest run's generator as ONNX
    python export.py v4 --to litert                from a run, by its name or its version
    python export.py weights/v4 --to npz           from a folder or a file
    python export.py pretrained --float16          half the size
    python export.py v4 --to page                  the page that studio.py writes
    python export.py stylegan --part synthesis     from w, one for each layer, to images

The file is compared with the Keras network, and kept only if both give the same images. It also
holds its model card. Without --out it is in gan_images/<run>. An existing file is replaced only if
--out names it. docs/export.md shows how to use it from Python, JavaScript and C++.
"""

import argparse
from contextlib import chdir
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, own_arguments
from anime_gan.console import waiting
from anime_gan.errors import UserError, clean_exit
from anime_gan.export.formats import FORMATS, PARTS, choose_backend, require_packages
from anime_gan.files import require_writable, require_writable_folder
from anime_gan.generation.output import as_seen, free_path, stem_of
from anime_gan.generation.pretrained import name_of
from anime_gan.studio import PAGE

EVERY = FORMATS | {"page": PAGE}


@clean_exit
def main() -> None:
    """Read the command line, export, and print the path and the difference from Keras."""
    arguments = parse(own_arguments())
    from anime_gan.generation.load import find_weights, load_generator, locate, require_loadable

    here = Path.cwd()
    home, source = locate(arguments.source)
    out = arguments.out and (arguments.out if home == here else here / arguments.out)
    with chdir(home):
        weights = find_weights(source)
        require_loadable(weights)
        if not arguments.source and name_of(weights):
            print("There is no run here yet: this is the pretrained generator.")
        out = out or own_path(weights, arguments)
        if EVERY[arguments.to].suffix:
            require_writable(out)
        else:
            require_writable_folder(out.parent)
        choose_backend()
        backend.start()
        from anime_gan.export.file import export_file

        with waiting("Exporting, and comparing the file with Keras"):
            generator = load_generator(str(weights))
            form, part = EVERY[arguments.to], arguments.part
            difference, bound = export_file(generator, weights, form, out, part, arguments.float16)
        print(
            f"{as_seen(out, here)} ({size_of(out) / 1e6:.1f} MB) from "
            f"{name_of(weights) or as_seen(weights, here)}; the largest difference from Keras is "
            f"{difference:.1g} ({bound:g} is allowed, black to white is 2)"
        )


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments, checked as far as that is possible without the weights."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "source",
        nargs="?",
        help="a run, a version, a folder or a weights file (default: the newest run)",
    )
    parser.add_argument(
        "--to",
        choices=EVERY,
        default="onnx",
        help="the format (default onnx); npz is NumPy arrays, page an HTML file: the studio",
    )
    parser.add_argument(
        "--part",
        choices=PARTS,
        default="whole",
        help="of a StyleGAN: the network from latents to w, or from w to images (default whole)",
    )
    parser.add_argument(
        "--float16", action="store_true", help="store the weights in half precision"
    )
    parser.add_argument("--out", type=Path, metavar="PATH", help="a file; for savedmodel a folder")
    arguments = parser.parse_args(argv)
    form = EVERY[arguments.to]
    if arguments.part not in form.parts:
        raise UserError(f"--to {arguments.to} holds a generator whole; leave out --part.")
    if arguments.out and form.suffix:
        arguments.out = checked_file(arguments.out, (form.suffix,))
    elif arguments.out:
        require_free_folder(arguments.out)
    require_packages(form)
    return arguments


def require_free_folder(out: Path) -> None:
    """Raise UserError if a folder can't be replaced by a SavedModel: it holds something else."""
    if out.is_dir() and any(out.iterdir()) and not (out / "saved_model.pb").is_file():
        raise UserError(f"--out is {out}, a folder with other files; name a new folder.")
    if out.exists() and not out.is_dir():
        raise UserError(f"--out is {out}, which is a file; for savedmodel name a folder.")


def own_path(weights: Path, arguments: argparse.Namespace) -> Path:
    """Return a free path in the run's folder, such as generator_5000_float16.onnx."""
    from anime_gan.generation.load import output_folder

    form = EVERY[arguments.to]
    words = [stem_of(weights)]
    words += [arguments.part] if arguments.part != "whole" else []
    words += ["float16"] if arguments.float16 else []
    words += [] if form.suffix else [arguments.to]
    return free_path(output_folder(weights) / ("_".join(words) + form.suffix))


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    raise SystemExit(main())
