"""Print a table of all versions, or the layers of one version; draw diagrams.

    python models.py          a table of all versions
    python models.py v5       the layers of a version, as the report's comments show them
    python models.py RUN      those of a run's networks, or of a config file's
    python models.py v5 --diagram v5.svg --loop v5-loop.svg
                              diagrams of its networks and its training

From Python, `from models import build, versions`: build("v5", "model.width=0.25").generator
"""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from anime_gan import backend, console
from anime_gan.commands import Parser
from anime_gan.config import Config, load_config
from anime_gan.config.versions import VERSIONS as versions
from anime_gan.config.versions import get_version
from anime_gan.errors import UserError, clean_exit
from anime_gan.files import require_writable, whole_file
from anime_gan.generation.words import read_words

if TYPE_CHECKING:
    from anime_gan.networks.build import Networks

__all__ = ["build", "versions"]


def build(version: str, *overrides: str) -> Networks:
    """Build the networks of a version, with fresh weights.

    Args:
        version: one of `versions`.
        overrides: keys of config.yaml, such as "model.width=0.25".
    """
    from anime_gan.networks.build import build as build_networks  # it imports Keras

    return build_networks(_config(version, overrides))


def _config(version: str, overrides) -> Config:
    return load_config(None, [*overrides, f"version={version}"])


@clean_exit
def main() -> None:
    """Read the command line and print."""
    parser = Parser(description=__doc__)
    words = "a version, a run or a config file; and key=value, such as model.width=0.25"
    parser.add_argument("words", nargs="*", metavar="WORD", help=words)
    save = "save a diagram of the version's networks as SVG"
    parser.add_argument("--diagram", metavar="FILE.svg", type=_svg, help=save)
    save = "save a diagram of the version's training step as SVG"
    parser.add_argument("--loop", metavar="FILE.svg", type=_svg, help=save)
    arguments = parser.parse_intermixed_args()
    is_one = not all("=" in word for word in arguments.words)
    if not is_one and (arguments.diagram or arguments.loop):
        raise UserError("a diagram is of one version: give its name, such as v5.")
    configs = [read_words(arguments.words)[0]] if is_one else _all_configs(arguments.words)
    for path in filter(None, (arguments.diagram, arguments.loop)):
        require_writable(path)
    backend.start()  # takes seconds, so it runs only after the arguments are checked
    from anime_gan.networks import describe

    if arguments.diagram or arguments.loop:
        _draw(configs[0], arguments)
        return
    if not is_one:
        lines = describe.table(configs)
    else:
        version, networks = get_version(configs[0].version), describe.build_shapes(configs[0])
        lines = [f"{version.name}: {version.source}. {version.note}"]
        for model in (networks.generator, networks.discriminator):
            lines += ["", *describe.layer_table(model)]
    # In a terminal, lines are cut at its width; in a file they are complete.
    end = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(*(line[:end] for line in lines), sep="\n")


def _all_configs(words: list[str]) -> list[Config]:
    """Return the config of each version that words suit; UserError if they suit none."""
    configs, errors = [], []
    for version in versions:
        try:
            configs.append(_config(version, words))
        except UserError as error:
            errors.append(error)
    if not configs:
        raise errors[0]
    for error in errors:
        console.warn(f"Left out: {error}")
    return configs


def _draw(config: Config, arguments: Namespace) -> None:
    """Save the diagrams that are asked for, and print their paths."""
    from anime_gan.networks.diagram import draw_networks
    from anime_gan.training.loop_diagram import draw_loop

    for path, draw in ((arguments.diagram, draw_networks), (arguments.loop, draw_loop)):
        if path:
            with whole_file(path) as temporary:
                temporary.write_text(draw(config), encoding="utf-8")
            print(path)


def _svg(text: str) -> Path:
    """Return the path of a diagram, whose name must end with .svg."""
    if not text.lower().endswith(".svg"):
        raise ArgumentTypeError(f"{text!r} does not end with .svg")
    return Path(text)


if __name__ == "__main__":
    raise SystemExit(main())
