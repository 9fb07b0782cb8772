"""Progressive growing: which size, batch and rates a step trains with (Karras et al. 2017).

A run that grows is a row of stages, each with a config of its own. At a stage's end its networks
are saved; at the next one's beginning they are the inner part of networks of twice the size, whose
outer part fades in. All follows from the config and the step, so a run that goes on needs to know
nothing more.
"""

from dataclasses import dataclass
from math import ceil

from anime_gan.config.schema import Config, Network


@dataclass(frozen=True)
class Stage:
    """Steps that are trained with networks of one size.

    config: the run's, with the stage's resolution, batch size and rates.
    first: its first step, counted from 0. end: the first step of the next stage, None for the last.
    fade: steps over which the outer part fades in. seen: real pictures trained on before it.
    """

    config: Config
    first: int = 0
    end: int | None = None
    fade: int = 0
    seen: int = 0

    @property
    def resolution(self) -> int:
        """The height and width of its pictures."""
        return self.config.model.resolution

    @property
    def batch_key(self) -> str:
        """The key of the config that says its batch size."""
        named = self.config.growing.start and self.resolution in self.config.growing.batch_at
        return f"growing.batch_at={{{self.resolution}: N}}" if named else "training.batch_size"

    def batches_before(self, step: int) -> int:
        """Return how many of its batches come up to the pictures seen before `step`."""
        return self.seen // self.config.training.batch_size + step - self.first


def stages_of(config: Config) -> list[Stage]:
    """Return the stages of a run, which is one where nothing grows."""
    growing, last = config.growing, config.model.resolution
    size = growing.start or last
    stages: list[Stage] = []
    first = seen = 0
    while size < last:
        own = _config_at(config, size)
        batch = own.training.batch_size
        # Without networks of half its size, the first has nothing to fade in.
        fade = ceil(1000 * growing.fade_kimg / batch) if stages else 0
        end = first + fade + ceil(1000 * growing.stable_kimg / batch)
        stages.append(Stage(own, first, end, fade, seen))
        first, seen, size = end, seen + (end - first) * batch, 2 * size
    own = _config_at(config, last)
    fade = ceil(1000 * growing.fade_kimg / own.training.batch_size) if stages else 0
    return [*stages, Stage(own, first, None, fade, seen)]


def stage_at(config: Config, step: int) -> Stage:
    """Return the stage that trains step `step`, counted from 0."""
    return next(s for s in stages_of(config) if s.end is None or step < s.end)


def stage_before(config: Config, step: int) -> Stage:
    """Return the stage that trained the last of `step` steps: whose networks there are then."""
    return stage_at(config, max(step - 1, 0))


def images_seen(config: Config, steps: int) -> int:
    """Return how many real pictures the first `steps` steps train on, again ones counted again."""
    stage = stage_before(config, steps)
    seen = stage.seen + (steps - stage.first) * stage.config.training.batch_size
    return seen * config.training.n_critic


def steps_for(config: Config, pictures: float) -> int:
    """Return the fewest steps that train on so many real pictures."""
    seen = pictures / config.training.n_critic
    stage = [s for s in stages_of(config) if s.seen < seen or not s.first][-1]
    return stage.first + ceil((seen - stage.seen) / stage.config.training.batch_size)


def _config_at(config: Config, size: int) -> Config:
    """Return the config of the stage of a size."""

    def network(own: Network) -> Network:
        return own.model_copy(update={"rate": own.rate_at.get(size, own.rate)})

    batch = config.training.batch_size
    if config.growing.start:
        batch = config.growing.batch_at.get(size, batch)
    return config.model_copy(
        update={
            "model": config.model.model_copy(update={"resolution": size}),
            "training": config.training.model_copy(update={"batch_size": batch}),
            "generator": network(config.generator),
            "discriminator": network(config.discriminator),
        }
    )


def without_metrics(config: Config) -> Config:
    """Return a config by which faces are not measured: small ones compare with nothing."""
    return config.model_copy(update={"metrics": config.metrics.model_copy(update={"share": 0.0})})
