"""Train a GAN on anime faces.

    python train_gan.py                              train with the settings of config.yaml
    python train_gan.py version=v4 training.steps=2000
    python train_gan.py --config configs/demo.yaml
    python train_gan.py --dry-run                    two steps for speed and memory, nothing written

To resume an interrupted run from its newest checkpoint, give the same command again.
"""

import math
import sys
import time
from contextlib import nullcontext
from datetime import timedelta

from anime_gan import backend

backend.start()

from anime_gan.commands import Parser
from anime_gan.config import Config, load_config
from anime_gan.config.stages import stage_at, stages_of
from anime_gan.data import demo
from anime_gan.data.batches import Batches, require_batch
from anime_gan.data.image_set import ImageSet, open_data, read_images
from anime_gan.data.pixels import to_float
from anime_gan.errors import clean_exit
from anime_gan.metrics.during_training import Metrics
from anime_gan.runs.progress import ProgressBar
from anime_gan.runs.run import Follower, Run, is_finished
from anime_gan.runs.stopping import StopReason, StopRequest
from anime_gan.training.distribution import Group, joined
from anime_gan.training.micro_batch import explain_out_of_memory
from anime_gan.training.resume import (
    batches_of,
    check_resume,
    choose_precision,
    open_run,
    resume,
    share_micro_batch,
)
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step


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
    train_step = compile_step(state)
    step, reason = run.progress.step, None
    last_steps = (state.stage.end, state.config.training.steps)
    with ProgressBar(state.config, step, shown=group.leads) as bar:
        for batch in batches:  # 1. Sample real images.
            # 2. Sample fake images. 3. Train the discriminator on both. 4. Freeze it.
            # 5. Train the generator. 6. Update the weights.
            scalars = train_step(batch.images)
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
                metrics.measure(state.sampler(), step, run.seconds, run.history)
            bar.show(run, step, batches.epochs)
            if ended:
                return reason


def train_stage(config: Config, images: ImageSet, stop: StopRequest, group: Group) -> int | None:
    """Train until the run ends or its networks change, and return the exit status.

    None if the run must be opened again: after a rollback, or for the next growing stage. images:
    the training images at the first stage's size.
    """
    with open_run(config.run, group) as run:
        progress = run.progress
        if is_finished(config, progress.step, progress.seconds):
            say(
                group,
                f"Run {config.run} is finished, at step {progress.step}. Raise training.steps "
                "(or training.minutes) to continue, or name another run with run=NAME.",
            )
            return 0
        stage = stage_at(config, progress.step)
        if stage.first:
            images = open_data(stage.config)
            say(group, images.summary())
        say(group, *check_resume(config, progress, images))
        state, precision = resume(config, progress, images, group)
        run.start(state, config, precision, images)
        generator, discriminator = state.networks.parameter_counts()
        say(
            group,
            f"{config.version} at {stage.resolution}x{stage.resolution}: generator "
            f"{generator:,} and discriminator {discriminator:,} parameters, {precision}, on "
            f"{group.device} with {backend.name()}.",
        )
        if run.finding:
            print(f"WARNING: this run last stopped with a problem: {run.finding}", file=sys.stderr)
        reason = group.shared_reason(lambda: run.stop_reason(progress.step, stop), stop)
        if reason is None:
            # Metrics compare images of full size only.
            measured = config if stage.end is None else config.updated(metrics={"share": 0.0})
            with (
                batches_of(config, stage, images, progress.step, group) as batches,
                Metrics(measured, images, run.folder.images, progress.step)
                if group.leads
                else nullcontext() as metrics,
            ):
                ended = train(state, run, batches, metrics, stop, group)
            reason = group.shared_reason(lambda: ended, stop)
        return conclude(reason, run, stop, group)


def conclude(
    reason: StopReason, run: Run | Follower, stop: StopRequest, group: Group
) -> int | None:
    """Say why training ended and return the exit status; None if it continues."""
    step, status = run.progress.step, None
    if reason is StopReason.ROLL_BACK:
        earlier = run.roll_back()
        say(group, f"Rolled back to step {earlier}.")
    elif reason is StopReason.SIGNAL:
        say(group, f"Stopped and saved at step {step}; the same command resumes from there.")
        status = 128 + stop.signal
    elif reason is StopReason.UNHEALTHY:
        kind = run.finding.kind if run.finding else ""
        say(group, f"Stopped and saved at step {step}: {kind}; continue with health.action=warn.")
        status = 3
    elif reason is StopReason.NOT_FINITE:
        if run.not_finite:
            print(f"error: {run.not_finite}", file=sys.stderr)
        status = 2
    elif reason is StopReason.FINISHED:
        status = 0
        if group.leads:
            folder = run.folder
            print(
                f"Finished at step {step}.\n"
                f"  faces       {folder.grid(step)}\n"
                f"  loss curve  {folder.images / 'losses.png'}\n"
                f"  weights     {folder.generator_file(step)}\n"
                f"Generate new faces with: python sample.py {folder.name}"
            )
    return status


def dry_run(config: Config, group: Group) -> None:
    """Run two steps, time the second, print speed and memory, and write nothing.

    Growing networks have their final size. Only one batch of images is read, without the cache.
    """
    stages = stages_of(config)
    config = stages[-1].config
    data, model, training = config.data, config.model, config.training
    batch_size = training.images_per_step
    if data.images == "demo":
        real = demo.draw_faces(batch_size, model.resolution)[..., : model.channels]
    else:
        real = read_images(data.images, batch_size, model.resolution, model.channels, data.resize)
    precision = choose_precision(config, None, group)
    with group.scope():
        state = TrainState(config, precision)
    share_micro_batch(state, group)
    step = compile_step(state)
    real = to_float(real[group.rows(training.batch_size, training.n_critic)])
    losses = {key: float(value) for key, value in step(real).items()}
    started = time.perf_counter()
    float(step(real)["g_loss"])
    seconds = time.perf_counter() - started
    generator, discriminator = state.networks.parameter_counts()
    total = min(seconds * training.steps, (training.minutes or math.inf) * 60)
    grown = " (with all steps at the final size)" if len(stages) > 1 else ""
    print(
        f"{config.version} at width {model.width:g}, {model.resolution}x{model.resolution}, batch "
        f"{training.batch_size}, {precision}, on {group.device} with {backend.name()}\n"
        f"parameters   generator {generator:,}, discriminator {discriminator:,}\n"
        f"first losses discriminator {losses['d_loss']:.3f}, generator {losses['g_loss']:.3f}\n"
        f"peak memory  {backend.peak_memory() / 2**30:.2f} GiB\n"
        f"speed        {batch_size / seconds:.1f} images/s, {seconds:.2f} s a step\n"
        f"whole run    {training.steps:,} steps, {timedelta(seconds=round(total))}{grown}\n"
        "Dry run: nothing was written."
    )


def say(group: Group, *lines: str) -> None:
    """Print lines in process 0 only."""
    if group.leads:
        for line in lines:
            print(line, flush=True)


@clean_exit
def main() -> int:
    """Read the command line, train, and print the paths of the results."""
    parser = Parser(description=__doc__)
    parser.add_argument("--config", metavar="FILE", help="a config that overrides config.yaml")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="such as training.steps=200"
    )
    parser.add_argument("--dry-run", action="store_true", help="run two steps, write nothing")
    arguments = parser.parse_intermixed_args()
    config = load_config(arguments.config, arguments.overrides)
    if config.training.deterministic:
        backend.make_deterministic()
    with joined(config) as group, explain_out_of_memory(config):
        if arguments.dry_run:
            dry_run(config, group)
            return 0
        images = open_data(stage_at(config, 0).config)
        say(group, images.summary())
        for stage in stages_of(config):
            batch_size = stage.config.training.images_per_step
            require_batch(len(images.images), batch_size, stage.batch_key)
        status = None
        with StopRequest() as stop:
            while status is None:
                status = train_stage(config, images, stop, group)
        return status


if __name__ == "__main__":
    raise SystemExit(main())
