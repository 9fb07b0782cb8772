"""Print the versions of the collection, or the layers of one.

python models.py        a table of all versions
python models.py v5     the layers of one version, as the report's comments show them
"""

import argparse

from anime_gan import backend

backend.start()

from anime_gan.errors import clean_exit
from anime_gan.networks.describe import print_layers_of, print_table


@clean_exit
def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", nargs="?", help="print the layers of this one")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="such as model.width=0.25"
    )
    arguments = parser.parse_args()
    overrides, name = arguments.overrides, arguments.version
    if name and "=" in name:
        name, overrides = None, [name, *overrides]
    if name is None:
        print_table(overrides)
    else:
        print_layers_of(name, overrides)


if __name__ == "__main__":
    raise SystemExit(main())
