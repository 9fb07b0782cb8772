"""Print a table of all versions, or the layers of one version.

python models.py        a table of all versions
python models.py v5     the layers of one version, as the report's comments show them

From Python, `from models import build, versions`: build("v5", "model.width=0.25").generator
"""

import shutil
import sys

from anime_gan import backend

if __name__ == "__main__":
    backend.start()

from anime_gan.commands import Parser
from anime_gan.config import Config, load_config
from anime_gan.config.versions import VERSIONS as versions
from anime_gan.config.versions import get_version
from anime_gan.errors import clean_exit
from anime_gan.networks import describe
from anime_gan.networks.build import Networks
from anime_gan.networks.build import build as build_networks

__all__ = ["build", "versions"]


def build(version: str, *overrides: str) -> Networks:
    """Build the networks of a version, with fresh weights.

    Args:
        version: one of `versions`.
        overrides: keys of config.yaml, such as "model.width=0.25".
    """
    return build_networks(_config(version, overrides))


def _config(version: str, overrides) -> Config:
    return load_config(None, [*overrides, f"version={version}"])


@clean_exit
def main() -> None:
    """Read the command line and print."""
    parser = Parser(description=__doc__)
    parser.add_argument("version", nargs="?", help="print the layers of this version")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="config keys, such as model.width=0.25"
    )
    arguments = parser.parse_args()
    overrides, name = arguments.overrides, arguments.version
    if name and "=" in name:
        name, overrides = None, [name, *overrides]
    if name is None:
        lines = describe.table(_config(version, overrides) for version in versions)
    else:
        version, networks = get_version(name), describe.build_shapes(_config(name, overrides))
        lines = [f"{name}: {version.source}. {version.note}"]
        for model in (networks.generator, networks.discriminator):
            lines += ["", *describe.layer_table(model)]
    # In a terminal, lines are cut at its width; in a file they are complete.
    end = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(*(line[:end] for line in lines), sep="\n")


if __name__ == "__main__":
    raise SystemExit(main())
