"""Trained weights: found, loaded, and drawn from."""

import re
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from anime_gan import networks
from anime_gan.config.schema import Config, from_dict, read_yaml
from anime_gan.config.stages import stage_before
from anime_gan.data.pixels import to_uint8
from anime_gan.errors import UserError
from anime_gan.runs.run import IMAGES, WEIGHTS
from anime_gan.runs.weights import load_weights
from anime_gan.training.state import Gan

# Always so many at a time, whatever is asked for: a convolution may sum in another order in another
# batch size, and then a face would not be the same to the last bit. A few do for versions without
# styles, so that one face does not cost sixteen; a StyleGAN's would differ with its place in them.
BATCH, FEW = 16, 4
UNPACKED = 10  # times its size, at most, that a weights file holds; Keras compresses nothing


def draw(generator: keras.Model, latents: np.ndarray) -> np.ndarray:
    """Return the pictures of latents (N, latent_dim) as uint8 (N, H, W, C)."""
    return batched(generator, latents, to_uint8)


def batched(
    model: keras.Model, inputs: np.ndarray, finish=np.asarray, batch: int = BATCH
) -> np.ndarray:
    """Return what a model makes of inputs (N, ...), `finish` done to each batch of it."""
    outputs = []
    for start in tqdm(range(0, len(inputs), batch), "faces", disable=len(inputs) < 100):
        some = inputs[start : start + batch]
        padded = np.zeros((batch, *inputs.shape[1:]), "float32")
        padded[: len(some)] = some
        made = model.predict_on_batch(padded)  # compiled: a tenth of a plain call's time
        outputs.append(finish(made[: len(some)]))
    return np.concatenate(outputs)


def find_weights(source: str | None) -> Path:
    """Return the weights file that `source` names: a file, a run's name, or None for the newest."""
    if source and Path(source).is_file():
        return Path(source)
    folder = WEIGHTS / source if source else WEIGHTS
    found = [p for p in folder.glob("*.keras" if source else "*/*.keras") if p.name[0] != "."]
    if not found:
        runs = sorted(p.parent.name for p in WEIGHTS.glob("*/generator_*.keras"))
        known = (
            f"the runs with weights are {', '.join(dict.fromkeys(runs))}"
            if runs
            else ("train one first with python train_gan.py")
        )
        raise UserError(f"there are no weights of {source or 'any run'} in {WEIGHTS}; {known}.")
    # Which run was trained last only its files' times can say; which of its weights are the newest
    # their steps do, whatever the clock did meanwhile.
    run = max(found, key=lambda path: path.stat().st_mtime).parent
    return max((path for path in found if path.parent == run), key=_step_and_time)


def _step_and_time(path: Path) -> tuple[int, float]:
    """Return the step that weights are named by, -1 if by none, and when they were written."""
    step = re.search(r"_(\d+)\.keras$", path.name)
    return int(step[1]) if step else -1, path.stat().st_mtime


def images_beside(path: Path) -> Path:
    """Return the folder for what is made from a weights file: its run's, or the current one."""
    folder = path.resolve().parent
    return IMAGES / folder.name if folder.parent == WEIGHTS.resolve() else Path()


def load_generator(path: Path) -> keras.Model:
    """Return the generator in a .keras file, or in a .weights.h5 of the combined model.

    The latter holds no shapes: they come from the config.yaml that its run left beside it.
    """
    try:
        with warnings.catch_warnings():
            # Of weights that have no place, or places left without weights, Keras only warns.
            warnings.simplefilter("error", UserWarning)
            if path.suffix == ".keras":
                _check_zip(path)
                generator = keras.saving.load_model(path, compile=False, safe_mode=True)
            else:
                config = _config_beside(path)
                step = re.search(r"_(\d+)\.", path.name)
                stage = stage_before(config, int(step[1])) if step else None
                gan = Gan.create(networks.get_version(config.version), config, stage=stage)
                load_weights(gan.combined, path)
                generator = gan.generator
    except UserError:
        raise
    except Exception as error:  # on damaged data, Keras and HDF5 raise all there is
        reason = " ".join(str(error).split())[:120]
        raise UserError(
            f"{path} can't be loaded as a generator: it is damaged, or of another version than "
            f"the config.yaml beside it says ({reason})."
        ) from None
    taken, given = generator.input_shape, generator.output_shape
    if len(taken) != 2 or len(given) != 4 or given[1] != given[2] or given[3] not in (1, 3):
        raise UserError(
            f"{path} is no generator: it makes {given[1:]} of {taken[1:]}, not a square picture of "
            "a row of numbers."
        )
    return generator


def _check_zip(path: Path) -> None:
    """Raise ValueError if a .keras is not what was written, or unpacks to far more than it holds.

    Keras goes on where a checksum is wrong, by a way of reading that looks at none.
    """
    with zipfile.ZipFile(path) as file:
        if sum(part.file_size for part in file.infolist()) > UNPACKED * path.stat().st_size:
            raise ValueError(f"it unpacks to over {UNPACKED} times its size")
        if file.testzip():
            raise ValueError("its values do not fit its checksum")


def _config_beside(path: Path) -> Config:
    """Return the config that a run left beside its .weights.h5."""
    config = path.with_name("config.yaml")
    if path.suffix != ".h5" or not config.is_file():
        raise UserError(
            f"{path} is no generator: give a .keras file, or a .weights.h5 with its run's "
            "config.yaml beside it."
        )
    return from_dict(read_yaml(config))
