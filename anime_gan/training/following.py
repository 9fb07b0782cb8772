"""What a process does that does not lead: it trains along, and reads and writes nothing of the run.

Process 0 tells it what to do by messages: {"build": ...}, to make the networks that it makes, with
the arrays of its newest checkpoint; {"train": true}, to take steps until all are told of the end;
{"status": ...}, to end with an exit status.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from anime_gan import networks
from anime_gan.config.schema import Config
from anime_gan.config.stages import Stage, stage_at, stage_before
from anime_gan.data.cache import ImageSet
from anime_gan.data.image_set import Batches, open_data
from anime_gan.data.on_device import OnDevice
from anime_gan.runs import checkpoint
from anime_gan.runs.progress import StopRequest
from anime_gan.training import micro_batch
from anime_gan.training.distribution import Group
from anime_gan.training.optimizers import slowed
from anime_gan.training.state import Gan
from anime_gan.training.step import compile_step

COMPARED = 64  # pictures


@dataclass
class Followed:
    """What process 0 says of its run: how far it is, in which precision, and its pictures.

    micro_batch: for process 0 to choose. arrays: of its newest checkpoint; none of a new run.
    """

    step: int
    rollbacks: int
    precision: str
    pictures: str
    micro_batch: int | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def restore(self, gan: Gan) -> None:
        """Give the networks the values of process 0's newest checkpoint."""
        checkpoint.restore(gan.state, self.arrays)
        self.arrays = {}


def build(config: Config, stage: Stage, run, precision: str, group: Group) -> Gan:
    """Build the networks of a stage and bring them to where a run stands.

    run: a Run or Followed; its arrays, if it has any, are given to the networks.
    """
    version = networks.get_version(config.version)
    slow = slowed(config, 0.5**run.rollbacks)
    kept = run.micro_batch
    with group.scope():
        gan = Gan.create(version, slow, precision, stage_at(slow, run.step))
        if run.arrays:
            before = stage_before(slow, run.step)
            if before.resolution == stage.resolution:
                run.restore(gan)
            else:
                smaller = Gan.create(version, slow, precision, before)
                run.restore(smaller)
                gan.grow_from(smaller)
                kept = None
    fit(gan, group, kept)
    return gan


def fit(gan: Gan, group: Group, kept: int | None = None) -> None:
    """Choose in which parts a batch goes, as process 0's memory lets it.

    kept: the pictures in a part so far, of a run that goes on.
    """
    if group.leads:
        micro_batch.fit(gan, kept)
    gan.micro_batch = group.share({"micro_batch": gan.micro_batch})[0]["micro_batch"]


def batches_of(
    config: Config, stage: Stage, pictures: ImageSet, step: int, group: Group
) -> Batches:
    """Return this process's part of the batches of a stage from a step on."""
    training = stage.config.training
    return Batches(
        OnDevice(pictures.images) if config.data.on_device else pictures.images,
        training.images_per_step,
        training.seed,
        config.data.x_flip,
        stage.batches_before(step),
        group.rows(training.batch_size, training.n_critic),
    )


def fingerprint_of(pictures: ImageSet) -> str:
    """Return a digest of the names and of some pictures: as good as equal only for equal ones.

    Not the set's key, which has the files' times in it: a copy on another machine may have others.
    """
    digest = hashlib.sha256("\n".join(pictures.names).encode(errors="surrogateescape"))
    some = np.linspace(0, len(pictures.names) - 1, COMPARED).astype(int)
    digest.update(np.ascontiguousarray(pictures.images[np.unique(some)]))
    return digest.hexdigest()


def follow(config: Config, pictures: ImageSet, group: Group) -> int:
    """Train along with process 0 until it tells the exit status, and return that.

    pictures: those of the first stage.
    """
    with StopRequest() as stop:
        while True:
            message, arrays = group.share()
            if "status" in message:
                return message["status"]
            if "build" in message:
                run = Followed(**message["build"], arrays=arrays)
                stage = stage_at(config, run.step)
                if stage.first:
                    pictures = open_data(stage.config)
                group.agree(
                    "its pictures are others than those of process 0; give data.images the same "
                    "files, such as one zip, on each machine."
                    if fingerprint_of(pictures) != run.images
                    else None
                )
                gan = build(config, stage, run, run.precision, group)
            else:
                _train(config, gan, stage, pictures, run.step, group, stop)


def _train(
    config: Config,
    gan: Gan,
    stage: Stage,
    pictures: ImageSet,
    step: int,
    group: Group,
    stop: StopRequest,
) -> None:
    """Take the steps that process 0 takes, and end with it."""
    train_step = compile_step(gan)
    group.begin()
    with batches_of(config, stage, pictures, step, group) as batches:
        for real in batches:
            train_step(real)
            step += 1
            if group.told(stop, over=False) or step in (stage.end, config.training.steps):
                return
