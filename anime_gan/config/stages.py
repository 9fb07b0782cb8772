"""Progressive growing: image size, batch size and learning rates of each step (Karras et al. 2017).

A growing run is a sequence of stages, each with its own config. A stage starts with the networks of
the stage before as the inner part of networks of twice the size; their outer part fades in.

The lengths of the stages follow from growing.fade_kimg and growing.stable_kimg. Where these are
null they are shares of the run, whose length is training.steps or training.minutes. A stage that
has begun stays where it began, even if the config changes: a checkpoint holds where (`grown`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from anime_gan.config.schema import Config, Training

# The last size gets this share of a run, about as in StyleGAN (17,200 of 25,000 kimg). Of the rest,
# each size gets twice as much as the one before: a step costs more, or has fewer images.
OF_LAST = Fraction(2, 3)
# A size fades in over this share of its time; the last one has more time after it.
FADING, LAST_FADING = Fraction(1, 2), Fraction(1, 4)

Grown = Sequence[Sequence[float]]  # the first step of each stage so far, and the seconds after it


@dataclass(frozen=True)
class Stage:
    """The steps with networks of one size."""

    config: Config  # the run's, with the stage's resolution, batch size and learning rates
    first: int = 0  # its first step, counted from 0
    end: int | None = None  # the first step of the next stage; None for the last, or by time
    fade: int = 0  # steps over which the outer part fades in
    seen: int = 0  # real images trained on before it, for n_critic = 1
    is_last: bool = True
    # Where training.minutes says it: the share of the run that is over when it has begun, 0 to 1,
    # and the shares of what is left then that it fades in and that it takes.
    begun: float = 0.0
    timed: tuple[float, float] | None = None

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

    def is_over(self, step: int, seconds: float) -> bool:
        """Say whether `step` is the next stage's; a stage has at least one step."""
        if self.is_last or step <= self.first:
            return False
        if self.timed is None:
            return step >= self.end
        return share_over(self.config.training, step, seconds) >= self.until

    @property
    def fades_in(self) -> bool:
        """Whether its outer part fades in; that of the first stage is there from the start."""
        return self.fade > 0 or (self.timed is not None and self.timed[0] > 0)

    @property
    def until(self) -> float:
        """The share of the run at which it ends, by time."""
        return self.begun + (1 - self.begun) * self.timed[1]

    def fade_at(self, step: int, seconds: float) -> float:
        """Return how far its outer part has faded in, by time: 0 to 1."""
        length = (1 - self.begun) * self.timed[0]
        over = share_over(self.config.training, step, seconds) - self.begun
        return min(max(over / length, 0.0), 1.0) if length > 0 else 1.0


def share_over(training: Training, step: int, seconds: float) -> float:
    """Return the share of a run that is over, 0 to 1, the larger of its steps and its minutes."""
    by_steps = step / training.steps if training.steps else 0.0
    by_time = seconds / 60 / training.minutes if training.minutes else 0.0
    return min(max(by_steps, by_time), 1.0)


def follows_budget(config: Config) -> bool:
    """Say whether a run grows by shares of its length, not by numbers of images."""
    return config.growing.start is not None and config.growing.fade_kimg is None


def stages_of(config: Config, grown: Grown = ()) -> list[Stage]:
    """Return the stages of a run; a run that does not grow has one.

    grown: of the run's newest checkpoint. By time, the first steps of later stages are not known;
    they have that of the newest one.
    """
    last = config.model.resolution
    sizes = [min(config.growing.start or last, last)]
    while sizes[-1] < last:
        sizes.append(2 * sizes[-1])
    shares = _shares(len(sizes))
    stages: list[Stage] = []
    first = seen = 0
    for index, size in enumerate(sizes):
        own = _config_at(config, size)
        values = {"is_last": size == last, "first": first, "seen": seen}
        if not follows_budget(config):
            values |= _by_images(own, first, index)
        elif config.training.minutes is None:
            values |= _by_steps(own, first, *shares[index])
        else:
            begun = stages[-1].until if stages else 0.0
            if index < len(grown):
                begun = share_over(config.training, *grown[index])
            rest = 1 - (shares[index - 1][1] if index else 0)
            fade, length = shares[index][0] / rest, (shares[index][1] - 1 + rest) / rest
            values |= {"begun": begun, "timed": (float(fade), float(length)), "end": None}
        if index + 1 < len(grown):
            values["end"] = int(grown[index + 1][0])
        end = values["end"] = None if size == last else values["end"]
        stages.append(Stage(own, **values))
        if end is not None:
            first, seen = end, seen + (end - first) * own.training.batch_size
    return stages


def _by_images(config: Config, first: int, index: int) -> dict:
    """Return the end and the fade of a stage whose length is given in kimg."""
    growing, batch = config.growing, config.training.batch_size
    # The first stage has no smaller networks to fade from.
    fade = ceil(1000 * growing.fade_kimg / batch) if index else 0
    stable = growing.stable_kimg or 0  # null in a run that does not grow
    return {"fade": fade, "end": first + fade + ceil(1000 * stable / batch)}


def _by_steps(config: Config, first: int, fade: Fraction, end: Fraction) -> dict:
    """Return the end and the fade of a stage whose length is a share of training.steps."""
    steps = config.training.steps
    return {"fade": ceil(fade * steps), "end": max(ceil(end * steps), first + 1)}


def _shares(count: int) -> list[tuple[Fraction, Fraction]]:
    """Return for each stage the share of the run that it fades in, and that at which it ends."""
    rest, total = 1 - OF_LAST, 2 ** (count - 1) - 1
    parts = [rest * Fraction(2**k, total) for k in range(count - 1)]
    parts.append(OF_LAST if parts else Fraction(1))
    fading = [Fraction(0), *[FADING] * (count - 2), LAST_FADING][:count]
    return [(fading[k] * part, sum(parts[: k + 1])) for k, part in enumerate(parts)]


def grown_by_images(config: Config, step: int) -> list[list[float]]:
    """Return where stages began, up to a step, by the numbers of images in the config."""
    ends = [stage.end for stage in stages_of(config)]
    return [[0, 0.0], *([end, 0.0] for end in ends if end is not None and end <= step)]


def grown_until(config: Config, grown: Grown, step: int, seconds: float) -> list[list[float]]:
    """Return `grown`, with the next stage if the newest is over; the config may have changed."""
    is_over = stages_of(config, grown)[len(grown) - 1].is_over(step, seconds)
    return [*map(list, grown), *([[step, seconds]] if is_over else [])]


def stage_at(config: Config, step: int, grown: Grown = ()) -> Stage:
    """Return the stage that trains step `step`, counted from 0."""
    return next(s for s in stages_of(config, grown) if s.end is None or step < s.end)


def stage_before(config: Config, step: int, grown: Grown = ()) -> Stage:
    """Return the stage whose networks exist after `step` steps: that of the last of them."""
    return stage_at(config, max(step - 1, 0), grown)


def images_seen(config: Config, steps: int, grown: Grown = ()) -> int:
    """Return how many real images the first `steps` steps train on, repeated ones included."""
    return stage_before(config, steps, grown).images_seen(steps)


def steps_for(config: Config, images: float) -> int:
    """Return the fewest steps that train on this many real images.

    Where stages follow the length of the run, these steps are that length.
    """

    def seen(steps: int) -> int:
        whole = config.updated(training={"steps": steps, "minutes": None})
        return images_seen(whole, steps)

    low, high = 0, 1  # the images of `low` steps are too few
    while seen(high) < images:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if seen(middle) >= images else (middle, high)
    return high


def steps_of_schedule(config: Config) -> int:
    """Return the steps until the last size is as stable as growing.last_kimg says."""
    growing, last = config.growing, stages_of(config)[-1]
    stable = growing.stable_kimg if growing.last_kimg is None else growing.last_kimg
    return last.first + last.fade + ceil(1000 * stable / last.config.training.batch_size)


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


def growth(config: Config, grown: Grown = ()) -> list[str]:
    """Return a sentence on the length of each size of a run, and one if some get too few."""
    stages, training = stages_of(config, grown), config.training
    if len(stages) == 1:
        return []
    last = stages[-1]
    if last.timed:
        sizes = [f"{_size(s)} until minute {s.until * training.minutes:.3g}" for s in stages]
        return [f"Grows: {', '.join(sizes)}."]
    sizes = [
        f"{_size(s)} from step {s.first:,}"
        + (f" (faded in at {s.first + s.fade:,})" if s.fade else "")
        for s in stages
    ]
    lines = [f"Grows: {', '.join(sizes)}."]
    ready = last.first + last.fade
    if training.steps is not None and training.steps <= ready:
        lines.append(
            f"WARNING: training.steps is {training.steps:,}, but {_size(last)} images are faded in "
            f"only at step {ready:,}; set training.steps to more than that, or growing.fade_kimg "
            "and growing.stable_kimg lower, or to null to fit the run."
        )
    return lines


def unfinished_growth(stage: Stage, step: int) -> list[str]:
    """Return a sentence on a run that ends at a step of `stage`, before its last size is ready."""
    if stage.is_last and (stage.timed or step >= stage.first + stage.fade):
        return []
    state = "was still fading in" if stage.is_last else "was reached"
    return [
        f"WARNING: only {_size(stage)} images {state}; train for longer, or set growing.fade_kimg "
        "and growing.stable_kimg lower, or to null to fit the run."
    ]


def _size(stage: Stage) -> str:
    return f"{stage.resolution}x{stage.resolution}"


def is_finished(config: Config, step: int, seconds: float) -> bool:
    """Say whether a run has had its steps, or its minutes of training, whichever end first."""
    training = config.training
    out_of_time = training.minutes is not None and seconds >= training.minutes * 60
    return out_of_time or (training.steps is not None and step >= training.steps)
