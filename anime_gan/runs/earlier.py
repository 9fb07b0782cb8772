"""Continue a run from an earlier checkpoint: the run itself, or a new run that begins there."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from anime_gan import console
from anime_gan.config import Config, from_dict
from anime_gan.config.load import require_resumable
from anime_gan.errors import UserError
from anime_gan.files import numbered, whole_file
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import CHECKPOINT, RunFolder
from anime_gan.runs.listing import best_distance

if TYPE_CHECKING:
    import numpy as np

    from anime_gan.data.labels import Labels

MOST_NAMED = 20  # steps in an error
LOGS = ("losses.jsonl", "health.jsonl")  # that a new run begins with


def trained_with(config: dict[str, Any], name: str) -> Config:
    """Return the config in a checkpoint of run `name`; UserError if it is unreadable."""
    try:
        return from_dict(config)
    except UserError as error:
        raise UserError(
            f"the config of run {name}, from another version of the project, can't be read "
            f"({str(error).rstrip('.')}); use that version, or start a new run with run=NAME."
        ) from None


def newest_facts(run: RunFolder, config: Config) -> dict[str, Any] | None:
    """Return the facts of a run's newest checkpoint, None if it has none.

    UserError if `config` has a setting that the run cannot change.
    """
    facts = checkpoint.newest_facts(run.weights)
    if facts:
        require_resumable(trained_with(facts["config"], run.name), config)
    return facts


def with_labels(config: Config, labels: Labels | None, facts: dict[str, Any] | None) -> Config:
    """Return a config with the values of its labels, on which the shapes of networks depend.

    UserError if `facts`, those of the checkpoint that it continues, say other ones.
    """
    if labels is None:
        return config
    config = labels.into(config)
    if facts:
        require_resumable(trained_with(facts["config"], config.run), config)
    return config


def require(run: RunFolder, step: int, config: Config, discard: bool) -> dict[str, Any]:
    """Return the facts of a run's checkpoint from which `config` can continue.

    Args:
        run: whose checkpoint it is. If config.run is another, that is a new run.
        discard: what came later in the run may be removed.

    Raises:
        UserError: there is no such checkpoint, it is damaged, or its networks are others; the run
            would lose what came later; or the new run has checkpoints already.
    """
    steps = numbered(run.weights, CHECKPOINT)
    if step not in steps:
        there = "it has none"
        if steps:
            named = ", ".join(map(str, [*steps][-MOST_NAMED:]))
            there = f"choose from {named}; schedule.keep sets how many are kept"
        raise UserError(f"run {run.name} has no checkpoint of step {step}; {there}.")
    facts = checkpoint.facts_at(run.weights, step) or read(run, step)[0]
    require_resumable(trained_with(facts["config"], run.name), config)
    lost = later(run, step) if run.name == config.run else ""
    if lost and not discard:
        raise UserError(
            f"run {run.name} would lose {lost}; add run=NAME to begin a new run at step {step} and "
            "keep all of them, or --discard to remove them."
        )
    if config.run != run.name and numbered(RunFolder(config.run).weights, CHECKPOINT):
        raise UserError(
            f"run {config.run} has checkpoints already; choose a new name with run=NAME, or name "
            f"run {config.run} alone to continue it."
        )
    return facts


def go_back(run: RunFolder, step: int, name: str) -> int | None:
    """Begin the new run `name` at a step of another one, or return the step it goes back to."""
    if run.name == name:
        if lost := later(run, step):
            console.say(f"Run {name} goes back to step {step:,} and loses {lost}.")
        return step
    copy(run, step, name)
    console.say(f"Run {name} begins with step {step:,} of run {run.name}.")
    return None


def read(run: RunFolder, step: int | None) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the facts and arrays of a run's checkpoint, the newest if None.

    None if the run has no checkpoint at all. UserError if that of `step` is damaged or gone.
    """
    if step is None:
        return checkpoint.newest(run.weights)
    found = checkpoint.at(run.weights, step)
    if found is None:
        raise UserError(
            f"the checkpoint of step {step} of run {run.name} is damaged; choose another step, or "
            "restore it from a backup."
        )
    return found


def later(run: RunFolder, step: int) -> str:
    """Return what a run has of later steps and would lose, in words; "" if nothing."""
    checkpoints = [number for number in numbered(run.weights, CHECKPOINT) if number > step]
    weights = {number for number, _ in run.weights_files() if number > step}
    best = best_distance(run)
    parts = []
    if checkpoints:
        parts.append(f"{len(checkpoints)} checkpoints up to step {max(checkpoints):,}")
    if weights:
        parts.append(f"the weights of {len(weights)} later steps")
    if best and best[1] > step and run.best_generator.exists():
        parts.append(f"the best networks (step {best[1]:,})")
    return ", ".join([*parts, f"the log lines after step {step:,}"]) if parts else ""


def drop_later(run: RunFolder, step: int) -> None:
    """Remove what `later` says, but for the log lines, which go when the logs are opened.

    The newest checkpoint goes last: after an interruption the next start resumes from it.
    """
    best = best_distance(run)
    for number, path in run.weights_files():
        if number > step:
            path.unlink()
    if best and best[1] > step:
        run.best_generator.unlink(missing_ok=True)
        run.best_discriminator.unlink(missing_ok=True)
        run.best_grid.unlink(missing_ok=True)
    checkpoint.drop_after(run.weights, step)


def copy(run: RunFolder, step: int, name: str) -> None:
    """Begin a new run with a checkpoint of another, and with its logs up to there.

    The other run is only read. Its measured distances are not copied, since they belong to networks
    that the new run does not have.
    """
    new = RunFolder(name)
    held = new.lock()
    try:
        facts, arrays = read(run, step)
        facts["config"]["run"] = name
        facts["sound"] = step if facts["sound"] == step else None
        for log in (run.images / name for name in LOGS):
            if log.is_file():
                with whole_file(new.images / log.name) as temporary:
                    shutil.copyfile(log, temporary)
        checkpoint.save(new.weights, step, arrays, facts, keep=1)
    finally:
        os.close(held)
