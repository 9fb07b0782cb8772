"""What config.yaml may say: every key with its type, its range and its default.

A value is looked for, in this order, on the command line (`training.steps=200`), in the file given
by `--config`, in config.yaml, in the version's own recipe, and here.
"""

import argparse
import difflib
import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from anime_gan.config import plain_yaml
from anime_gan.config.types import (
    NAME,
    Address,
    AutoOrWhole,
    Devices,
    Number,
    Place,
    Size,
    Whole,
    not_bool,
    scheduled,
)
from anime_gan.errors import UserError


class Section(BaseModel):
    """A group of keys; unknown ones are refused, values never change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Model(Section):
    """The shape of the networks; a run keeps it to its end."""

    width: Number = Field(1.0, gt=0, le=16)
    resolution: Annotated[Literal[16, 32, 64, 128, 256, 512], BeforeValidator(not_bool)] = 64
    channels: Annotated[Literal[1, 3], BeforeValidator(not_bool)] = 3  # 1 is true, for Python
    latent_dim: Whole = Field(100, ge=1, le=4096)


class Data(Section):
    """The pictures."""

    images: Place = "demo"
    resize: Literal["lanczos", "bilinear"] = "lanczos"
    x_flip: bool = False
    cache: Place = "data/cache"
    cache_share: Number = Field(0.5, ge=0, le=1)
    on_device: bool = False


class Training(Section):
    """The loop."""

    steps: Whole = Field(5_000, ge=1)
    minutes: Number | None = Field(None, gt=0, le=1e9)
    batch_size: Whole = Field(64, ge=1, le=65_536)
    micro_batch: AutoOrWhole = "auto"
    n_critic: Whole = Field(1, ge=1, le=100)
    passes: Literal["together", "apart", "in_turn"] = "together"
    seed: Whole = Field(0, ge=0)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    deterministic: bool = False
    label_noise: Number = Field(0.05, ge=0, le=1)
    cosine_kimg: Number = Field(1_000, gt=0, le=1e9)
    ema_kimg: scheduled(0, 1e6) | None = None

    @property
    def images_per_step(self) -> int:
        """Real pictures that a step takes: a batch for each update of the discriminator."""
        return self.batch_size * self.n_critic


class Growing(Section):
    """How a version that grows does so: sizes from `start` to model.resolution, one by one."""

    start: Size | None = None
    fade_kimg: Number = Field(600, ge=0, le=1e9)
    stable_kimg: Number = Field(600, gt=0, le=1e9)
    batch_at: dict[Size, Annotated[Whole, Field(ge=1, le=65_536)]] = {}


class Objective(Section):
    """What the two networks try to make small."""

    name: Literal[
        "report", "cross_entropy", "non_saturating", "wasserstein", "hinge", "relativistic"
    ] = "report"
    penalties: tuple[Literal["gradient", "dragan", "r1", "r2"], ...] = ()
    gamma: scheduled(0, 1e4) = 10.0
    penalty_every: Whole = Field(1, ge=1, le=1000)
    path_weight: Number = Field(0.0, ge=0)
    path_every: Whole = Field(8, ge=1, le=1000)
    latent_weight: Number = Field(1.0, ge=0)


class Augment(Section):
    """What is done to pictures, real and fake, before the discriminator sees them."""

    policy: tuple[Literal["translation", "cutout", "colour"], ...] = ()
    p: scheduled(0, 1, "adaptive") = 1.0
    target: Number = Field(0.6, gt=-1, lt=1)
    kimg: Number = Field(500, gt=0)


class Network(Section):
    """How one network is trained."""

    optimizer: Literal["rmsprop", "adam"] = "rmsprop"
    rate: scheduled(1e-12, 1) = 5e-4
    rate_at: dict[Size, Annotated[Number, Field(ge=1e-12, le=1)]] = {}
    decay: Number = Field(0.0, ge=0)
    beta1: Number = Field(0.9, ge=0, lt=1)
    beta2: scheduled(0, 0.999999) = 0.999
    clipvalue: Number | None = Field(None, gt=0)
    weight_clip: Number | None = Field(None, gt=0)
    spectral_norm: bool = False


class Schedule(Section):
    """When something is written, in steps."""

    sample_every: Whole = Field(500, ge=1)
    checkpoint_every: Whole = Field(10_000, ge=1)
    resume_minutes: Number = Field(10, gt=0, le=10)
    keep: Whole = Field(3, ge=1)


class Metrics(Section):
    """What is measured of the faces while training runs."""

    share: Number = Field(0.04, ge=0, le=1)
    count: Whole = Field(500, ge=20, le=50_000)
    network: Literal["lite0", "opennsfw", "inception"] = "lite0"


class Health(Section):
    """What happens when training goes wrong."""

    action: Literal["warn", "stop", "rollback"] = "warn"
    rollbacks: Whole = Field(3, ge=1, le=10)


class Distribution(Section):
    """The devices and processes that a batch is spread over."""

    devices: Devices = 1
    coordinator: Address | None = None
    processes: Whole | None = Field(None, ge=2, le=4096)
    process: Whole | None = Field(None, ge=0)


class Config(Section):
    """The whole of config.yaml."""

    version: str = Field("v5", pattern=NAME)
    run: str = Field("", pattern=f"{NAME}|^$")
    model: Model = Model()
    data: Data = Data()
    training: Training = Training()
    growing: Growing = Growing()
    objective: Objective = Objective()
    augment: Augment = Augment()
    generator: Network = Network()
    discriminator: Network = Network()
    schedule: Schedule = Schedule()
    metrics: Metrics = Metrics()
    health: Health = Health()
    distribution: Distribution = Distribution()


# What decides the shape of a network or of an optimizer's state: a run can't change it on the way.
SHAPES = (
    "version",
    "model.",
    "growing.",
    "generator.optimizer",
    "generator.spectral_norm",
    "discriminator.optimizer",
    "discriminator.spectral_norm",
)
# What is kept beside the networks: there or not is such a thing, how much of it is not.
KEPT = {"training.ema_kimg": None, "augment.p": "adaptive"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--config FILE` and the `key.sub=value` arguments to a script's parser."""
    parser.add_argument("--config", metavar="FILE", help="a file whose keys go over config.yaml's")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="such as training.steps=200"
    )


def load_config(file: str | None, overrides: list[str], recipe_of) -> Config:
    """Return the config that config.yaml, `file` and `overrides` make together.

    file: path of a YAML file that goes over config.yaml, or None.
    overrides: texts of the form "key.sub=value"; the value is read as YAML.
    recipe_of: a function from a version's name to its recipe, a nested dict; UserError if none.
    Raises UserError for a file that can't be read, a wrong key, type or value.
    """
    given: dict[str, Any] = {}
    default = Path("config.yaml")
    if not default.is_file():
        default = Path(__file__).parents[2] / "config.yaml"  # of a clone; installed, there is none
    for path in [*([default] if default.is_file() else []), *([Path(file)] if file else [])]:
        given = _merged(given, read_yaml(path))
    for override in overrides:
        given = _merged(given, _parse(override))
    version = _checked({"version": given.get("version")}).version
    return _checked(_merged(recipe_of(version), given))


def from_dict(values: dict[str, Any]) -> Config:
    """Return the config of a nested dict, such as a checkpoint holds; UserError if it is none."""
    training = values.get("training")
    if isinstance(training, dict) and "average_kimg" in training:  # its former name
        training = dict(training)
        training.setdefault("ema_kimg", training.pop("average_kimg"))
        values = values | {"training": training}
    return _checked(values)


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested dict as one level: {"model": {"width": 1}} gives {"model.width": 1}."""
    items: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            items |= flat(value, f"{prefix}{key}.")
        else:
            items[prefix + str(key)] = value
    return items


def differences(old: Config, new: Config) -> tuple[list[str], list[str]]:
    """Compare a run's config with the one asked for.

    Returns the differences that would change shapes and those that may be, each a text
    "key: old -> new".
    """
    before, after = flat(old.model_dump()), flat(new.model_dump())
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    texts = {key: f"{key}: {before.get(key)} -> {after.get(key)}" for key in changed}
    # How large the networks of a growing run are follows from the pictures seen at each step.
    fixed = SHAPES if old.growing.start is None else (*SHAPES, "training.batch_size")
    shapes = [
        texts[key]
        for key in changed
        if key.startswith(fixed)
        or (key in KEPT and (before.get(key) == KEPT[key]) != (after[key] == KEPT[key]))
    ]
    return shapes, [text for text in texts.values() if text not in shapes]


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file."""
    try:
        with path.open("rb") as file:  # which may be a device that never ends
            text = file.read(4 * plain_yaml.LARGEST + 1).decode()
        values = plain_yaml.read(text)
    except FileNotFoundError:
        raise UserError(f"there is no config file {path}; give --config an existing one.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UserError(f"the config file {path} can't be read: {reason}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise UserError(f"the config file {path} is not YAML{where}: {_word(what)}.") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        given = _shown(values)
        raise UserError(f"the config file {path} must hold `key: value` lines, not {given}.")
    return values


def _parse(override: str) -> dict[str, Any]:
    """Return "model.width=0.5" as {"model": {"width": 0.5}}."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise UserError(
            f"{_shown(override)} is not of the form key=value, such as training.steps=200."
        )
    try:
        value = plain_yaml.read(text)
    except yaml.YAMLError:
        value = text  # a path may hold what YAML takes for its own signs
    for part in reversed(key.split(".", plain_yaml.DEEPEST)):
        value = {part: value}
    return value


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` with the values of `above` over it, section by section.

    A section that a file leaves empty (`model:` and nothing under it) changes nothing.
    """
    result = dict(below)
    for key, value in above.items():
        if isinstance(result.get(key), dict) and (isinstance(value, dict) or value is None):
            result[key] = _merged(result[key], value or {})
        else:
            result[key] = value
    return result


def _checked(values: dict[str, Any]) -> Config:
    """Return the config, or raise the first mistake in it as one sentence."""
    known = Config.model_fields
    values = {k: value for k, value in values.items() if value is not None or k not in known}
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise UserError(_sentence(error.errors()[0])) from None
    return config if config.run else config.model_copy(update={"run": config.version})


def _sentence(error: dict[str, Any]) -> str:
    """Return one of pydantic's errors in the user's words."""
    key = _word(".".join(str(part) for part in error["loc"] if part != "[key]"))
    if error["type"] == "extra_forbidden":
        known = [*flat(Config().model_dump())]
        if isinstance(error["input"], dict) and "." not in key:  # a section that is misspelt
            known = [name for name, value in Config() if isinstance(value, Section)]
        near = difflib.get_close_matches(key, known, 1, 0)
        if not near or ("." in near[0] and "." not in key):
            # A bare key most often lacks its section: `batch_size` for training.batch_size.
            near = difflib.get_close_matches(key, [k.rpartition(".")[2] for k in known], 1, 0)
            near = [k for k in known if k.rpartition(".")[2] == near[0]]
        return f"{key} is not a key of the config; the nearest right one is {near[0]}."
    what = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if error["type"] == "string_pattern_mismatch":
        what = "must be letters, digits, '.', '_' and '-', and not begin with '.' or '-'"
    if error["type"] == "int_parsing_size":
        what = "must be a smaller number"
    if error["type"] == "invalid_key":
        what = "must be the name of a key"
    if error["type"] == "tuple_type":
        what = f"must be a list, such as [{_word(error['input'])}]"
    if error["type"] == "model_type":
        what = f"must hold keys of its own, such as {key}.{_first_key(key)}"
    return f"{key} is {_shown(error['input'])}, but it {what}."


def _shown(value) -> str:
    """Return a value as Python writes it, on one line, cut."""
    return _SHORT.repr(value)[:80]


def _word(value) -> str:
    """Return a text, or a value as one, on one line, cut."""
    return repr(str(value)[:60])[1:-1][:80]


_SHORT = reprlib.Repr()
_SHORT.maxstring = 60


def _first_key(section: str) -> str:
    """Return the first key of a section of the config."""
    return next(iter(getattr(Config(), section).model_dump()))
