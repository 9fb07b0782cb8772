"""Write the features of a trained discriminator, or test what they know.

    python features.py v5 --images faces.zip       the features of each layer, as one .npz file
    python features.py                             of the newest run, for its training images
    python features.py v5 --images faces.zip --out features.npz

    python features.py v5 r3gan --images faces.zip --probe hair --probe eyes
                                                   how well a linear classifier reads labels from
                                                   the features of each layer

Maps are reduced to 4x4 by the maximum of each cell. The labels are in labels.csv, which has a
column `file` with the names of the images, and one for each attribute. Each accuracy is on images
that the classifier did not see, beside that of pixels, of EfficientNet-Lite0, and of the same
discriminator before training. docs/features.md explains the file and the table.
"""

import argparse
import math
from contextlib import chdir, closing
from pathlib import Path

import numpy as np

from anime_gan import backend
from anime_gan.commands import Parser, checked_file, number, own_arguments
from anime_gan.console import waiting
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import require_writable


@clean_exit
def main() -> None:
    """Read the command line, and write the features or print the table."""
    arguments = parse(own_arguments())
    home = find_files(arguments)
    with chdir(home):
        if not arguments.probe:
            arguments.out = arguments.out or own_path(arguments.networks[0])
            require_writable(arguments.out)
        backend.start()
        probe(arguments) if arguments.probe else write(arguments)


def find_files(arguments: argparse.Namespace) -> Path:
    """Return the folder with weights/, and make the arguments paths as seen from there.

    UserError for weights, images or labels that are missing, before Keras is imported.
    """
    from anime_gan.data.sources import open_source
    from anime_gan.generation.load import find_discriminator, locate
    from anime_gan.generation.pretrained import FOLDER

    arguments.here = here = Path.cwd()
    home = locate(arguments.sources[0] if arguments.sources else None)[0]
    found = [find_discriminator(source) for source in arguments.sources or [None]]
    arguments.networks = [path.resolve() for path in found]
    if not arguments.sources and found[0].resolve().parent == FOLDER:
        print("There is no run here yet: this is the pretrained discriminator.")
    if arguments.images and arguments.images != "demo":
        with closing(open_source(arguments.images)) as source:
            if arguments.probe:
                require_labels(source, arguments)
        arguments.images = str(here / Path(arguments.images).expanduser())
    arguments.labels = arguments.labels and str(here / arguments.labels)
    arguments.out = arguments.out and (arguments.out if home == here else here / arguments.out)
    return home


def require_labels(source, arguments: argparse.Namespace) -> None:
    """Raise UserError if there is no table of labels for images, or it lacks an attribute."""
    from anime_gan.data.labels import require_table

    if arguments.labels and not arguments.labels.is_file():
        raise UserError(f"--labels is {arguments.labels}, but there is no such file.")
    way_out = "write one (file and the attributes), or name one with --labels"
    table = require_table(source, arguments.labels, way_out)
    table.labels([name for name, _, _ in source.entries], arguments.probe)


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments; those that contradict each other end the program with a message."""
    parser = Parser(description=__doc__)
    add = parser.add_argument
    source = "runs, versions, folders or weights files (default: the newest run)"
    add("sources", nargs="*", metavar="RUN", help=source)
    images = "folder, glob or zip of images (default: those the run was trained on)"
    add("--images", metavar="PATH", help=images)
    out = "the .npz file, which is replaced (default: a new one in gan_images/<run>)"
    add("--out", type=Path, metavar="FILE", help=out)
    add = parser.add_argument_group("to test what the features know").add_argument
    add("--probe", action="append", metavar="NAME", help="attribute to read; can be repeated")
    labels = "the .csv file with the labels (default: labels.csv in the images' folder or zip)"
    add("--labels", type=Path, metavar="FILE", help=labels)
    count = number(20, 1_000_000, int)
    add("--count", type=count, metavar="N", help="labeled images, at random (default 5000)")
    seed = "of the choice of images (default 0)"
    add("--seed", type=number(0, 10**9, int), metavar="N", help=seed)
    arguments = parser.parse_args(argv)
    own = ("--labels", arguments.labels), ("--count", arguments.count), ("--seed", arguments.seed)
    if arguments.probe and not arguments.images:
        parser.error("--probe needs --images")
    if arguments.probe and arguments.out:
        parser.error("--probe prints a table and writes no file; leave out --out")
    if arguments.probe and len({*arguments.probe}) < len(arguments.probe):
        parser.error("--probe names an attribute twice; name each once")
    for option, value in own:
        if value is not None and not arguments.probe:
            parser.error(f"{option} is for --probe")
    if len(arguments.sources) > 1 and not arguments.probe:
        parser.error("features are written for one run; name one, or add --probe")
    if arguments.out:
        arguments.out = checked_file(arguments.out, (".npz",))
    return arguments


def own_path(network: Path) -> Path:
    """Return a free path in the run's folder, such as features_5000.npz."""
    from anime_gan.generation.load import output_folder
    from anime_gan.generation.output import free_path

    name = network.stem.replace("discriminator", "features")
    return free_path(output_folder(network) / f"{name}.npz")


def open_set(network: Path, resolution: int, channels: int, images: str | None, labels=None):
    """Return the images of a path, or those that a discriminator's run was trained on.

    They have the discriminator's resolution, which is smaller in a run that still grows. labels:
    the table of the labels of `images`; None for the one that is with them.
    """
    from anime_gan.config import from_dict, read_yaml
    from anime_gan.data.image_set import open_data

    file = network.with_name("config.yaml")
    if not file.is_file() and not images:
        raise UserError(
            f"{network.name} is in no run's folder, so its training images are unknown; give "
            "images with --images."
        )
    config = from_dict(read_yaml(file) if file.is_file() else {})
    config = config.updated(model={"resolution": resolution, "channels": channels})
    own = {"images": images, "labels": labels}
    return open_data(config.updated(data=own) if images else config)


def name_of(network: Path) -> str:
    """Return what a table calls a discriminator: its run or pretrained name, else its file's."""
    step = network.stem.removeprefix("discriminator_")
    if network.with_name("config.yaml").is_file():
        return f"{network.parent.name}, step {step}"
    return step


def write(arguments: argparse.Namespace) -> None:
    """Write the features of all images to a .npz, and print what it holds."""
    with waiting("Loading the discriminator"):
        from anime_gan.features import npz
        from anime_gan.features.discriminator import DiscriminatorFeatures
        from anime_gan.generation.output import as_seen
        from anime_gan.runs.weights import load_model

        path = arguments.networks[0]
        network = DiscriminatorFeatures(load_model(path))
    images = open_set(path, network.resolution, network.channels, arguments.images)
    print(images.summary(), flush=True)
    npz.write(arguments.out, network, images.images, images.names, "features")
    for layer in network.layers:
        shape = "x".join(map(str, layer.shape))
        print(f"{layer.name:<16} {layer.size:>7,} numbers  {shape:<11} {layer.layer}")
    print(f"Written: {as_seen(arguments.out, arguments.here)}.")


def probe(arguments: argparse.Namespace) -> None:
    """Print how well labels are read from each layer."""
    from anime_gan.features import probe, probe_table
    from anime_gan.runs.weights import load_model

    count, seed = arguments.count or 5_000, arguments.seed or 0
    rows, table = None, []
    for path in arguments.networks:
        with waiting("Loading a discriminator and opening the images"):
            discriminator = load_model(path)
        _, resolution, _, channels = discriminator.inputs[0].shape
        found = open_set(path, resolution, channels, arguments.images, arguments.labels)
        labels = found.labels(arguments.probe).words()
        chosen = probe_table.choose(labels, count, seed)
        labels = {name: values[chosen] for name, values in labels.items()}
        images = np.asarray(found.images[chosen])
        if rows is None:
            rows = probe.split(len(chosen), seed)
            describe(found, labels, rows, seed)
            with waiting("Testing what pixels and Lite0 know"):
                table += probe_table.baselines(images, labels, rows)
        name = name_of(path)
        with waiting(f"Testing what {name} knows"):
            table += probe_table.of_discriminator(name, discriminator, images, labels, rows, seed)
    print("\n".join(probe_table.lines(table, arguments.probe)))


def describe(images, labels, rows, seed: int) -> None:
    """Print how many images there are, how they are split, and the accuracy by chance."""
    from anime_gan.features.probe import chance

    fitted, judged = len(rows.training), len(rows.held_out)
    error = math.sqrt(0.25 / judged)
    print(images.summary())
    print(
        f"{fitted + judged:,} images with labels, seed {seed}: {fitted:,} to fit and {judged:,} "
        f"held out; the standard error of an accuracy is at most {error:.1%}."
    )
    for name, values in labels.items():
        classes = len(np.unique(values))
        print(f"{name}: {classes} classes; always the most common one: {chance(values, rows):.1%}.")
    print(flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
