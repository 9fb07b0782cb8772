"""Load a config: find its files, read them, merge them with the command line, check the result.

A value comes from the first of these that has it: the command line (`training.steps=200`), the file
given by `--config`, config.yaml, the version's recipe, the defaults in schema.py.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAMLError

from anime_gan.config import plain_yaml
from anime_gan.config.checks import check
from anime_gan.config.messages import key_error, shown, yaml_error
from anime_gan.config.schema import FORMER, Config, flat
from anime_gan.config.stages import steps_of_schedule
from anime_gan.config.versions import get_version
from anime_gan.errors import UserError

# A run cannot change these: they decide the shapes of its networks and of its optimizers' states.
SHAPES = ("version", "model.", "growing.start", "growing.batch_at")
SHAPES += ("generator.optimizer", "generator.spectral_norm")
SHAPES += ("discriminator.optimizer", "discriminator.spectral_norm")
# On the command line, the values of these are taken as they are: YAML would read "set #2" as "set".
NULLABLE = ("training.start_from", "data.labels")  # but null is null
TEXTS = ("version", "run", "data.images", "data.cache", *NULLABLE)
# What says how long a run is, and its schedules.
LENGTH = ("steps", "minutes", "cosine_kimg")
MOST_STEPS = 2**31
GROWTH = ("fade_kimg", "stable_kimg", "last_kimg")
# Whether these keys have one of these values decides which state is kept; a run can change others.
KEPT = {
    "training.ema_kimg": (None,),
    "augment.p": ("adaptive",),
    "discriminator.dropout": (None, 0.0),
    "objective.path_weight": (0.0,),
    "training.start_from": (None,),  # with which schedules are at their end from the first step
}


def load_config(file: str | None, overrides: list[str]) -> Config:
    """Return the config that config.yaml, `file` and `overrides` make together.

    Args:
        file: path of a YAML file that goes over config.yaml, or None.
        overrides: texts of the form "key.sub=value"; the value is read as YAML, that of a path or
            name as it is.

    Raises:
        UserError: a file cannot be read, or a key, type or value is wrong.
    """
    given: dict[str, Any] = {}
    # Here, or in the clone that this file is in; an installed package has none.
    defaults = [Path("config.yaml"), Path(__file__).parents[2] / "config.yaml"]
    found = [path for path in defaults if path.is_file()][:1]
    for path in [*found, *([Path(file)] if file else [])]:
        values, text = _read(path)
        values = _with_names_of_today(values)
        _checked(values, path, text)  # alone, so that an error names the file
        given = _merged_below_budget(given, values)
    last: dict[str, Any] = {}
    for override in overrides:
        last = _merged(last, _parse(override))
    given = _merged_below_budget(_without_steps_of_schedule(given, last), last)
    version = _checked({"version": given.get("version")}).version
    config = _checked(_merged_below_budget(get_version(version).recipe, given))
    if tuple(config.model.label_values) != config.model.labels:  # of a run with other labels
        config = config.updated(model={"label_values": {}})
    check(config)
    if config.training.steps is None and config.training.minutes is None:
        steps = steps_of_schedule(config)
        if steps >= MOST_STEPS:
            raise UserError(
                f"growing.fade_kimg, stable_kimg and last_kimg ask for {steps:,} steps, which is "
                "too many; lower them."
            )
        config = config.updated(training={"steps": steps})
    return config


def is_config_file(word: str) -> bool:
    """Return whether a word of the user's is the path of a config file, by its ending."""
    return Path(word).suffix.lower() in (".yaml", ".yml", ".json")


def with_overrides(config: Config, overrides: list[str]) -> Config:
    """Return a config with texts of the form "key.sub=value" over it; UserError as `load_config`.

    Combinations of keys are not checked.
    """
    values = config.model_dump()
    for override in overrides:
        values = _merged(values, _parse(override))
    return _checked(values)


def from_dict(values: dict[str, Any]) -> Config:
    """Return the config of a nested dict, such as a checkpoint holds; UserError if it is none."""
    return _checked(_with_names_of_today(values))


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; UserError if there is none."""
    return _read(path)[0]


def differences(old: Config, new: Config) -> tuple[list[str], list[str]]:
    """Compare a run's config with the one of its continuation.

    Returns:
        The differences that a run cannot have, and the others; each a text
        "key: old -> new".
    """
    before, after = flat(old.model_dump()), flat(new.model_dump())
    # In a growing run, the size of the networks at a step follows from the images seen until then.
    fixed = SHAPES if old.growing.start is None else (*SHAPES, "training.batch_size")
    shapes, others = [], []
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        size = key.rpartition("_at.")[2]
        if size.isdecimal() and int(size) > new.model.resolution:
            continue  # a recipe knows larger sizes than the run has
        if key.startswith("model.label_") and not new.model.label_values:
            continue  # the run has no labels, or they are not read from the images yet
        if was != now:
            decides = any(value in KEPT.get(key, ()) for value in (was, now))
            changes = key.startswith(fixed) or decides
            (shapes if changes else others).append(f"{key}: {was} -> {now}")
    return shapes, others


def require_resumable(old: Config, new: Config) -> list[str]:
    """Return what a run's continuation changes; UserError if a run cannot change it."""
    shapes, others = differences(old, new)
    if shapes:
        raise UserError(
            f"run {new.run} cannot change these settings: {', '.join(shapes)}; start a new run "
            "with run=NAME, or undo these changes."
        )
    return others


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Return the mapping in a YAML file, and its text."""
    try:
        if path.exists() and not path.is_file():  # to read a pipe may wait forever
            raise UserError(f"the config file {path} is not a regular file; check the path.")
        with path.open("rb") as file:
            text = file.read(4 * plain_yaml.LARGEST + 1).decode()
        values = plain_yaml.read(text)
    except FileNotFoundError:
        raise UserError(f"there is no config file {path}; check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UserError(f"the config file {path} cannot be read ({reason}); check it.") from None
    except YAMLError as error:
        raise UserError(f"{path} is not valid YAML{yaml_error(error)}; correct it.") from None
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise UserError(
            f"the config file {path} must hold `key: value` lines, not {shown(values)}."
        )
    return values, text


def _with_names_of_today(values: dict[str, Any]) -> dict[str, Any]:
    """Return a config's values with the keys of older ones renamed."""
    for old, new in FORMER.items():
        section, old, new = *old.split("."), new.rpartition(".")[2]
        own = values.get(section)
        if isinstance(own, dict) and old in own:
            values = values | {section: {new if k == old else k: v for k, v in own.items()}}
    return values


def _parse(override: str) -> dict[str, Any]:
    """Return "model.width=0.5" as {"model": {"width": 0.5}}."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise UserError(
            f"{shown(override)} is not of the form key=value, such as training.steps=200."
        )
    if not text.strip():  # as of a shell's variable that is not set
        raise UserError(f"{shown(override)} has no value; give it one, or leave it out.")
    value: Any = text
    if key not in TEXTS or (key in NULLABLE and text.strip() == "null"):
        with suppress(YAMLError):
            value = plain_yaml.read(text)
    for part in reversed(key.split(".", plain_yaml.DEEPEST)):
        value = {part: value}
    return value


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` with the values of `above` over it, section by section.

    An empty section (`model:` and nothing under it) changes nothing.
    """
    result = dict(below)
    for key, value in above.items():
        merges = isinstance(result.get(key), dict) and (isinstance(value, dict) or value is None)
        result[key] = _merged(result[key], value or {}) if merges else value
    return result


def _merged_below_budget(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return the same, but a length of the run given above leaves nothing of the one below.

    So training.minutes=60 alone is a run of 60 minutes, whatever steps the recipe has, and its
    schedules and growing stages end with it, unless the length of a stage is given above too.
    """
    below = _without_rates_by_size(below, above)
    training = above.get("training")
    if not isinstance(training, dict):
        return _merged(below, above)
    if training.get("steps") is None and training.get("minutes") is None:
        return _merged(below, above)
    if isinstance(lower := below.get("training"), dict):
        kept = {key: value for key, value in lower.items() if key not in LENGTH}
        below = below | {"training": {**kept, "steps": None, "minutes": None}}
    lower, growing = below.get("growing"), above.get("growing")
    own = growing if isinstance(growing, dict) else {}
    if isinstance(lower, dict) and not any(own.get(key) is not None for key in GROWTH):
        below = below | {"growing": lower | dict.fromkeys(GROWTH)}
    return _merged(below, above)


def _without_steps_of_schedule(given: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    """Return `given` without steps that follow from its growing stages, if `last` changes these.

    The config of a run holds them as if the user had chosen them.
    """
    growing, training = (last.get(name) or {} for name in ("growing", "training"))
    if not isinstance(growing, dict) or not isinstance(training, dict):
        return given
    if not any(growing.get(key) is not None for key in GROWTH) or {*training} & {*LENGTH}:
        return given
    version = _checked({"version": given.get("version")}).version
    config = _checked(_merged_below_budget(get_version(version).recipe, given))
    if config.growing.start is None or config.growing.fade_kimg is None:
        return given
    if config.training.minutes or config.training.steps != steps_of_schedule(config):
        return given
    return _merged(given, {"training": {"steps": None}})


def _without_rates_by_size(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` without the rates by size of a network whose rate is given above alone."""
    for network in ("generator", "discriminator"):
        own, lower = above.get(network), below.get(network)
        is_alone = isinstance(own, dict) and own.get("rate") is not None and not own.get("rate_at")
        if is_alone and isinstance(lower, dict):
            below = below | {network: lower | {"rate_at": {}}}
    return below


def _checked(values: dict[str, Any], path: Path | None = None, text: str = "") -> Config:
    """Return the config; UserError for the first mistake, with its line if a file is given."""
    values = {k: v for k, v in values.items() if v is not None or k not in Config.model_fields}
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{path}, line {plain_yaml.line_of(text, first['loc'])}: " if path else ""
        raise UserError(where + key_error(first)) from None
    return config if config.run else config.model_copy(update={"run": config.version})
