"""Find and load a generator: of a run, a .keras file, or a run's .weights.h5."""

from __future__ import annotations

from pathlib import Path

import keras

from anime_gan.config import from_dict, read_yaml
from anime_gan.config.stages import stage_before
from anime_gan.errors import UserError
from anime_gan.files import number_in
from anime_gan.generation.generator import Generator
from anime_gan.networks.build import build
from anime_gan.runs.folder import COMBINED, RunFolder, newest_run
from anime_gan.runs.weights import load_model, load_weights


def find_weights(source: str | None) -> Path:
    """Return the weights file that `source` names; UserError if there is none.

    source: a file, a run's name, or None for the newest weights of the newest run. The newest
    run is the one with the newest file; the newest weights of a run are those of its last step.
    """
    if source and Path(source).is_file():
        return Path(source)
    return (RunFolder(source) if source else newest_run()).generator_file()


def load_generator(source: str | None = None) -> Generator:
    """Return the trained generator that `source` names, as for `find_weights`."""
    return Generator(load_network(find_weights(source)))


def output_folder(path: Path) -> Path:
    """Return the output folder for a weights file: its run's, or else the current one."""
    run = RunFolder.of_file(path)
    return run.images if run else Path()


def load_network(path: Path) -> keras.Model:
    """Return the network in a .keras file, or the generator in a .weights.h5 of the combined model.

    The latter holds raw weights and no architecture, which the config.yaml beside it gives.
    UserError if the file is damaged, or holds no generator.
    """
    generator = load_model(path) if path.suffix == ".keras" else _from_combined(path)
    taken, made = generator.input_shape, generator.output_shape
    if len(taken) != 2 or len(made) != 4 or made[1] != made[2] or made[3] not in (1, 3):
        raise UserError(
            f"{path} is not a generator: its input has shape {taken[1:]}, its output {made[1:]}; "
            "give one from latents (latent_dim,) to square images."
        )
    return generator


def _from_combined(path: Path) -> keras.Model:
    config_file = path.with_name("config.yaml")
    if path.suffix != ".h5" or not config_file.is_file():
        raise UserError(
            f"{path} is not a generator; give a .keras file, or a .weights.h5 with its run's "
            "config.yaml beside it."
        )
    config, step = from_dict(read_yaml(config_file)), number_in(path, COMBINED)
    stage = config if step is None else stage_before(config, step).config
    networks = build(stage)
    load_weights(networks.combined(), path)
    return networks.generator
