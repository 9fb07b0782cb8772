"""The keys of config.yaml: each with its type, range and default."""

import os
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from anime_gan.config.types import (
    Address,
    AutoOrWhole,
    Channels,
    Devices,
    Name,
    Number,
    Place,
    Policy,
    Size,
    Version,
    Whole,
    Word,
    scheduled,
)


class Section(BaseModel):
    """A group of keys: unknown ones are refused, values are constant."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Model(Section):
    """The shape of the networks, which is fixed for a run."""

    width: Number = Field(1.0, gt=0, le=16)
    resolution: Literal[16, 32, 64, 128, 256, 512, 1024] = 64
    channels: Channels = 3
    latent_dim: Whole = Field(100, ge=1, le=4096)
    labels: tuple[Word, ...] = Field((), strict=False)
    label_head: Literal["projection", "classifier"] = "projection"
    label_values: dict[Word, Annotated[tuple[Word, ...], Field(strict=False)]] = {}


class Data(Section):
    """The training images."""

    images: Place = "demo"
    resize: Literal["lanczos", "bilinear"] = "lanczos"
    labels: Place | None = None
    balance: Number = Field(0.0, ge=0, le=1)
    x_flip: bool = False
    cache: Annotated[Place, AfterValidator(os.path.expanduser)] = "data/cache"
    cache_share: Number = Field(0.5, ge=0, le=1)
    on_device: bool = False


class Training(Section):
    """The training loop."""

    start_from: Place | None = None
    steps: Whole | None = Field(5_000, ge=1)
    minutes: Number | None = Field(None, gt=0, le=1e9)
    batch_size: Whole = Field(64, ge=1, le=65_536)
    micro_batch: AutoOrWhole = "auto"
    n_critic: Whole = Field(1, ge=1, le=100)
    passes: Literal["together", "apart", "in_turn"] = "together"
    seed: Whole = Field(0, ge=0)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    deterministic: bool = False
    threads: Whole | None = Field(None, ge=1, le=1024)
    label_noise: Number = Field(0.05, ge=0, le=1)
    label_dropout: Number = Field(0.2, ge=0, le=1)
    cosine_kimg: Number | None = Field(None, gt=0, le=1e9)
    ema_kimg: scheduled(0, 1e6) | None = None
    ema_ramp: Number | None = Field(None, gt=0, le=1)

    @property
    def images_per_step(self) -> int:
        """Real images per step: one batch for each update of the discriminator."""
        return self.batch_size * self.n_critic


class Growing(Section):
    """Progressive growing from size `start` to model.resolution."""

    start: Size | None = None
    fade_kimg: Number | None = Field(600, ge=0, le=1e9)
    stable_kimg: Number | None = Field(600, gt=0, le=1e9)
    last_kimg: Number | None = Field(None, gt=0, le=1e9)
    batch_at: dict[Size, Annotated[Whole, Field(ge=1, le=65_536)]] = {}


class Objective(Section):
    """The losses of the two networks."""

    name: Literal[
        "report", "cross_entropy", "non_saturating", "wasserstein", "hinge", "relativistic"
    ] = "report"
    penalties: tuple[Literal["gradient", "dragan", "r1", "r2"], ...] = Field((), strict=False)
    gamma: scheduled(0, 1e4) = 10.0
    penalty_every: Whole = Field(1, ge=1, le=1000)
    drift: Number = Field(0.0, ge=0)
    path_weight: Number = Field(0.0, ge=0)
    path_every: Whole = Field(8, ge=1, le=1000)
    latent_weight: Number = Field(1.0, ge=0)
    label_weight: Number = Field(1.0, ge=0)


class Augment(Section):
    """Augmentation of real and fake images before the discriminator."""

    policy: tuple[Policy, ...] = Field((), strict=False)
    p: scheduled(0, 1, "adaptive") = 1.0
    target: Number = Field(0.6, gt=-1, lt=1)
    kimg: Number = Field(500, gt=0)


class Network(Section):
    """Optimizer and constraints of one network."""

    optimizer: Literal["rmsprop", "adam"] = "rmsprop"
    rate: scheduled(1e-12, 1) = 5e-4
    rate_at: dict[Size, Annotated[Number, Field(ge=1e-12, le=1)]] = {}
    decay: Number = Field(0.0, ge=0)
    beta1: Number = Field(0.9, ge=0, lt=1)
    beta2: scheduled(0, 0.999999) = 0.999
    clipvalue: Number | None = Field(None, gt=0)
    weight_clip: Number | None = Field(None, gt=0)
    spectral_norm: bool = False


class Discriminator(Network):
    """The same of the discriminator, and what makes its task harder."""

    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    noise: scheduled(0, 10) = 0.0


class Schedule(Section):
    """How often files are written, in steps unless the name says minutes."""

    sample_every: Whole = Field(500, ge=1)
    checkpoint_every: Whole = Field(10_000, ge=1)
    resume_minutes: Number = Field(10, gt=0, le=10)
    keep: Whole = Field(3, ge=1)


class Metrics(Section):
    """Metrics during training."""

    share: Number = Field(0.04, ge=0, le=1)
    count: Whole = Field(500, ge=20, le=50_000)
    network: Literal["lite0", "nsfwjs", "opennsfw", "inception"] = "lite0"


class Health(Section):
    """The reaction to failed training."""

    action: Literal["warn", "stop", "rollback"] = "warn"
    rollbacks: Whole = Field(3, ge=1, le=10)


class Distribution(Section):
    """The devices and processes that share each batch."""

    devices: Devices = 1
    coordinator: Address | None = None
    processes: Whole | None = Field(None, ge=2, le=4096)
    process: Whole | None = Field(None, ge=0)


class Config(Section):
    """All of config.yaml."""

    version: Version = "v5"
    run: Name = ""
    model: Model = Model()
    data: Data = Data()
    training: Training = Training()
    growing: Growing = Growing()
    objective: Objective = Objective()
    augment: Augment = Augment()
    generator: Network = Network()
    discriminator: Discriminator = Discriminator()
    schedule: Schedule = Schedule()
    metrics: Metrics = Metrics()
    health: Health = Health()
    distribution: Distribution = Distribution()

    def updated(self, **sections: dict[str, Any]) -> Self:
        """Return a copy with other values, which are not checked, in some sections."""
        copies = {n: getattr(self, n).model_copy(update=own) for n, own in sections.items()}
        return self.model_copy(update=copies)


# Former names of keys, as files of older runs have them.
FORMER = {"training.average_kimg": "training.ema_kimg"}


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested dict as one level: {"model": {"width": 1}} gives {"model.width": 1}."""
    items: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        items |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return items
