"""The architectures: one file a family, with networks and recipe. README.md: how to add one."""

import difflib

from anime_gan.errors import UserError
from anime_gan.networks import (
    dcgan,
    dragan,
    illustration_gan,
    r3gan,
    sagan,
    srm,
    stylegan,
    stylegan2,
    wgan,
)
from anime_gan.networks.architecture import Version

FAMILIES = [srm, dcgan, wgan, dragan, sagan, illustration_gan, r3gan, stylegan, stylegan2]
VERSIONS: dict[str, Version] = {v.name: v for family in FAMILIES for v in family.VERSIONS}


def get_version(name: str) -> Version:
    """Return the version called `name`; UserError names the nearest one where there is none."""
    if name not in VERSIONS:
        near = difflib.get_close_matches(name.lower(), VERSIONS, 1, 0)[0]
        raise UserError(
            f"version is {name!r}, which is none of {', '.join(VERSIONS)}; the nearest is {near!r}."
        )
    return VERSIONS[name]


def get_recipe(name: str) -> dict:
    """Return a version's values for keys that the config leaves out; UserError as get_version."""
    return get_version(name).recipe
