"""The cost of a run, by some steps of it: speed, memory and the time of the whole."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from anime_gan import backend, console
from anime_gan.config import Config
from anime_gan.data.batches import Batch
from anime_gan.data.pixels import to_float
from anime_gan.training import resume
from anime_gan.training.distribution import Group
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

STEPS, SECONDS = 3, 10  # so many steps are timed, or all that share a penalty; but not for longer


def dry_run(config: Config, batch: Batch, group: Group, notes: Iterable[str] = ()) -> None:
    """Train some steps, and print what the run would cost by the mean of all but the first ones.

    config: of the last stage. batch: of its images, as uint8. notes: lines to end with.
    """
    training, model = config.training, config.model
    precision = resume.choose_precision(config, None, group)
    with console.waiting("Building the networks"), group.scope():
        state = TrainState(config, precision)
    resume.share_micro_batch(state, group)
    step = console.announced(compile_step(state), "Compiling the training step")
    rows = group.rows(training.batch_size, training.n_critic)
    labels = None if batch.labels is None else batch.labels[rows]
    batch = Batch(to_float(batch.images[rows]), labels)
    losses = {key: float(value) for key, value in step(*batch).items()}
    objective = config.objective
    period = max(objective.penalty_every, objective.path_every if objective.path_weight else 1)
    if period > 1:
        float(step(*batch)["g_loss"])  # compiles the step without the lazy penalties
    seconds, timed = [], max(period, STEPS)
    while len(seconds) < timed:
        started = time.perf_counter()
        float(step(*batch)["g_loss"])
        seconds.append(time.perf_counter() - started)
        timed = min(timed, group.from_leader(lambda: max(1, int(SECONDS / seconds[0]))))
    seconds = sum(seconds) / timed
    generator, discriminator = state.networks.parameter_counts()
    total = min((training.steps or math.inf) * seconds, (training.minutes or math.inf) * 60)
    grown = ", as if all were of the last size" if config.growing.start else ""
    print(
        f"{config.version} at width {model.width:g}, {model.resolution}x{model.resolution}, batch "
        f"{training.batch_size}, {precision}, on {group.device} with {backend.name()}\n"
        f"parameters   generator {generator:,}, discriminator {discriminator:,}\n"
        f"first losses discriminator {losses['d_loss']:.3f}, generator {losses['g_loss']:.3f}\n"
        f"memory       {backend.peak_memory() / 2**30:.2f} GiB at most so far\n"
        f"speed        {training.images_per_step / seconds:.1f} images/s, {seconds:.2f} s a step\n"
        f"whole run    {total / seconds:,.0f} steps, {console.clock(total)}{grown}\n"
        "Dry run: nothing was written.",
        *notes,
        sep="\n",
    )
