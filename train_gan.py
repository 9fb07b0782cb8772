"""Train a GAN on anime faces.

    python train_gan.py                              what config.yaml says
    python train_gan.py version=v4 training.steps=2000
    python train_gan.py --config configs/demo.yaml
    python train_gan.py --dry-run                    one step, nothing written

The same command again continues an interrupted run from its newest checkpoint.
"""

import argparse
import sys
import time
from datetime import timedelta

from anime_gan import backend

backend.start()

from anime_gan import networks
from anime_gan.backend.precision import fastest_precision
from anime_gan.config.schema import Config, add_arguments, differences, load_config
from anime_gan.config.stages import Stage, stage_at, stage_before, stages_of, without_metrics
from anime_gan.data import demo
from anime_gan.data.batches import Batches, require_batch
from anime_gan.data.image_set import ImageSet, open_data, read_images
from anime_gan.data.pixels import to_float
from anime_gan.errors import UserError, clean_exit
from anime_gan.metrics.during_training import Metrics
from anime_gan.runs.health import Finding
from anime_gan.runs.history import NotFinite
from anime_gan.runs.progress import Progress, StopRequest
from anime_gan.runs.run import Run, is_finished
from anime_gan.training import micro_batch
from anime_gan.networks.checks import check
from anime_gan.training.distribution import Group, together
from anime_gan.training.following import batches_of, build, fingerprint_of, fit, follow
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step


def train(
    gan: TrainState,
    run: Run,
    batches: Batches,
    metrics: Metrics,
    config: Config,
    stop: StopRequest,
    last: int | None,
    group: Group,
) -> tuple[int, Finding | None]:
    """Run the loop from the run's step on; return the step it came to, and what ended it if wrong.

    Every step is logged; on the schedule, and at the end, a grid and a checkpoint are written, and
    the faces measured. last: the number of steps after which larger networks follow, None if none.
    Of a group of processes all end at the same step, which is two later than one asks for.
    """
    schedule = config.schedule
    train_step = compile_step(gan)
    step, seconds_before = run.step, run.seconds
    finished, wrong, ended = False, None, False
    group.begin()
    started = saved = time.monotonic()
    try:
        with Progress(config, step) as bar:
            for real in batches:
                scalars = train_step(real)
                step += 1
                told = group.told(stop, over=bool(finished or wrong))
                ended = told or step in (last, config.training.steps)
                run.history.add(step, scalars)
                found = run.look(step)
                if found:
                    bar.write(f"WARNING at step {step:,}: {found}", sys.stderr)

                seconds = seconds_before + time.monotonic() - started
                finished = is_finished(config, step, seconds)
                late = time.monotonic() - saved >= schedule.resume_minutes * 60
                wrong = wrong or (found if found and is_acted_on(config, found) else None)
                if group.alone:  # of several processes, all must have heard of it
                    ended = bool(ended or finished or stop.signal or wrong)
                grid = ended and (finished or wrong or step == last)
                grid = grid or step % schedule.sample_every == 0
                if grid or late or ended or step % schedule.checkpoint_every == 0:
                    run.history.flush()
                    if grid:
                        run.save_grid(step)
                    run.save_checkpoint(step, seconds)
                    saved = time.monotonic()
                if metrics.due(seconds) and not (stop.signal or wrong):
                    metrics.measure(gan.sampler, step, seconds, run.history)
                if run.history.last:
                    row, health = run.history.last, run.health
                    bar.show(step, seconds, row, batches.epochs, health.finding)
                if ended:
                    break
    except NotFinite:
        while not (ended or group.alone):  # the others step on, which takes all, until they hear
            train_step(next(batches))
            ended = group.told(stop, over=True)
        raise
    return step, wrong


def is_acted_on(config: Config, found: Finding) -> bool:
    """Say whether a finding ends the loop: going back gives nobody more pictures."""
    action = config.health.action
    return action == "stop" or (action == "rollback" and found.kind != "too few pictures")


def goes_back(config: Config, run: Run) -> bool:
    """Say whether a run in which something is wrong is to go back once more."""
    return config.health.action == "rollback" and run.rollbacks < config.health.rollbacks


def prepare(config: Config, stage: Stage, run: Run, pictures: ImageSet, group: Group) -> TrainState:
    """Build the networks of a stage and bring them to where the run stands, in all processes.

    Raises UserError if the run was trained with networks of another shape.
    """
    precision = config.training.precision
    if run.config:
        shapes, others = differences(run.config, config)
        if shapes:
            raise UserError(
                f"run {run.name} was trained with other networks ({'; '.join(shapes)}); give this "
                "one another name with run=NAME, or take those values back."
            )
        if others:
            print(f"Changed since this run began: {'; '.join(others)}.")
        if stage == stage_before(config, run.step) and pictures.key != run.facts["data_key"]:
            print("The pictures are not those that this run was trained on so far.")
        if precision == "auto":
            precision = run.facts["precision"]
    if precision == "auto":
        precision = fastest_precision()
    if run.rollbacks:
        print(
            f"Rolled back {run.rollbacks} times: rates are {0.5**run.rollbacks:g} of the config's."
        )
    if not group.alone:
        start = {"step": run.step, "rollbacks": run.rollbacks, "precision": precision}
        group.share({"build": start | {"pictures": fingerprint_of(pictures)}}, run.arrays)
        group.agree()
    gan = build(config, stage, run, precision, group)
    run.start(gan, config, precision, pictures)
    generator, discriminator = gan.parameter_counts()
    print(
        f"{config.version} at {stage.resolution}x{stage.resolution}: generator {generator:,} and "
        f"discriminator {discriminator:,} parameters, {precision}, on {group.device} with "
        f"{backend.name()}."
    )
    return gan


def dry_run(config: Config, group: Group) -> None:
    """Build everything, run one step, time another, and print what the run would cost.

    Of a version that grows, the networks are those of the last size. Writes nothing: it reads just
    one batch of pictures, past the cache.
    """
    stages = stages_of(config)
    config = stages[-1].config
    grown = ", as if all were of the last size" if len(stages) > 1 else ""
    model, training = config.model, config.training
    batch_size = training.images_per_step
    if config.data.images == "demo":
        real = demo.draw_faces(batch_size, model.resolution)[..., : model.channels]
    else:
        real = read_images(
            config.data.images, batch_size, model.resolution, model.channels, config.data.resize
        )
    precision = training.precision
    if precision == "auto":
        precision = group.share({"precision": fastest_precision()})[0]["precision"]
    with group.scope():
        gan = TrainState.create(config, precision)
    fit(gan, group)
    step = compile_step(gan)
    real = real[group.rows(training.batch_size, training.n_critic)]
    real = to_float(real)
    losses = {key: float(value) for key, value in step(real).items()}
    started = time.perf_counter()
    float(step(real)["g_loss"])
    seconds = time.perf_counter() - started
    generator, discriminator = gan.parameter_counts()
    total = seconds * training.steps
    if training.minutes is not None:
        total = min(total, training.minutes * 60)
    print(
        f"{config.version} at width {model.width:g}, {model.resolution}x{model.resolution}, batch "
        f"{training.batch_size}, {precision}, on {group.device} with {backend.name()}\n"
        f"parameters   generator {generator:,}, discriminator {discriminator:,}\n"
        f"first losses discriminator {losses['d_loss']:.3f}, generator {losses['g_loss']:.3f}\n"
        f"memory       {backend.peak_memory() / 2**30:.2f} GiB at most so far\n"
        f"speed        {batch_size / seconds:.1f} images/s, {seconds:.2f} s a step\n"
        f"whole run    {training.steps:,} steps, {timedelta(seconds=round(total))}{grown}\n"
        "Dry run: nothing was written."
    )


@clean_exit
def main() -> int:
    """Read the command line, train, and say where everything lies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="one step, nothing written")
    arguments = parser.parse_intermixed_args()
    config = load_config(arguments.config, arguments.overrides, networks.get_recipe)
    if config.training.deterministic:
        backend.make_deterministic()
    with together(config) as group, micro_batch.one_sentence(config):
        check(config, networks.get_version(config.version))
        if arguments.dry_run:
            dry_run(config, group)
            return 0

        pictures = open_data(stage_at(config, 0).config)
        print(pictures.summary())
        for stage in stages_of(config):
            batch = stage.config.training.images_per_step
            require_batch(len(pictures.images), batch, stage.batch_key)
        if not group.leads:
            return follow(config, pictures, group)
        status = None
        while status is None:
            status = go_on(config, pictures, group)
        group.share({"status": status})
        return status


def go_on(config: Config, pictures: ImageSet, group: Group) -> int | None:
    """Train until the run ends, and return the exit status.

    None after it was rolled back, and when the networks are to grow: begun again, it goes on.
    pictures: those of the first stage.
    """
    with StopRequest() as stop, Run(config.run) as run:
        if is_finished(config, run.step, run.seconds):
            print(
                f"Run {run.name} is finished, at step {run.step}. Raise training.steps (or "
                "training.minutes) to go on, or give another run a name with run=NAME."
            )
            return 0
        stage = stage_at(config, run.step)
        if stage.first:
            pictures = open_data(stage.config)
            print(pictures.summary())
        step, found = train_stage(config, stage, run, pictures, stop, group)
        if found and goes_back(config, run):
            step = run.roll_back()
            print(f"Rolled back to step {step:,}.")
            return 128 + stop.signal if stop.signal else None
        if found:
            print(
                f"Stopped and saved at step {step}, since {found.kind}; health.action=warn goes on."
            )
            return 3
        if stop.signal and not is_finished(config, step, run.seconds):
            print(f"Stopped and saved at step {step}; the same command goes on from there.")
            return 128 + stop.signal
        if not is_finished(config, step, run.seconds):
            return None
        print(
            f"Finished at step {step}.\n"
            f"  faces       {run.images / f'gan_{step}.png'}\n"
            f"  loss curve  {run.images / 'losses.png'}\n"
            f"  weights     {run.weights / f'generator_{step}.keras'}\n"
            f"Draw new faces with: python sample.py {run.name}"
        )
    return 0


def train_stage(
    config: Config,
    stage: Stage,
    run: Run,
    pictures: ImageSet,
    stop: StopRequest,
    group: Group,
) -> tuple[int, Finding | None]:
    """Train the networks of a stage to its end or the run's; return as `train` does.

    A run that stopped for what is wrong with it does not go on until health.action lets it.
    """
    own = stage.config if stage.end is None else without_metrics(stage.config)
    gan = prepare(config, stage, run, pictures, group)
    found = run.health.finding
    if found:
        print(f"WARNING, when this run stopped: {found}", file=sys.stderr)
    if found and is_acted_on(config, found):
        return run.step, found
    with (
        batches_of(config, stage, pictures, run.step, group) as batches,
        Metrics(own, pictures, run.images, run.step) as metrics,
    ):
        try:
            group.share({"train": True})
            return train(gan, run, batches, metrics, config, stop, stage.end, group)
        except NotFinite as error:
            found = run.health.break_down(error.step)
            if not goes_back(config, run):
                raise
            print(f"WARNING at step {error.step:,}: {found}", file=sys.stderr)
            return run.step, found


if __name__ == "__main__":
    raise SystemExit(main())
