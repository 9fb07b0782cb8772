"""What to say of images that do not exist under the name given."""

import difflib
import os
import re
import stat
from pathlib import Path

from anime_gan.errors import UserError

# A scheme has two letters at least: one is a drive of Windows.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/+|www\.|[\w.-]+\.(com|net|org|io|co)/", re.IGNORECASE)
_DRIVE = re.compile(r"([A-Za-z]):(.*)", re.DOTALL)
_OF_LINUX = re.compile(r"[\\/]{2}wsl(?:\$|\.localhost)[\\/][^\\/]+(.*)", re.IGNORECASE | re.DOTALL)


def missing(name: str, path: Path, give: str) -> UserError:
    """Return the error for images that are not there.

    Args:
        name: what the user called them.
        path: the same, as a path.
        give: what can be given instead.
    """
    if name.lower().startswith("file:"):
        plain = re.sub(r"(?i)^file:/*", "/", name)
        return UserError(f"{name} is an address: give the path, {plain}.")
    if _ADDRESS.match(name):
        return UserError(
            f"{name} is an address, and nothing is downloaded here: download it first, then {give}."
        )
    if linux := _from_windows(name):
        return UserError(f"{name} is a path of Windows, which Linux calls {linux}: give that.")
    if name.startswith("\\\\"):
        return UserError(f"{name} is a network folder of Windows: mount it, then {give}.")
    bare = name.strip().strip("\"'").strip()
    if bare and bare != name and os.path.exists(os.path.expanduser(bare)):
        return UserError(f"{name!r} does not exist, but {bare} does: give it without the rest.")
    parts = [*reversed(path.parents), path]
    first = next((part for part in parts if not os.path.exists(part)), path)
    near = _nearest(first)
    return UserError(f"{first} does not exist: {f'the nearest name is {near}' if near else give}.")


def no_file(name: str, path: Path, give: str) -> UserError:
    """Return the error for what is neither a file nor a folder; arguments as for `missing`."""
    mode = os.stat(path).st_mode
    kinds = ((stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (lambda _: True, "device"))
    kind = next(kind for is_kind, kind in kinds if is_kind(mode))
    return UserError(f"{name} is a {kind}, which is no regular file: {give}.")


def _from_windows(name: str) -> str | None:
    """Return the path under WSL of a path of Windows, None for others."""
    if found := _OF_LINUX.fullmatch(name):
        return found[1].replace("\\", "/") or "/"
    if found := _DRIVE.fullmatch(name):
        rest = found[2].replace("\\", "/").lstrip("/")
        if "\\" not in name and "/" not in name and rest:
            return f"/mnt/{found[1].lower()}/… (put it in quotes: the shell removed its \\)"
        return f"/mnt/{found[1].lower()}/{rest}"
    return None


def _nearest(path: Path) -> Path | None:
    """Return the file or folder beside a path whose name is nearest to it, None if none is near."""
    try:
        names = os.listdir(path.parent)
    except OSError:
        return None
    lower = {item.lower(): item for item in names if not item.startswith(".")}
    near = difflib.get_close_matches(path.name.lower(), lower, 1, 0.8)
    return path.parent / lower[near[0]] if near else None
