"""A run: its two folders, and everything that is written into them on the schedule."""

import fcntl
import os
import re
from pathlib import Path

import numpy as np
import yaml

from config import Config, from_dict
from errors import UserError
from training import checkpoint, preview
from training.files import require_space, whole_file
from training.gan import Gan, latents_of
from training.history import History

WEIGHTS, IMAGES = Path("weights"), Path("gan_images")
PREVIEWS = 25


class Run:
    """One named run, new or continued.

    weights: the folder of its weights, checkpoints and config.
    images: the folder of its grids, curves and logs.
    facts: what the newest checkpoint says beside the arrays, None for a new run.
    step, seconds: how far it is, and how long it trained for that.
    """

    def __init__(self, name: str):
        self.name = name
        self.weights, self.images = WEIGHTS / name, IMAGES / name
        for folder in (self.weights, self.images):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / ".writable").touch()
                (folder / ".writable").unlink()
            except OSError as error:
                raise UserError(
                    f"the folder {folder} can't be written ({error.strerror}); make it writable, "
                    "or start in another folder."
                ) from None
        self._lock = _locked(self.weights / ".lock", name)
        found = checkpoint.newest(self.weights)
        self.facts, self._arrays = found if found else (None, None)
        self.step: int = self.facts["step"] if self.facts else 0
        self.seconds: float = self.facts["seconds"] if self.facts else 0.0
        self.history: History | None = None

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *exception) -> None:
        if self.history:
            self.history.close()
        os.close(self._lock)

    @property
    def config(self) -> Config | None:
        """The config that the run was last trained with, None for a new run."""
        return from_dict(self.facts["config"]) if self.facts else None

    def start(self, gan: Gan, config: Config, precision: str, data_key: str) -> None:
        """Give the networks the checkpoint's values, if there is one, and open the record."""
        if self.facts:
            checkpoint.restore(gan.state, self._arrays)
            self._arrays = None
        self._gan, self._config, self._precision, self._data_key = gan, config, precision, data_key
        self._latents = latents_of(range(PREVIEWS), config.model.latent_dim)
        with whole_file(self.weights / "config.yaml") as temporary:
            temporary.write_text(yaml.safe_dump(config.model_dump(), sort_keys=False))
        with whole_file(self.weights / "gan.json") as temporary:
            temporary.write_text(gan.combined.to_json())
        self.history = History(
            self.images, self.step, config.training.batch_size * config.training.n_critic
        )

    def save_reals(self, pictures: np.ndarray) -> None:
        """Write a grid of real pictures (N, H, W, C), uint8, for the eye to compare with."""
        path = self.images / "reals.png"
        if not path.exists():
            order = np.random.default_rng(self._config.training.seed).permutation(len(pictures))
            preview.save_grid(path, pictures[np.sort(order[:PREVIEWS])])

    def save_grid(self, step: int) -> None:
        """Write gan_<step>.png, from the same latents throughout the run, and losses.png."""
        pictures = self._gan.sampler(self._latents, training=False)
        grid = preview.save_grid(self.images / f"gan_{step}.png", preview.to_bytes(pictures))
        self.history.add_grid(step, grid)
        self.history.save_curve(self.images / "losses.png")

    def save_checkpoint(self, step: int, seconds: float) -> None:
        """Write a full checkpoint and, before it, the weights that `sample.py` draws from.

        Weights of steps that are not on the schedule go as soon as newer ones are there.
        """
        for name, write in (
            (f"gan_weights_{step}.weights.h5", self._gan.combined.save_weights),
            (f"generator_{step}.keras", self._gan.sampler.save),
        ):
            require_space(self.weights, 8 * self._gan.combined.count_params() + 2**20)
            with whole_file(self.weights / name) as temporary:
                write(temporary)
        facts = {
            "config": self._config.model_dump(),
            "precision": self._precision,
            "data_key": self._data_key,
            "seconds": seconds,
        }
        schedule = self._config.schedule
        checkpoint.save(self.weights, step, self._gan.state, facts, schedule.keep)
        self.step, self.seconds = step, seconds
        for path in self.weights.glob("*_*"):
            match = re.fullmatch(r"(gan_weights|generator)_(\d+)\.(weights\.h5|keras)", path.name)
            if match and int(match[2]) < step and int(match[2]) % schedule.checkpoint_every:
                path.unlink()


def _locked(path: Path, name: str) -> int:
    """Return the descriptor of a lock file that this process alone holds until it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserError(
            f"run {name} is being trained by another process; wait for it, or give this one "
            "another name with run=NAME."
        ) from None
    return descriptor
