"""A run: its two folders, and everything that is written into them on the schedule."""

import os
import re
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from anime_gan import backend
from anime_gan.config import plain_yaml
from anime_gan.config.schema import Config, from_dict
from anime_gan.data.cache import ImageSet
from anime_gan.data.pixels import to_uint8
from anime_gan.errors import UserError
from anime_gan.files import locked, remove_unfinished, require_space, sync, sync_names, whole_file
from anime_gan.runs import checkpoint, grids
from anime_gan.runs.health import LOOKED_AT, Finding, Health
from anime_gan.runs.history import History
from anime_gan.runs.weights import save_weights
from anime_gan.training.state import Gan, latents_of

WEIGHTS, IMAGES = Path("weights"), Path("gan_images")
PREVIEWS = 25


class Run:
    """One named run, new or continued.

    weights: the folder of its weights, checkpoints and config.
    images: the folder of its grids, curves and logs.
    facts: what the newest checkpoint says beside the arrays, None for a new run.
    step, seconds: how far it is, and how long it trained for that.
    rollbacks: how often it was taken back to a sound checkpoint.
    history, health: its record and its monitor, once it is started.
    """

    def __init__(self, name: str):
        self.name = name
        self.weights, self.images = WEIGHTS / name, IMAGES / name
        for folder in (self.weights, self.images):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / ".writable").touch()
                (folder / ".writable").unlink()
                sync_names(folder.parent)
            except OSError as error:
                raise UserError(
                    f"the folder {folder} can't be written ({error.strerror}); make it writable, "
                    "or start in another folder."
                ) from None
        self._lock = locked(
            self.weights / ".lock",
            f"run {name} is being trained by another process; wait for it, or give this one "
            "another name with run=NAME.",
        )
        for folder in (self.weights, self.images):
            remove_unfinished(folder)
        found = checkpoint.newest(self.weights)
        self.facts, self._arrays = found if found else (None, None)
        self.step: int = self.facts["step"] if self.facts else 0
        self.seconds: float = self.facts["seconds"] if self.facts else 0.0
        self.rollbacks: int = self.facts["rollbacks"] if self.facts else 0
        self._peak_memory: int = self.facts["peak_memory"] if self.facts else 0
        self._sound: int | None = self.facts["sound"] if self.facts else None
        self.history: History | None = None
        self.health: Health | None = None

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *exception) -> None:
        with ExitStack() as each:  # on a full disk each of them may fail
            each.callback(os.close, self._lock)
            for opened in filter(None, (self.history, self.health)):
                each.callback(opened.close)

    @property
    def config(self) -> Config | None:
        """The config that the run was last trained with, None for a new run.

        Keys that were not there yet have their defaults; UserError for one that is none any more.
        """
        try:
            return from_dict(self.facts["config"]) if self.facts else None
        except UserError as error:
            raise UserError(
                f"run {self.name} was trained by another version of the project, whose config says "
                f"what this one can't read: {error} Go on with that version, or give this run "
                "another name with run=NAME."
            ) from None

    @property
    def micro_batch(self) -> int | None:
        """Pictures at a time in its steps so far, None of a new run or where a batch went whole."""
        return self.facts.get("micro_batch") if self.facts else None

    @property
    def arrays(self) -> dict[str, np.ndarray] | None:
        """Those of the newest checkpoint until networks have them, None for a new run."""
        return self._arrays

    def restore(self, gan: Gan) -> None:
        """Give the networks the values of the newest checkpoint."""
        checkpoint.restore(gan.state, self._arrays)
        self._arrays = None

    def start(self, gan: Gan, config: Config, precision: str, pictures: ImageSet) -> None:
        """Open the records of the run, whose networks stand where it does.

        config: the run's, of which gan.config may be a stage. A grid of the real pictures is
        written too, for the eye to compare with.
        """
        self._gan, self._config, self._precision = gan, config, precision
        self._data_key = pictures.key
        self._latents = latents_of(range(LOOKED_AT), config.model.latent_dim)
        checkpoint.set_aside(self.weights, self.step)
        with whole_file(self.weights / "config.yaml") as temporary:
            temporary.write_text(plain_yaml.write(config.model_dump()))
        with whole_file(self.weights / "gan.json") as temporary:
            temporary.write_text(gan.combined.to_json())
        self.history = History(self.images, self.step, gan.config.training.images_per_step)
        order = np.random.default_rng(config.training.seed).permutation(len(pictures.images))
        shown = self.images / "reals.png"
        if not shown.exists() or (self.facts and self.facts["data_key"] != pictures.key):
            grids.save_grid(shown, pictures.images[np.sort(order[:PREVIEWS])])
        looked_at = pictures.images[np.sort(order[:LOOKED_AT])]
        self.health = Health(self.images, self.step, looked_at, self.rollbacks)
        if config.health.action == "rollback" and not self.facts:
            self._save_state(0, 0.0)  # there is a way back from the first step on

    def look(self, step: int) -> Finding | None:
        """Let the monitor see some faces, if it is time for it; return what it newly found."""
        if not self.health.due(step):
            return None
        self.history.flush()
        found = self.health.look(step, self.history.means(), lambda: self._draw(LOOKED_AT))
        for key, value in self.health.signs.items():
            self.history.show(step, {f"health/{key}": value})
        if found:
            self.history.add_text(step, "health", str(found))
        return found

    def _draw(self, count: int) -> np.ndarray:
        """Return the first faces of the run, those of the same latents throughout, as uint8."""
        return to_uint8(self._gan.sampler(self._latents[:count], training=False))

    def save_grid(self, step: int) -> None:
        """Write gan_<step>.png, from the same latents throughout the run, and losses.png."""
        faces = self._draw(PREVIEWS)
        times = self._config.model.resolution // faces.shape[1]  # while it grows
        faces = faces.repeat(times, axis=1).repeat(times, axis=2)
        grid = grids.save_grid(self.images / f"gan_{step}.png", faces)
        self.history.add_grid(step, grid)
        self.history.save_curve(self.images / "losses.png")

    def save_checkpoint(self, step: int, seconds: float) -> None:
        """Write a full checkpoint and, before it, the weights that `sample.py` draws from.

        The records come to the disk first: after a power cut, lines that a checkpoint counts on
        would be missing for good.
        Weights of steps that are not on the schedule go as soon as newer ones are there, but for
        those of the last sound step.
        """
        for name, write in (
            (f"gan_weights_{step}.weights.h5", partial(save_weights, self._gan.combined)),
            (f"generator_{step}.keras", self._gan.sampler.save),
        ):
            require_space(self.weights, 8 * self._gan.combined.count_params() + 2**20)
            with whole_file(self.weights / name) as temporary:
                write(temporary)
        for record in (*self.images.glob("*.jsonl"), *self.images.glob("tensorboard/*")):
            sync(record)
        self._save_state(step, seconds)
        every = self._config.schedule.checkpoint_every
        for old, path in self._weights_files():
            if old < step and old % every and old != self._sound:
                path.unlink()

    def _weights_files(self) -> list[tuple[int, Path]]:
        """Return the weights that `sample.py` draws from, each with its step."""
        pattern = r"(?:gan_weights|generator)_(\d+)\.(?:weights\.h5|keras)"
        found = ((re.fullmatch(pattern, path.name), path) for path in self.weights.glob("*_*"))
        return [(int(match[1]), path) for match, path in found if match]

    def _save_state(self, step: int, seconds: float) -> None:
        """Write a full checkpoint, and note it as the last sound one if it is."""
        if self.health.sound:
            self._sound = step
        facts = {
            "config": self._config.model_dump(),
            "precision": self._precision,
            "micro_batch": self._gan.micro_batch,
            "data_key": self._data_key,
            "seconds": seconds,
            "peak_memory": max(self._peak_memory, backend.peak_memory()),
            "rollbacks": self.rollbacks,
            "sound": self._sound,
        }
        schedule = self._config.schedule
        checkpoint.save(self.weights, step, self._gan.state, facts, schedule.keep, self._sound)
        self.step, self.seconds = step, seconds

    def roll_back(self) -> int:
        """Go back to the last sound checkpoint for good, and return its step.

        Checkpoints and weights that are newer are removed, grids are kept to look at; the next Run
        of this name goes on from there. UserError, and nothing is changed, if there is none.
        """
        found = checkpoint.at(self.weights, self._sound)
        if not found:
            raise UserError(
                f"run {self.name} has no sound checkpoint to go back to; begin anew with another "
                "name, run=NAME, or go on as it is with health.action=warn."
            )
        facts, arrays = found
        step = facts["step"]
        facts["rollbacks"] = self.rollbacks + 1
        checkpoint.save(self.weights, step, arrays, facts, self._config.schedule.keep, step)
        for newer, path in self._weights_files():
            if newer > step:
                path.unlink()
        checkpoint.drop_after(self.weights, step)
        self.health.forget(step)
        return step


def is_finished(config: Config, step: int, seconds: float) -> bool:
    """Say whether a run has had its steps, or its minutes of training, whichever ends first."""
    training = config.training
    out_of_time = training.minutes is not None and seconds >= training.minutes * 60
    return step >= training.steps or out_of_time
