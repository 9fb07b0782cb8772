"""Find and load a generator: of a run, a .keras file, or a run's .weights.h5.

Finding it imports no Keras, so that a wrong name is reported at once.
"""

from __future__ import annotations

import os
from contextlib import chdir, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from anime_gan.config import from_dict, read_yaml
from anime_gan.config.stages import stage_before
from anime_gan.errors import UserError
from anime_gan.files import number_in, numbered
from anime_gan.generation import pretrained
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import (
    COMBINED,
    DISCRIMINATOR,
    GENERATOR,
    IMAGES,
    WEIGHTS,
    RunFolder,
    discriminator_of,
    newest_run,
)
from anime_gan.runs.whole import require_whole

if TYPE_CHECKING:
    import keras

    from anime_gan.generation.generator import Generator


def locate(source: str | None) -> tuple[Path, str | None]:
    """Find what a user's text names, from any folder of a project.

    Args:
        source: a run's name, a version, a weights file, a folder (weights/v4, gan_images/v4/ or
            one with a generator in it), or the name of a pretrained generator. None for the newest
            run, or the pretrained generator where there are no runs.

    Returns:
        The folder that holds weights/ and gan_images/; and, as seen from there, a file, a run's
        name, or None for the newest run.

    Raises:
        UserError: there is no such run or file; it says where it was looked for.
    """
    here = Path.cwd()
    home = next((folder for folder in (here, *here.parents) if _has_runs(folder)), None)
    if source:
        path = Path(os.path.abspath(Path(source).expanduser()))
        run = _run_called(source, home) if home else None
        if path.is_file():
            own = path.parents[2] if len(path.parents) > 2 else here
            home = own if path.parent.parent.name == WEIGHTS.name else home or here
            return home, os.path.relpath(path, home)
        if run:
            return home, run
        if path.parent.name in (WEIGHTS.name, IMAGES.name):
            own = path.parents[1]
            return (own if _has_runs(own) else home or own), path.name
        if path.name in (WEIGHTS.name, IMAGES.name) and _has_runs(path.parent):
            return path.parent, None
        if found := numbered(path, GENERATOR):  # a folder that was copied from elsewhere
            home = home or here
            return home, os.path.relpath([*found.values()][-1], home)
        if source.endswith((".keras", ".h5")):
            raise UserError(f"there is no weights file {source}; check the path.")
    own_name = source or (None if home else pretrained.DEFAULT)
    if own_name in pretrained.PRETRAINED:
        home = home or here
        return home, os.path.relpath(pretrained.PRETRAINED[own_name], home)
    if home:
        return home, source  # RunFolder says which runs there are
    what = f"there is no run {source}" if source else "there are no runs"
    raise UserError(
        f"{what} in {WEIGHTS}, neither in {here} nor in a folder above it; go to the folder where "
        "train_gan.py was started, train one with train_gan.py, or take pretrained."
    )


def _has_runs(folder: Path) -> bool:
    """Say whether there are runs in a folder's weights/ or gan_images/."""
    patterns = (f"{WEIGHTS}/*/config.yaml", f"{WEIGHTS}/*/*.keras", f"{IMAGES}/*/gan_*.png")
    with suppress(OSError):  # a folder that may not be read
        return any(True for pattern in patterns for _ in folder.glob(pattern))
    return False


def _run_called(name: str, home: Path) -> str | None:
    """Return the run of this name, in any case, else the newest of the version of this name."""
    runs = {path.name: path for part in (IMAGES, WEIGHTS) for path in (home / part).glob("*/")}
    for own in pretrained.PRETRAINED:  # gan_images/pretrained holds what was generated, no run
        if own in runs and runs[own].parent.name != WEIGHTS.name:
            del runs[own]
    if name in runs:
        return name
    if alike := [run for run in runs if run.casefold() == name.casefold()]:
        return alike[0]

    def is_of_version(folder: Path) -> bool:
        with suppress(UserError, OSError):
            version = read_yaml(folder / "config.yaml").get("version")
            return isinstance(version, str) and version.casefold() == name.casefold()
        return False

    times = {
        run: max((file.stat().st_mtime for file in folder.glob("*.keras")), default=0.0)
        for run, folder in runs.items()
        if is_of_version(folder)
    }
    return max(times, key=times.__getitem__) if times else None


def find_weights(source: str | None) -> Path:
    """Return the weights file that `source` names; UserError if there is none.

    source: as for `locate`. Of runs, the one whose files are the newest is taken, and of a run, the
    weights of the last step.
    """
    home, name = locate(source)
    here = Path.cwd()
    if home == here:
        return _weights_file(name)
    with chdir(home):
        path = _weights_file(name)
    return Path(os.path.relpath(home / path, here))


def _weights_file(name: str | None) -> Path:
    if not name or not Path(name).is_file():
        return (RunFolder(name) if name else newest_run()).generator_file()
    path = Path(name)
    if not path.name.endswith((".keras", ".h5")):
        raise UserError(_no_generator(path))
    return path


def require_loadable(path: Path) -> None:
    """Raise UserError if a weights file is damaged, of a discriminator, or without its config.

    It needs no Keras.
    """
    is_raw = path.suffix == ".h5"
    if (is_raw and not path.with_name("config.yaml").is_file()) or _is_discriminator(path):
        raise UserError(_no_generator(path))
    require_whole(path)


def find_start(source: str | None) -> Path | None:
    """Return the generator's file that `training.start_from` names, None if it names none.

    UserError if there is none, or it is damaged or no .keras file; needs no Keras.
    """
    if source is None:
        return None
    path = find_weights(source)
    if path.suffix != ".keras":
        raise UserError(
            f"training.start_from is {source}, but must be a run or a generator's .keras file."
        )
    require_loadable(path)
    return path


def find_discriminator(source: str | None) -> Path:
    """Return the file of the discriminator that was trained with the generator of `source`.

    It needs no Keras.

    Args:
        source: as for `locate`; also a discriminator's own file.

    Raises:
        UserError: there is no such run or file, or it is damaged.
    """
    path = find_weights(source)
    own = path if _is_discriminator(path) else discriminator_of(path)
    if path.suffix == ".h5":
        own = path.with_name(DISCRIMINATOR.format(step_of(path)))
    if not own.is_file():
        raise UserError(
            f"there is no {own.name} beside {path}; take weights that train_gan.py saved with "
            "their discriminator."
        )
    require_whole(own)
    return own


def _is_discriminator(path: Path) -> bool:
    before, after = DISCRIMINATOR.split("{}")
    return path.name.startswith(before) and path.name.endswith(after)


def _no_generator(path: Path) -> str:
    return (
        f"{path} is not a generator; give a .keras file, or a .weights.h5 with its run's "
        "config.yaml beside it."
    )


def load_generator(source: str | None = None) -> Generator:
    """Return the trained generator that `source` names, as for `find_weights`."""
    from anime_gan.generation.generator import Generator

    path = find_weights(source)
    return Generator(load_network(path), path)


def output_folder(path: Path) -> Path:
    """Return the output folder for a weights file: its run's, or else the current one.

    That of a pretrained generator is named after it.
    """
    run, own = RunFolder.of_file(path), pretrained.name_of(path)
    if own:
        return IMAGES / own
    return run.images if run else Path()


def step_of(path: Path) -> int | None:
    """Return the training step of a weights file, None if its name has none."""
    numbers = (number_in(path, template) for template in (GENERATOR, COMBINED))
    return next((number for number in numbers if number is not None), None)


def load_network(path: Path) -> keras.Model:
    """Return the network in a .keras file, or the generator in a .weights.h5 of the combined model.

    The latter holds raw weights and no architecture, which the config.yaml beside it gives.
    It computes in float32, in whatever precision it was trained, so that a seed's image is the same
    on all devices and backends to 1 of 255: in bfloat16 a pixel differs by up to 28.

    UserError if the file is damaged, or holds no generator.
    """
    from anime_gan.networks.labels import label_layer
    from anime_gan.runs.weights import load_model

    generator = load_model(path) if path.suffix == ".keras" else _from_combined(path)
    for layer in generator._flatten_layers():  # with those inside other layers
        layer.dtype_policy = "float32"
    taken, made = generator.inputs[0].shape, generator.output_shape
    known = len(generator.inputs) == 1 or label_layer(generator)
    if (
        not known
        or len(taken) != 2
        or len(made) != 4
        or made[1] != made[2]
        or made[3] not in (1, 3)
    ):
        raise UserError(
            f"{path} is not a generator: its input has shape {taken[1:]}, its output {made[1:]}; "
            "give one from latents (latent_dim,) to square images."
        )
    return generator


def _from_combined(path: Path) -> keras.Model:
    from anime_gan.networks.build import build
    from anime_gan.runs.weights import load_weights

    config_file = path.with_name("config.yaml")
    if path.suffix != ".h5" or not config_file.is_file():
        raise UserError(_no_generator(path))
    config, step = from_dict(read_yaml(config_file)), number_in(path, COMBINED)
    # The newest checkpoint knows where growing stages ended, also those before this step.
    grown = (checkpoint.newest_facts(path.parent) or {}).get("grown") or ()
    stage = config if step is None else stage_before(config, step, grown).config
    networks = build(stage)
    load_weights(networks.combined(), path)
    return networks.generator
