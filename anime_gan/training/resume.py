"""Restore the training state from a run's newest checkpoint, or create it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from anime_gan.backend.precision import fastest_precision
from anime_gan.config import Config
from anime_gan.config.load import require_resumable
from anime_gan.config.stages import (
    Stage,
    grown_by_images,
    grown_until,
    stage_at,
    stage_before,
)
from anime_gan.data.batches import Batches
from anime_gan.data.image_set import ImageSet, labels_of
from anime_gan.data.labels import Labels
from anime_gan.data.on_device import OnDevice
from anime_gan.networks.labels import label_layer
from anime_gan.runs import checkpoint
from anime_gan.runs.follower import Follower
from anime_gan.runs.run import Progress, Run
from anime_gan.training.distribution import Group
from anime_gan.training.micro_batch import choose_micro_batch
from anime_gan.training.optimizers import slowed
from anime_gan.training.start import take_over
from anime_gan.training.state import TrainState

COMPARED = 64  # images that must be equal in all processes


def open_run(name: str, group: Group, step: int | None = None) -> Run | Follower:
    """Return the run called `name`: for process 0 the files, for the others what it shares.

    step: of the checkpoint to go back to; None for the newest.
    """
    if not group.leads:
        facts, arrays = group.share()
        return Follower(Progress(**facts, arrays=arrays))
    run = Run(name, step)
    group.share(run.progress.facts(), run.progress.arrays)
    return run


def settle_growth(config: Config, progress: Progress) -> None:
    """Note which growing stages have begun at a run's step."""
    if progress.grown is None:  # of a new run, or in a checkpoint of an older version
        before = progress.trained_with(config.run) or config
        progress.grown = grown_by_images(before, progress.step)
    progress.grown = grown_until(config, progress.grown, progress.step, progress.seconds)


def check_resume(config: Config, progress: Progress, images: ImageSet) -> list[str]:
    """Return what changed since a run was last trained; UserError if a run cannot change it."""
    before = progress.trained_with(config.run)
    if before is None:
        return []
    others = require_resumable(before, config)
    notes = [f"Changed since the newest checkpoint: {'; '.join(others)}."] if others else []
    after, before = (f(config, progress.step, progress.grown) for f in (stage_at, stage_before))
    if after == before and images.key != progress.data_key:
        notes.append("The training images have changed since the newest checkpoint.")
    if progress.rollbacks:
        factor = 0.5**progress.rollbacks
        notes.append(
            f"Rolled back {progress.rollbacks} times: learning rates are {factor:g} of the "
            "config's."
        )
    return notes


def resume(
    config: Config, progress: Progress, images: ImageSet, group: Group, start: Path | None = None
) -> tuple[TrainState, str, list[str]]:
    """Return the state of a run's current stage, from its checkpoint, and its precision.

    All processes call this function; the progress and images of process 0 are used.

    Args:
        start: a generator's .keras file, with whose weights a new run begins.

    Returns:
        The state, its precision, and what to say of the weights that were taken over.

    Raises:
        UserError: the checkpoint does not fit, or a process has other images.
    """
    stage = stage_at(config, progress.step, progress.grown)
    precision = choose_precision(config, progress.precision, group)
    fingerprint = fingerprint_of(images, labels_of(config, images)) if not group.alone else None
    group.agree(
        "its images or their labels differ from those of process 0; give data.images the same "
        "files, such as one zip, on each machine."
        if group.from_leader(lambda: fingerprint) != fingerprint
        else None
    )
    slow = slowed(config, 0.5**progress.rollbacks)
    before, arrays = progress.trained_with(config.run), progress.arrays
    same = before is None or before.training.batch_size == config.training.batch_size
    micro_batch = progress.micro_batch if same else None
    progress.arrays, notes = {}, []  # frees them: they need as much memory as the networks
    with group.scope():
        state = TrainState(slow, precision, stage_at(slow, progress.step, progress.grown))
        if arrays:
            before = stage_before(slow, progress.step, progress.grown)
            if before.resolution == stage.resolution:
                checkpoint.restore(state.named_variables, arrays)
            else:
                smaller = TrainState(slow, precision, before)
                checkpoint.restore(smaller.named_variables, arrays)
                state.grow_from(smaller)
                micro_batch = None
        elif start:
            notes = [take_over(state, start)]
        if not state.stage.fades_in:  # what was copied may have been fading in
            for layer in state.fades:
                layer.alpha.assign(1.0)
    if config.model.labels:
        set_shares(state, labels_of(config, images).codes)
    share_micro_batch(state, group, micro_batch)
    return state, precision, notes


def set_shares(state: TrainState, codes: np.ndarray) -> None:
    """Tell the generators how frequent each label is, (N, A), by which they sample labels."""
    for generator in filter(None, (state.generator, state.ema)):
        label_layer(generator).set_shares(codes)


def choose_precision(config: Config, before: str | None, group: Group) -> str:
    """Return the config's precision; for "auto" that of `before`, or else the faster one."""
    if config.training.precision != "auto":
        return config.training.precision
    return before or group.from_leader(fastest_precision)


def share_micro_batch(state: TrainState, group: Group, before: int | None = None) -> None:
    """Choose the micro-batch by process 0's memory, for all processes."""
    if group.leads:
        choose_micro_batch(state, before)
    state.micro_batch = group.from_leader(lambda: state.micro_batch)


def batches_of(config: Config, stage: Stage, images: ImageSet, step: int, group: Group) -> Batches:
    """Return this process's rows of the batches of a stage from a step on."""
    training, labels = stage.config.training, labels_of(config, images)
    balance = config.data.balance
    return Batches(
        OnDevice(images.images) if config.data.on_device else images.images,
        training.images_per_step,
        training.seed,
        config.data.x_flip,
        stage.batches_before(step),
        group.rows(training.batch_size, training.n_critic),
        labels.codes if config.model.labels else None,
        labels.weights(balance) if balance else None,
    )


def fingerprint_of(images: ImageSet, labels: Labels | None = None) -> str:
    """Return a digest of names, labels and some images, equal for equal sets on any machine.

    The set's key differs between machines, because it depends on the files' times.
    """
    digest = hashlib.sha256("\n".join(images.names).encode(errors="surrogateescape"))
    sample = np.unique(np.linspace(0, len(images.names) - 1, COMPARED).astype(int))
    digest.update(np.ascontiguousarray(images.images[sample]))
    if labels:
        digest.update(np.ascontiguousarray(labels.codes))
    return digest.hexdigest()
