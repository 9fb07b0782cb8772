"""The files of a run: where they are, what they are called, and what they hold."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anime_gan import console
from anime_gan.config import Config, from_dict, read_yaml
from anime_gan.errors import UserError
from anime_gan.files import is_locked, lock, make_folder, numbered, remove_unfinished

if TYPE_CHECKING:
    import keras

WEIGHTS, IMAGES = Path("weights"), Path("gan_images")

CHECKPOINT = "checkpoint_{}.npz"
GENERATOR = "generator_{}.keras"
DISCRIMINATOR = "discriminator_{}.keras"
COMBINED = "gan_weights_{}.weights.h5"
GRID = "gan_{}.png"


class RunFolder:
    """The files of one run.

    In weights/<name>, by step:
        checkpoint_<step>.npz: everything that a resumed run needs (checkpoint.py).
        generator_<step>.keras: the generator's EMA if the run has one, else its raw weights.
        discriminator_<step>.keras: the discriminator's raw weights.
        gan_weights_<step>.weights.h5: raw weights of both networks, as the report saved them; their
            architecture is gan.json, as Keras's JSON.
        generator_best.keras, discriminator_best.keras: both where the distance to the data that was
            measured during training is smallest.
        config.yaml (config_file): the run's complete config.
    In gan_images/<name>: index.html (page), reals.png (reference_grid), gan_<step>.png, best.png
        (best_grid), losses.png, losses.jsonl, metrics.jsonl, health.jsonl, health.json, train.log
        and tensorboard/.
    """

    def __init__(self, name: str):
        self.name = name
        self.weights, self.images = WEIGHTS / name, IMAGES / name
        self.config_file = self.weights / "config.yaml"
        self.architecture = self.weights / "gan.json"
        self.best_generator = self.weights / GENERATOR.format("best")
        self.best_discriminator = self.weights / DISCRIMINATOR.format("best")
        self.page = self.images / "index.html"
        self.reference_grid = self.images / "reals.png"
        self.best_grid = self.images / "best.png"
        self.log = self.images / "train.log"

    @property
    def is_training(self) -> bool:
        """Whether a process trains this run."""
        return is_locked(self.weights / ".lock")

    def require_unlocked(self) -> None:
        """Raise UserError if another process trains this run."""
        os.close(self._locked())

    def _locked(self) -> int:
        return lock(
            self.weights / ".lock",
            f"run {self.name} is being trained by another process; wait for it, or start a new run "
            "with run=NAME.",
        )

    def lock(self) -> int:
        """Make the folders; return the descriptor of a lock that this process alone holds."""
        for path in (self.weights, self.images):
            make_folder(path)
        held = self._locked()
        for path in (self.weights, self.images):
            remove_unfinished(path)
        return held

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Within it, lines are also appended to the log.

        A UserError removes the folders if they have nothing but the lock and the log.
        """
        try:
            with console.logged(self.log):
                yield
        except UserError:
            folders = [path for path in (self.weights, self.images) if path.is_dir()]
            names = {file.name for path in folders for file in path.iterdir()}
            if names <= {".lock", self.log.name} and not self.is_training:
                for path in folders:
                    shutil.rmtree(path, ignore_errors=True)
            raise

    @classmethod
    def of_file(cls, path: Path) -> RunFolder | None:
        """Return the run that a weights file belongs to, None if it lies elsewhere."""
        folder = path.resolve().parent
        run = cls(folder.name)
        return run if folder == run.weights.resolve() else None

    @property
    def config(self) -> Config:
        """The config that the run was last started with; UserError if it can't be read."""
        values = read_yaml(self.config_file)
        try:
            return from_dict(values)
        except UserError as error:
            raise UserError(
                f"{self.config_file} can't be read ({str(error).rstrip('.')}); use the version of "
                "the project that wrote it, or start a new run with run=NAME."
            ) from None

    @property
    def steps(self) -> list[int]:
        """The steps whose generators are saved, ascending."""
        return [*numbered(self.weights, GENERATOR)]

    def generator_file(self, step: int | None = None) -> Path:
        """Return the generator's file of a step, the newest if None; UserError if there is none.

        If there is none of any step, the newest other .keras file in the folder is returned.
        """
        if step is None and not self.steps:
            own = [path for path in self.weights.glob("*.keras") if not path.name.startswith(".")]
            if own:
                return max(own, key=lambda path: path.stat().st_mtime)
        return self._file(GENERATOR, step)

    def generator(self, step: int | None = None) -> keras.Model:
        """Return the generator of a step, the newest if None: (B, latent_dim) to (B, H, W, C).

        UserError if there is none, or its file is damaged.
        """
        return _load(self.generator_file(step))

    def discriminator(self, step: int | None = None) -> keras.Model:
        """Return the discriminator, as `generator`: images (B, H, W, C) to scores (B, 1)."""
        return _load(self._file(DISCRIMINATOR, step))

    def grids(self) -> dict[int, Path]:
        """Return the grids of generated faces by step, ascending."""
        return numbered(self.images, GRID)

    def grid(self, step: int) -> Path:
        """Return the path of a step's grid."""
        return self.images / GRID.format(step)

    def weights_files(self) -> list[tuple[int, Path]]:
        """Return every weights file with its step."""
        templates = (GENERATOR, DISCRIMINATOR, COMBINED)
        return [item for t in templates for item in numbered(self.weights, t).items()]

    def _file(self, template: str, step: int | None) -> Path:
        if not self.weights.is_dir():
            raise UserError(f"there is no run {self.name} in {WEIGHTS}; {known_runs()}.")
        files = numbered(self.weights, template)
        if not files or (step is not None and step not in files):
            which = f" of step {step}" if step is not None else ""
            there = f"it has steps {', '.join(map(str, files))}" if files else known_runs()
            what = template.split("_")[0]
            raise UserError(f"run {self.name} has no {what}{which}; {there}.")
        return files[step] if step is not None else [*files.values()][-1]


def discriminator_of(generator: Path) -> Path:
    """Return where the discriminator of a generator's file lies."""
    first, last = (pattern.partition("_{}")[0] for pattern in (GENERATOR, DISCRIMINATOR))
    return generator.with_name(generator.name.replace(first, last, 1))


def open_run(name: str | None = None) -> RunFolder:
    """Return a run by its name, or the newest; UserError if there is none."""
    if name is None:
        return newest_run()
    run = RunFolder(name)
    if not run.config_file.is_file():
        raise UserError(f"there is no run {name} in {WEIGHTS}; {known_runs()}.")
    return run


def newest_run() -> RunFolder:
    """Return the run whose weights were written last; UserError if there is none."""
    files = _generators()
    if not files:
        raise UserError(f"there are no weights in {WEIGHTS}; {known_runs()}.")
    return RunFolder(max(files, key=lambda path: path.stat().st_mtime).parent.name)


def known_runs() -> str:
    """Return the end of a sentence that says which runs there are, or how to get one."""
    names = ", ".join(sorted({path.parent.name for path in _generators()}))
    return f"the runs with weights are {names}" if names else "train one with train_gan.py"


def _load(path: Path) -> keras.Model:
    # Only networks need Keras, whose import takes seconds.
    from anime_gan.runs.weights import load_model

    return load_model(path)


def _generators() -> list[Path]:
    return sorted(WEIGHTS.glob(f"*/{GENERATOR.format('*')}"))
