"""A run during training: resuming, logging, and saving on schedule."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from anime_gan import backend, console
from anime_gan.config import Config
from anime_gan.config.plain_yaml import write
from anime_gan.config.stages import is_finished, share_over
from anime_gan.data.image_set import ImageSet
from anime_gan.data.pixels import to_uint8
from anime_gan.errors import UserError
from anime_gan.files import make_folder, require_space, sync, whole_file
from anime_gan.networks.labels import inputs_from_seeds
from anime_gan.runs import checkpoint, earlier, grids
from anime_gan.runs.folder import COMBINED, DISCRIMINATOR, GENERATOR, RunFolder
from anime_gan.runs.health import FACES, TOO_FEW, Finding, Health
from anime_gan.runs.history import History, NotFinite
from anime_gan.runs.listing import best_distance
from anime_gan.runs.page import Standing, renew_page
from anime_gan.runs.preview import PREVIEWS, preview
from anime_gan.runs.stopping import StopReason, StopRequest
from anime_gan.runs.weights import save_weights

if TYPE_CHECKING:
    from anime_gan.metrics.during_training import Metrics
    from anime_gan.training.state import TrainState


@dataclass
class Progress:
    """The progress of a run by its newest checkpoint; the defaults are those of a new run.

    Fields are those of `checkpoint.Facts`, and arrays: the checkpoint's, until they are restored.
    """

    step: int = 0
    seconds: float = 0.0
    peak_memory: int = 0
    rollbacks: int = 0
    sound: int | None = None
    grown: list[Sequence[float]] | None = None
    precision: str | None = None
    micro_batch: int | None = None
    config: dict[str, Any] | None = None
    data_key: str | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return everything but the arrays."""
        return {key: value for key, value in vars(self).items() if key != "arrays"}

    def trained_with(self, name: str) -> Config | None:
        """Return the config, None for a new run; UserError with `name` if it is unreadable."""
        return earlier.trained_with(self.config, name) if self.config else None


class Run:
    """The run that this process trains; it holds the lock, so only it writes into the folder.

    folder: its files. progress: where it stands. history, health: its logs, once it is started.
    not_finite: the error of the first loss that is not finite, None while all are.
    """

    def __init__(self, name: str, step: int | None = None):
        """Lock the run and read its newest checkpoint, or that of `step`, to which it goes back.

        What it has of later steps is removed by `start`.
        """
        self.folder, self._goes_back = RunFolder(name), step is not None
        with ExitStack() as opened:
            opened.callback(os.close, self.folder.lock())
            found = earlier.read(self.folder, step)
            self._opened = opened.pop_all()  # on a full disk each of them may fail to close
        facts, arrays = found or ({}, {})
        own = {key: facts[key] for key in Progress.__dataclass_fields__ if key in facts}
        self.progress = Progress(**own, arrays=arrays)
        self.not_finite: NotFinite | None = None

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._opened.__exit__(*exception)

    def start(self, state: TrainState, config: Config, precision: str, images: ImageSet) -> None:
        """Open the logs of the run, and write its config and a grid of some of the images.

        state: of the run's step; its config may be that of a stage. config: the run's.
        """
        self._state, self._config = state, config
        progress, step, folder = self.progress, self.progress.step, self.folder
        is_new, other_images = progress.config is None, progress.data_key not in (None, images.key)
        progress.config, progress.precision = config.model_dump(), precision
        progress.micro_batch, progress.data_key = state.micro_batch, images.key
        self._faces = inputs_from_seeds(state.generator, range(FACES))
        self._preview = preview(state.generator)
        if self._goes_back:
            earlier.drop_later(folder, step)
        else:
            checkpoint.set_aside(folder.weights, step)
        self._write_config()
        self.history = History(folder.images, step, state.config.training.images_per_step)
        self._opened.callback(self.history.close)
        order = np.random.default_rng(config.training.seed).permutation(len(images.images))
        if not folder.reference_grid.exists() or other_images:
            shown = images.images[np.sort(order[:PREVIEWS])]
            grids.save_grid(folder.reference_grid, shown, **self._about, shows="training images")
        compared = images.images[np.sort(order[:FACES])]
        self.health = Health(folder.images, step, compared, progress.rollbacks)
        self._opened.callback(self.health.close)
        if config.health.action == "rollback" and is_new:
            self._save_state(0, 0.0)  # so that the run can be rolled back from its first step on
        self._started = self._saved = time.monotonic()
        self._last = step
        self._seconds_before = progress.seconds
        if not step:
            self._save_grid(0)  # of the untrained generator
        self._reason: StopReason | None = None  # the last that was given
        self._page_refused = False
        self._renew_page("training")
        self._opened.push(self._renew_last_page)

    @property
    def finding(self) -> Finding | None:
        """The current finding of the health monitor."""
        return self.health.finding

    @property
    def seconds(self) -> float:
        """How long the run has been trained."""
        return self._seconds_before + time.monotonic() - self._started

    def record(self, step: int, scalars: dict) -> Finding | None:
        """Log a step's scalars and, on schedule, observe some faces; return a new finding."""
        if self.not_finite:  # the other processes do not know yet
            return None
        self._last, due = step, self.health.due(step)
        stage = self._state.stage
        if stage.timed and step == stage.first + 1:  # compiling does not count
            share = share_over(self._config.training, step, self.seconds)
            self._state.stage = replace(stage, begun=share)
            self.progress.grown[-1] = [stage.first, self.seconds]
        try:
            seen = self._state.stage.images_seen(step)
            self.history.add(step, scalars | {"kimg": seen / 1000, "trained": self.seconds})
            if due or self._is_scheduled(step):
                self.history.flush()
        except NotFinite as error:
            return self._broken(error)
        if not due:
            return None
        finding = self.health.observe(step, self.history.means(), lambda: self._sample(self._faces))
        self.history.show(step, {f"health/{k}": v for k, v in self.health.signs.items()})
        if finding:
            self.history.board.add_text("health", str(finding), step)
        return finding

    def _broken(self, error: NotFinite) -> Finding | None:
        self.not_finite = error
        finding = self.health.break_down(error.step)
        if finding:
            self.history.board.add_text("health", str(finding), error.step)
        return finding

    def _is_scheduled(self, step: int) -> bool:
        schedule = self._config.schedule
        return step % schedule.sample_every == 0 or step % schedule.checkpoint_every == 0

    def stop_reason(self, step: int, stop: StopRequest) -> StopReason | None:
        """Return why training is to end at a step, None if it is not."""
        self._reason = self._reason_at(step, stop)
        return self._reason

    def _reason_at(self, step: int, stop: StopRequest) -> StopReason | None:
        config, finding = self._config.health, self.finding
        acts = finding is not None and config.action != "warn"
        if acts and config.action == "rollback":
            acts = finding.kind != TOO_FEW  # a rollback adds no images
        if self.not_finite or acts:
            if config.action == "rollback" and self.progress.rollbacks < config.rollbacks:
                return StopReason.ROLL_BACK
            return StopReason.NOT_FINITE if self.not_finite else StopReason.UNHEALTHY
        if is_finished(self._config, step, self.seconds):
            return StopReason.FINISHED
        stop.step_seconds = self.history.step_seconds
        if stop.signal:
            return StopReason.SIGNAL
        return StopReason.GROW if self._state.stage.is_over(step, self.seconds) else None

    def measure(self, metrics: Metrics, step: int) -> Finding | None:
        """Measure the generator and keep the networks if it is the best so far.

        Returns what is newly wrong, which is then not measured.
        """
        try:
            self.history.flush()
        except NotFinite as error:
            return self._broken(error)
        sampler = self._state.sampler()
        distance = metrics.measure(sampler, step, self.seconds, self.history)
        best = None if distance is None else best_distance(self.folder, step)
        if best and best[1] == step:
            faces = self._sample(self._preview.inputs)
            about = self._about | self._preview.about | {"step": step, "distance": distance}
            grids.save_grid(self.folder.best_grid, faces, **about)
            for file, network in (
                (self.folder.best_generator, sampler),
                (self.folder.best_discriminator, self._state.discriminator),
            ):
                with whole_file(file) as temporary:
                    network.save(temporary)
        self.history.skip_pause()
        return None

    def save_if_due(self, step: int, ending: StopReason | None) -> Finding | None:
        """Save a grid, and a checkpoint with the weights, on schedule or where training ends.

        If a loss is not finite, nothing is saved, and the finding is returned if it is new.
        """
        schedule = self._config.schedule
        late = time.monotonic() - self._saved >= schedule.resume_minutes * 60
        if self.not_finite or not (late or ending or self._is_scheduled(step)):
            return None
        try:
            self.history.flush()
        except NotFinite as error:
            return self._broken(error)
        self._require_folders(step)
        has_grid = step % schedule.sample_every == 0 or ending not in (None, StopReason.SIGNAL)
        if has_grid:
            self._save_grid(step)
        if ending is StopReason.GROW:
            self.progress.grown.append([step, self.seconds])
        self._save_checkpoint(step, self.seconds)
        if has_grid and not ending:
            self._renew_page("training")
        self._saved = time.monotonic()
        self.history.skip_pause()
        return None

    def _write_config(self) -> None:
        for path, text in (
            (self.folder.config_file, write(self.progress.config)),
            (self.folder.architecture, self._state.combined.to_json()),
        ):
            with whole_file(path) as temporary:
                temporary.write_text(text)

    def _require_folders(self, step: int) -> None:
        """Save a step in new folders and raise UserError, if those of the run were removed."""
        folder = self.folder
        if folder.config_file.is_file() and folder.images.is_dir():
            return
        if not folder.is_training:  # the lock was removed too
            self._opened.callback(os.close, folder.lock())
        make_folder(folder.images)
        self._write_config()
        self._save_checkpoint(step, self.seconds)
        raise UserError(
            f"files of run {folder.name} were removed during training; step {step:,} is saved "
            "anew, and the same command continues from there, with new logs."
        )

    def save_last(self) -> None:
        """Save the last step that was recorded, where an error ends training after it."""
        if self._last > self.progress.step and not self.not_finite:
            with suppress(UserError):  # the error that ends training is the one to report
                self._save_checkpoint(self._last, self.seconds)

    @property
    def _about(self) -> dict[str, str]:
        """What each grid says about its run."""
        return {"run": self.folder.name, "version": self._config.version}

    def _sample(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Return the faces of some inputs as uint8."""
        one = inputs[0] if len(inputs) == 1 else inputs
        return to_uint8(self._state.sampler()(one, training=False))

    def _save_grid(self, step: int) -> None:
        """Write gan_<step>.png and, once there are losses, losses.png."""
        faces = self._sample(self._preview.inputs)
        times = self._config.model.resolution // faces.shape[1]  # above 1 while the networks grow
        faces = faces.repeat(times, axis=1).repeat(times, axis=2)
        weights = "EMA" if self._state.ema else "raw"
        about = self._about | {"step": step} | self._preview.about | {"weights": weights}
        grid = grids.save_grid(self.folder.grid(step), faces, **about)
        self.history.board.add_grid("faces", grid, step)
        if step:
            self.history.save_curve(self.folder.images / "losses.png")

    def _renew_page(self, state: str) -> None:
        """Write the page of the run; training goes on without it, where it can't be written."""
        standing = Standing(self._last, self.seconds, state, self.progress.grown or ())
        try:
            renew_page(self.folder, self._config, standing, self.history.curve.columns)
        except (UserError, OSError) as error:
            reason = getattr(error.__cause__ or error, "strerror", None) or error
            if not self._page_refused:
                console.warn(
                    f"{self.folder.page} can't be written ({reason}); the run goes on without it."
                )
            self._page_refused = True

    def _renew_last_page(self, error: type[BaseException] | None, *rest: object) -> None:
        """Write the page where training ends; a run that grows or was rolled back goes on."""
        if error or self._reason not in (StopReason.GROW, StopReason.ROLL_BACK):
            is_over = is_finished(self._config, self._last, self.seconds)
            self._renew_page("finished" if is_over else "stopped")

    def _save_checkpoint(self, step: int, seconds: float) -> None:
        """Write a checkpoint and, before it, the weights that `sample.py` draws from.

        Logs are synced first: the steps of a checkpoint are not repeated, so a power failure must
        not remove their lines. Weights of steps that are no multiple of schedule.checkpoint_every
        are removed once newer ones exist, except those of the last healthy step.
        """
        state, folder = self._state, self.folder
        sampler = state.sampler()
        for template, save in (
            (COMBINED, partial(save_weights, state.combined)),
            (GENERATOR, sampler.save),
            (DISCRIMINATOR, state.discriminator.save),
        ):
            require_space(folder.weights, 8 * state.combined.count_params() + 2**20)
            with whole_file(folder.weights / template.format(step)) as temporary:
                save(temporary)
        for log in (*folder.images.glob("*.jsonl"), *folder.images.glob("tensorboard/*")):
            sync(log)
        self._save_state(step, seconds)
        every = self._config.schedule.checkpoint_every
        for old, path in folder.weights_files():
            if old < step and old % every and old != self.progress.sound:
                path.unlink()

    def _save_state(self, step: int, seconds: float) -> None:
        progress, keep = self.progress, self._config.schedule.keep
        if self.health.sound:
            progress.sound = step
        progress.step, progress.seconds = step, seconds
        progress.peak_memory = max(progress.peak_memory, backend.peak_memory())
        variables = self._state.named_variables
        checkpoint.save(self.folder.weights, step, variables, progress.facts(), keep)

    def roll_back(self) -> int:
        """Roll the run back to the last healthy checkpoint for good, and return its step.

        Newer checkpoints and weights are removed, grids are kept. UserError if there is no healthy
        checkpoint; then nothing is changed.
        """
        folder, keep = self.folder.weights, self._config.schedule.keep
        found = checkpoint.at(folder, self.progress.sound)
        if not found:
            raise UserError(
                f"run {self.folder.name} has no healthy checkpoint to return to; start a new run "
                "with run=NAME, or continue without rollback with health.action=warn."
            )
        facts, arrays = found
        step = facts["step"]
        facts["rollbacks"] = self.progress.rollbacks + 1
        checkpoint.save(folder, step, arrays, facts, keep)
        for newer, path in self.folder.weights_files():
            if newer > step:
                path.unlink()
        checkpoint.drop_after(folder, step)
        self.health.forget(step)
        return step
