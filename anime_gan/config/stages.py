"""Progressive growing: image size, batch size and learning rates of each step (Karras et al. 2017).

A growing run is a sequence of stages, each with its own config. A stage starts with the networks of
the stage before as the inner part of networks of twice the size; their outer part fades in. Stages
follow from the config and the step alone, so a checkpoint holds nothing about them.
"""

from dataclasses import dataclass
from math import ceil

from anime_gan.config.schema import Config


@dataclass(frozen=True)
class Stage:
    """The steps with networks of one size."""

    config: Config  # the run's, with the stage's resolution, batch size and learning rates
    first: int = 0  # its first step, counted from 0
    end: int | None = None  # the first step of the next stage, None for the last stage
    fade: int = 0  # steps over which the outer part fades in
    seen: int = 0  # real images trained on before it, for n_critic = 1

    @property
    def resolution(self) -> int:
        """The height and width of its images."""
        return self.config.model.resolution

    @property
    def batch_key(self) -> str:
        """The key of the config that sets its batch size."""
        named = self.config.growing.start and self.resolution in self.config.growing.batch_at
        return f"growing.batch_at={{{self.resolution}: N}}" if named else "training.batch_size"

    def images_seen(self, steps: int) -> int:
        """Return how many real images the first `steps` steps of the run train on."""
        training = self.config.training
        return (self.seen + (steps - self.first) * training.batch_size) * training.n_critic

    def batches_before(self, step: int) -> int:
        """Return the images seen before `step`, in batches of this stage."""
        return self.seen // self.config.training.batch_size + step - self.first


def stages_of(config: Config) -> list[Stage]:
    """Return the stages of a run; a run that does not grow has one."""
    growing, last = config.growing, config.model.resolution
    size = min(growing.start or last, last)
    stages: list[Stage] = []
    first = seen = 0
    while size <= last:
        own = _config_at(config, size)
        batch = own.training.batch_size
        # The first stage has no smaller networks to fade from.
        fade = ceil(1000 * growing.fade_kimg / batch) if stages else 0
        end = first + fade + ceil(1000 * growing.stable_kimg / batch)
        stages.append(Stage(own, first, end if size < last else None, fade, seen))
        first, seen, size = end, seen + (end - first) * batch, 2 * size
    return stages


def stage_at(config: Config, step: int) -> Stage:
    """Return the stage that trains step `step`, counted from 0."""
    return next(s for s in stages_of(config) if s.end is None or step < s.end)


def stage_before(config: Config, step: int) -> Stage:
    """Return the stage whose networks exist after `step` steps: that of the last of them."""
    return stage_at(config, max(step - 1, 0))


def images_seen(config: Config, steps: int) -> int:
    """Return how many real images the first `steps` steps train on, repeated ones included."""
    return stage_before(config, steps).images_seen(steps)


def steps_for(config: Config, images: float) -> int:
    """Return the fewest steps that train on this many real images."""
    seen = images / config.training.n_critic
    stage = [s for s in stages_of(config) if s.seen < seen or not s.first][-1]
    return stage.first + ceil((seen - stage.seen) / stage.config.training.batch_size)


def _config_at(config: Config, size: int) -> Config:
    """Return the config of the stage with this image size."""
    batch_at = config.growing.batch_at if config.growing.start else {}
    first, second = config.generator, config.discriminator
    return config.updated(
        model={"resolution": size},
        training={"batch_size": batch_at.get(size, config.training.batch_size)},
        generator={"rate": first.rate_at.get(size, first.rate)},
        discriminator={"rate": second.rate_at.get(size, second.rate)},
    )


def growth(config: Config) -> list[str]:
    """Return a sentence on the steps of each size of a growing run, and one if some get too few."""
    stages, steps = stages_of(config), config.training.steps
    if len(stages) == 1:
        return []
    sizes = [f"{stage.resolution}x{stage.resolution} from step {stage.first:,}" for stage in stages]
    lines = [f"Grows: {', '.join(sizes)}."]
    last = stages[-1]
    ready = last.first + last.fade
    if steps is not None and steps <= ready:
        lines.append(
            f"WARNING: training.steps is {steps:,}, but {last.resolution}x{last.resolution} images "
            f"are faded in only at step {ready:,}; set training.steps to more than that, or "
            "growing.fade_kimg and growing.stable_kimg lower."
        )
    return lines


def is_finished(config: Config, step: int, seconds: float) -> bool:
    """Say whether a run has had its steps, or its minutes of training, whichever end first."""
    training = config.training
    out_of_time = training.minutes is not None and seconds >= training.minutes * 60
    return out_of_time or (training.steps is not None and step >= training.steps)
