"""Where a command's weights are, where its output goes, and the line that says so."""

import argparse
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.files import require_writable, require_writable_folder
from anime_gan.generation.labels import attributes_in, expanded, label_text
from anime_gan.generation.output import as_seen, free_path, seed_text, stem_of
from anime_gan.generation.pretrained import name_of
from anime_gan.sampling.scale import choose_size


def find_source(arguments: argparse.Namespace) -> Path:
    """Return the folder with weights/, and make the arguments paths as seen from there.

    UserError if there are no such weights, they are damaged, or runs lie in several folders.
    """
    from anime_gan.generation.load import find_weights, locate, require_loadable

    arguments.here = here = Path.cwd()
    is_film = arguments.command == "film"
    names = (arguments.runs or "").split(",") if is_film else [arguments.source]
    found = [locate(name or None) for name in names]
    home, first = found[0]
    for name, (folder, _) in zip(names, found, strict=True):
        if folder.resolve() != home.resolve():
            raise UserError(
                f"{names[0]} and {name} lie in two folders, {home} and {folder}; name runs of one."
            )
    for given in ("out", "image"):
        if home != here and vars(arguments).get(given):
            setattr(arguments, given, here / vars(arguments)[given])
    if "seeds" in arguments:
        seeds = [here / seed if isinstance(seed, Path) else seed for seed in arguments.seeds]
        arguments.seeds = arguments.seeds if home == here else seeds
    arguments.runs = [name for _, name in found]
    if not is_film:
        with chdir(home):
            arguments.weights = find_weights(first)
            require_loadable(arguments.weights)
        if not arguments.source and name_of(arguments.weights):
            print("There is no run here yet: these faces are those of the pretrained generator.")
    return home


def require_output(arguments: argparse.Namespace) -> None:
    """Raise UserError if the output can't be written, before Keras is imported."""
    from anime_gan.generation.load import output_folder

    if arguments.out and arguments.suffixes:
        require_writable(arguments.out)
    elif arguments.out:
        require_writable_folder(arguments.out)
    elif arguments.command != "film":
        require_writable_folder(output_folder(arguments.weights))


def require_known_labels(arguments: argparse.Namespace) -> None:
    """Raise UserError for labels that the weights do not know, before Keras is imported."""
    if vars(arguments).get("label"):
        expanded(attributes_in(arguments.weights), arguments.label)


def open_generator(arguments: argparse.Namespace, name: str, *others: str):
    """Return the generator, and where to write: `name`_<weights>, or a free name like it.

    others: suffixes of further files that are written under this name.
    """
    from anime_gan.generation.load import load_generator, output_folder

    path = arguments.weights
    generator = load_generator(str(path))
    choose_size(arguments, generator.resolution)
    if path.suffix == ".h5":
        note_raw_weights(path)
    suffix = arguments.suffixes[0] if arguments.suffixes else ""
    own = output_folder(path) / f"{name}_{stem_of(path)}{suffix}"
    out = arguments.out or free_path(own, *others)
    require_writable_folder(out.parent if suffix else out)
    return generator, out


def note_raw_weights(path: Path) -> None:
    """Print a line if a run also keeps the moving average of the weights in a .weights.h5."""
    from anime_gan.config import from_dict, read_yaml

    if from_dict(read_yaml(path.with_name("config.yaml"))).training.ema_kimg is not None:
        print(f"{path.name} holds raw weights; generator_<step>.keras holds their EMA.")


def written(
    arguments: argparse.Namespace, outs: Sequence[Path], seeds: Sequence[int | Path] = ()
) -> str:
    """Return the line that says what was written, and which seeds give the same again."""
    paths = " and ".join(as_seen(path, arguments.here) for path in outs)
    source = name_of(arguments.weights) or as_seen(arguments.weights, arguments.here)
    line = f"{paths} from {source}"
    if not seeds:
        return line
    asked = [label_text(labels) for labels in vars(arguments).get("label") or ()]
    line += "".join(f", {one}" for one in asked)
    text = seed_text(seeds)
    if arguments.seeds:
        return f"{line}, seeds {text}" if len(text) < 60 else f"{line}, {len(seeds):,} seeds"
    return f"{line}, new seeds; the same again: --seeds {text}"
