"""What the words of a command line name: a version, a run, a config file, and key=value."""

from collections.abc import Sequence
from pathlib import Path

from anime_gan.config import Config, load_config
from anime_gan.config.load import is_config_file
from anime_gan.config.versions import VERSIONS
from anime_gan.errors import UserError
from anime_gan.generation.load import locate
from anime_gan.runs.folder import RunFolder


def read_words(words: Sequence[str], file: str | None = None) -> tuple[Config, Path, str | None]:
    """Return the config that words ask for: key=value, one version, and one run or config file.

    Args:
        words: the user's; values go over the version, and both over a run's config or the file.
        file: a config file that an option names.

    Returns:
        The config; the folder that holds weights/ with the run, else the current one; and the
        run's name, None if no word names one.

    Raises:
        UserError: a word is none of these, or two of them contradict each other.
    """
    overrides = [word for word in words if "=" in word]
    versions, files, runs = [], [file] if file else [], []
    for word in words:
        if "=" in word:
            continue
        if is_config_file(word):
            files.append(word)
        elif word.lower() in VERSIONS:
            versions.append(word)
        elif run := _run_called(word):
            runs.append((word, *run))
        else:
            raise UserError(
                f"{word!r} is not key=value, a version ({', '.join(VERSIONS)}), a run in weights/ "
                "or a config file."
            )
    named = [word for word in overrides if word.partition("=")[0] == "version"]
    for several in ([*versions, *named[-1:]], [*files, *(run[0] for run in runs)]):
        if len(several) > 1:
            raise UserError(f"{several[0]} and {several[1]} can't go together; leave one out.")
    overrides = [f"version={name}" for name in versions] + overrides
    home, name = runs[0][1:] if runs else (Path.cwd(), None)
    config_file = str(home / RunFolder(name).config_file) if runs else next(iter(files), None)
    return load_config(config_file, overrides), home, name


def _run_called(word: str) -> tuple[Path, str] | None:
    """Return the folder and name of the run that a word names, as for sample.py; None if none."""
    try:
        home, name = locate(word)
    except UserError:
        return None
    return (home, name) if name and (home / RunFolder(name).config_file).is_file() else None
