"""Train a GAN on anime faces.

    python train_gan.py                              train with the settings of config.yaml
    python train_gan.py v4 training.steps=2000       a version, with keys of config.yaml
    python train_gan.py configs/r3gan_patch_cpu.yaml data.images=faces.zip
    python train_gan.py RUN                          continue a run, by its name
    python train_gan.py RUN --from 9000 run=NEW      begin a new run with a checkpoint of another
    python train_gan.py --dry-run                    train some steps, print the cost, write nothing

To resume an interrupted run from its newest checkpoint, give the same command again.
"""

from __future__ import annotations

import argparse
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from anime_gan import backend, console
from anime_gan.commands import Parser, number, own_arguments
from anime_gan.config import Config
from anime_gan.config.messages import key_for_option
from anime_gan.config.scores import SCALES
from anime_gan.config.stages import (
    Stage,
    growth,
    is_finished,
    stage_at,
    stages_of,
    unfinished_growth,
)
from anime_gan.config.versions import AUGMENTATIONS
from anime_gan.data.batches import Batches, require_batch
from anime_gan.data.image_set import FEW, ImageSet, labels_of, open_data
from anime_gan.data.peek import one_batch, read_labels
from anime_gan.errors import UserError, clean_exit
from anime_gan.features.network import require_network
from anime_gan.generation.load import find_start
from anime_gan.generation.words import read_words
from anime_gan.runs import earlier
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.stopping import StopReason, StopRequest

FEW_KIMG = 50  # in which augmentation of few images can go from off to always

# Importing Keras takes seconds. What needs it is imported inside functions, after everything that
# the user may have mistyped is checked.
if TYPE_CHECKING:
    from anime_gan.data.labels import Labels
    from anime_gan.metrics.during_training import Metrics
    from anime_gan.runs.follower import Follower
    from anime_gan.runs.run import Run
    from anime_gan.training.distribution import Group
    from anime_gan.training.state import TrainState


def train(
    state: TrainState,
    run: Run | Follower,
    batches: Batches,
    metrics: Metrics | None,
    stop: StopRequest,
    group: Group,
) -> StopReason | None:
    """Run the report's loop (ch. 6.1.3) from the current step; return why it ended.

    All processes of a group run this loop and end at the same step; only process 0 knows why.
    """
    from anime_gan.runs.progress import ProgressBar
    from anime_gan.training.step import compile_step

    train_step = console.announced(compile_step(state), "Compiling the training step")
    step, reason = run.progress.step, None
    last_steps = (state.stage.end, state.config.training.steps)
    with ProgressBar(state.config, step, shown=group.leads) as bar:
        for batch in batches:  # 1. Sample real images.
            # 2. Sample fake images. 3. Train the discriminator on both. 4. Freeze it.
            # 5. Train the generator. 6. Update the weights.
            state.follow(step, run.seconds)
            scalars = train_step(*batch)
            step += 1
            # 7. Log the losses, and observe some faces.
            bar.warn(step, run.record(step, scalars))
            reason = run.stop_reason(step, stop) or reason
            ended = group.ends(reason, stop, last=step in last_steps)
            if ended:  # perhaps because another process received a signal
                reason = reason or run.stop_reason(step, stop)
            # 8. Save grids, weights and checkpoints.
            bar.warn(step, run.save_if_due(step, reason if ended else None))
            if run.not_finite:  # found while saving
                reason = run.stop_reason(step, stop)
            sound = reason in (None, StopReason.FINISHED, StopReason.GROW)
            if sound and metrics and metrics.due(run.seconds):
                bar.warn(step, run.measure(metrics, step))
            bar.show(run, step, batches.epochs)
            if ended:
                return reason


def train_stage(
    config: Config,
    images: ImageSet,
    stop: StopRequest,
    group: Group,
    back: int | None = None,
    start: Path | None = None,
) -> int | None:
    """Train until the run ends or its networks change, and return the exit status.

    None if the run must be opened again: after a rollback, or for the next growing stage.

    images: the training images at the first stage's size. back: the step of the checkpoint to go
    back to; None for the newest. start: a generator's file, with whose weights a new run begins.
    """
    from anime_gan.metrics.during_training import Metrics
    from anime_gan.training import cost, resume

    with resume.open_run(config.run, group, back) as run:
        progress = run.progress
        if is_finished(config, progress.step, progress.seconds):
            say(group, finished(config, progress.step))
            return 0
        if progress.config:
            say(group, f"Continuing run {config.run} from step {progress.step:,}.")
        resume.settle_growth(config, progress)
        stage = stage_at(config, progress.step, progress.grown)
        if stage.first:
            images = open_data(stage.config)
            say(group, images.summary())
        say(group, *resume.check_resume(config, progress, images))
        with console.waiting("Building the networks"):
            state, precision, notes = resume.resume(config, progress, images, group, start)
            run.start(state, config, precision, images)
        costs = cost.on_this_machine(state, progress, precision)
        say(group, networks_line(state, precision, group), *notes, *costs)
        if run.finding:
            console.warn(f"WARNING: this run last stopped with a problem: {run.finding}")
        reason = group.shared_reason(lambda: run.stop_reason(progress.step, stop), stop)
        if reason is None:
            # Metrics compare images of full size only.
            measured = config if stage.is_last else config.updated(metrics={"share": 0.0})
            with (
                resume.batches_of(config, stage, images, progress.step, group) as batches,
                Metrics(measured, images, run.folder.images, progress.step)
                if group.leads
                else nullcontext() as metrics,
            ):
                try:
                    ended = train(state, run, batches, metrics, stop, group)
                except UserError:  # the images can't be read any more, say
                    if group.alone:
                        run.save_last()
                    raise
            reason = group.shared_reason(lambda: ended, stop)
        return conclude(reason, run, stage, stop, group)


def networks_line(state: TrainState, precision: str, group: Group) -> str:
    """Return what is trained, and on what."""
    (generator, discriminator), size = state.networks.parameter_counts(), state.stage.resolution
    return (
        f"{state.config.version} at {size}x{size}: generator {generator:,} and discriminator "
        f"{discriminator:,} parameters, {precision}, on {group.device} with {backend.name()}."
    )


def conclude(
    reason: StopReason, run: Run | Follower, stage: Stage, stop: StopRequest, group: Group
) -> int | None:
    """Say why training ended and return the exit status; None if it continues."""
    step, status = run.progress.step, None
    page = [f"Its page: {run.folder.page}"] if group.leads else []
    if reason is StopReason.ROLL_BACK:
        say(group, f"Rolled back to step {run.roll_back()}.")
    elif reason is StopReason.SIGNAL:
        again = f"python train_gan.py {run.folder.weights}" if group.alone else "the same command"
        say(group, f"Stopped and saved at step {step}; {again} resumes from there.", *page)
        status = 128 + stop.signal
    elif reason is StopReason.UNHEALTHY:
        kind = run.finding.kind if run.finding else ""
        ended = f"Stopped and saved at step {step}: {kind}; continue with health.action=warn."
        say(group, ended, *page)
        status = 3
    elif reason is StopReason.NOT_FINITE:
        if run.not_finite:
            console.warn(f"error: {run.not_finite}")
        status = 2
    elif reason is StopReason.FINISHED:
        status = 0
        if group.leads:
            folder = run.folder
            say(
                group,
                f"Finished at step {step:,}.",
                f"  page        {folder.page}",
                f"  faces       {folder.grid(step)}",
                f"  loss curve  {folder.images / 'losses.png'}",
                f"  weights     {folder.generator_file(step)}",
                f"Generate new faces with: python sample.py {folder.name}",
                *unfinished_growth(stage, step),
            )
    return status


def first_images(config: Config) -> tuple[ImageSet, Labels | None]:
    """Return the images of the first stage, and their labels if the config asks for them.

    UserError if they are too few for a batch of any stage, or have no such labels, or the network
    that measures the run is missing, which else only its last stage would open.
    """
    if config.metrics.share:
        require_network(config.metrics.network)
    if config.model.labels or config.data.balance:
        read_labels(config)  # what is wrong with them is said before all images are decoded
    images = open_data(stage_at(config, 0).config)
    for stage in stages_of(config):
        require_batch(len(images.images), stage.config.training.images_per_step, stage.batch_key)
    return images, labels_of(config, images)


def few(images: ImageSet, config: Config) -> list[str]:
    """Return what to say where a GAN would memorize the images."""
    if len(images.names) >= FEW:
        return []
    line = f"Few images: a GAN memorizes fewer than about {FEW:,}; add images"
    if not config.augment.policy:
        return [f"{line} or augment.policy=[translation,cutout,color]."]
    if config.training.start_from and config.augment.p == "adaptive":
        return [f"{line}. Augmentation is adaptive; augment.p=0 turns it off."]
    return [f"{line}."]


def augmented(config: Config) -> Config:
    """Return the config of a run on few images, with adaptive augmentation if it starts trained.

    Other policies stay, and so do augment.p=0, which refuses it, and an objective that can't adapt.
    """
    fixed = config.augment.policy or config.augment.p == 0
    if (
        not config.training.start_from
        or fixed
        or not SCALES[config.objective.name].shows_overfitting
    ):
        return config
    return config.updated(augment={"policy": (*AUGMENTATIONS,), "p": "adaptive", "kimg": FEW_KIMG})


def finished(config: Config, step: int) -> str:
    """Return what to say of a run that has nothing left to do."""
    return (
        f"Run {config.run} is finished, at step {step:,}. Raise training.steps (or "
        "training.minutes) to continue, or name another run with run=NAME."
    )


def say(group: Group, *lines: str) -> None:
    """Print lines in process 0 only."""
    if group.leads:
        console.say(*lines)


def parse(argv: list[str]) -> tuple[Config, argparse.Namespace]:
    """Return the config that the arguments ask for, and the arguments; run: the run they name."""
    parser = Parser(description=__doc__)
    parser.add_argument("--config", metavar="FILE", help="a config that overrides config.yaml")
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORD",
        help="key=value, such as training.steps=200; or a version, a run or a config file",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the cost, write nothing")
    origin = "go back to the run's checkpoint of this step; with run=NAME, begin a new run with it"
    step = {"dest": "origin", "type": number(0, 10**9, int), "metavar": "STEP"}
    parser.add_argument("--from", **step, help=origin)
    discard = "with --from: remove what the run has of later steps"
    parser.add_argument("--discard", action="store_true", help=discard)
    arguments, unknown = parser.parse_known_intermixed_args(argv)
    if unknown:
        parser.error(f"{unknown[0]} is not an option; {key_for_option(unknown[0])}")
    if arguments.origin is not None and arguments.dry_run:
        parser.error("--dry-run starts from untrained networks; leave out --from")
    if arguments.discard and arguments.origin is None:
        parser.error("--discard needs --from STEP")
    config, home, arguments.run = read_words(arguments.words, arguments.config)
    if home != Path.cwd():  # training writes into the current folder
        go = f"cd {shlex.quote(str(home))}"
        raise UserError(f"run {arguments.run} is in {home / 'weights'}; go there first ({go}).")
    return config, arguments


@clean_exit
def main(*argv: str) -> int:
    """Read the command line, train, and say where everything is.

    From Python, for a notebook: `train_gan.main("v4", "training.steps=200")`.
    """
    argv = argv or own_arguments()
    backend.start(import_keras=False)  # from here on, Ctrl-C ends without a traceback
    config, arguments = parse([*argv])
    whole, is_dry = config, arguments.dry_run
    several, folder = config.distribution.coordinator is not None, RunFolder(config.run)
    facts, adapts = None, False
    if is_dry:
        config = stages_of(config)[-1].config
        batch, config = one_batch(config)
    elif not config.distribution.process:
        if folder.weights.is_dir():
            folder.require_unlocked()
        adapts = folder.config_file.is_file() and folder.config.augment.p == "adaptive"
        continued = augmented(config) if adapts else config
        if arguments.origin is None:
            facts = earlier.newest_facts(folder, continued)
        else:
            origin = RunFolder(arguments.run or config.run)
            facts = earlier.require(origin, arguments.origin, continued, arguments.discard)
        if facts and is_finished(config, facts["step"], facts["seconds"]):
            console.say(finished(config, facts["step"]))
            return 0
    start = None if facts else find_start(config.training.start_from)
    # Processes that wait for each other hear of unreadable images only once they are joined.
    found = None if several or is_dry else first_images(config)
    config = earlier.with_labels(config, found[1] if found else None, facts)
    backend.start(threads=config.training.threads)
    from anime_gan.training.distribution import joined
    from anime_gan.training.dry_run import dry_run
    from anime_gan.training.micro_batch import explain_out_of_memory

    if config.training.deterministic:
        backend.make_deterministic()
    with joined(config) as group, explain_out_of_memory(config):
        if is_dry:
            dry_run(config, batch, group, growth(whole))
            return 0
        images, labels = found or first_images(config)
        config = earlier.with_labels(config, labels, facts)  # now in all processes
        told = labels.notes(config.data.balance) if labels else []
        if group.from_leader(lambda: adapts if facts else len(images.names) < FEW):
            config = augmented(config)
        with folder.recorded() if group.leads else nullcontext(), StopRequest() as stop:
            console.note(f"train_gan.py {shlex.join(argv)}")
            grown = (facts or {}).get("grown") or ()
            say(group, images.summary(), *told, *few(images, config), *growth(config, grown))
            say(group, *backend.hints())
            say(group, f"The page of the run, renewed with each grid: {folder.page}")
            status = back = None
            if arguments.origin is not None and group.leads:
                back = earlier.go_back(origin, arguments.origin, config.run)
            while status is None:
                status = train_stage(config, images, stop, group, back, start)
                back = None
        return status


if __name__ == "__main__":
    raise SystemExit(main())
