"""Write the studio of a trained generator, and open it in the browser.

    python studio.py                     of the newest run, or of the pretrained generator
    python studio.py v4                  of a run, by its name or its version
    python studio.py pretrained-drawn    of a generator that comes with the project
    python studio.py weights/v4/generator_500.keras --out v4.html --no-open
    python studio.py v4 --faces me.npz   with faces that `sample.py project` found

The studio is one HTML file that generates faces by itself, with no server and no network: a wall of
faces, sliders, walks and files to save. It is gan_images/<run>/studio.html, unless --out names
another; an earlier studio is replaced.
"""

import argparse
import importlib.util
import webbrowser
from contextlib import chdir
from pathlib import Path

from anime_gan import backend
from anime_gan.commands import Parser, checked_file
from anime_gan.console import waiting
from anime_gan.errors import UserError, clean_exit
from anime_gan.export.formats import choose_backend
from anime_gan.files import require_writable
from anime_gan.generation.latent_file import SUFFIX, read_latent
from anime_gan.generation.output import as_seen
from anime_gan.generation.pretrained import name_of
from anime_gan.studio import PAGE


@clean_exit
def main() -> None:
    """Read the command line, write the page, print its path and open it."""
    arguments = parse()
    here = Path.cwd()
    with chdir(find_source(arguments)):
        backend.start()
        with waiting("Loading the weights and writing the page"):
            from anime_gan.export.file import export_file
            from anime_gan.generation.load import load_generator
            from anime_gan.studio.faces import load_faces

            weights = arguments.weights
            generator = load_generator(str(weights))
            faces = load_faces(generator, arguments.faces, weights)
            export_file(generator, weights, PAGE, arguments.out, faces=faces)
        path = arguments.out.resolve()
        size = path.stat().st_size / 1e6
        source = name_of(arguments.weights) or as_seen(arguments.weights, here)
        print(f"{as_seen(arguments.out, here)} from {source}, {size:.1f} MB")
    if not arguments.no_open and not webbrowser.open(path.as_uri()):
        print("No browser was found here; open the file in one.")


def parse() -> argparse.Namespace:
    """Return the arguments; UserError where no network can be exported."""
    parser = Parser(description=__doc__)
    text = "a run, a version, a folder or a weights file (default: the newest run)"
    parser.add_argument("source", nargs="?", help=text)
    text = "the HTML file to write (default: gan_images/<run>/studio.html)"
    parser.add_argument("--out", type=Path, metavar="FILE.html", help=text)
    text = "files that sample.py project wrote; the page opens with these faces picked"
    parser.add_argument(
        "--faces", nargs="+", type=latent_path, default=[], metavar="FACE.npz", help=text
    )
    text = "do not open the page in the browser"
    parser.add_argument("--no-open", action="store_true", help=text)
    arguments = parser.parse_args()
    if arguments.out:
        arguments.out = checked_file(arguments.out, (".html", ".htm"))
    for path in arguments.faces:
        read_latent(path)
    choose_backend()
    for package in PAGE.packages:
        if not importlib.util.find_spec(package):
            raise UserError(
                f"the studio needs {package}, which is not installed; run pip install -r "
                "requirements.txt."
            )
    return arguments


def latent_path(text: str) -> Path:
    """Return the path of a file of latents."""
    if not text.lower().endswith(SUFFIX):
        raise argparse.ArgumentTypeError(
            f"{text} does not end in {SUFFIX}; a run is named before --faces"
        )
    return Path(text)


def find_source(arguments: argparse.Namespace) -> Path:
    """Return the folder with weights/, and make the arguments paths as seen from there.

    UserError if there are no such weights, they are damaged, or the page can't be written.
    """
    from anime_gan.generation.load import find_weights, locate, output_folder, require_loadable

    here = Path.cwd()
    home, name = locate(arguments.source)
    with chdir(home):
        arguments.weights = find_weights(name)
        require_loadable(arguments.weights)
        own = output_folder(arguments.weights) / "studio.html"
        if arguments.out and home != here:
            arguments.out = here / arguments.out
        arguments.out = arguments.out or own
        if home != here:
            arguments.faces = [here / path for path in arguments.faces]
        require_writable(arguments.out)
    if not arguments.source and name_of(arguments.weights):
        print("There is no run here yet: this is the studio of the pretrained generator.")
    return home


if __name__ == "__main__":
    raise SystemExit(main())
