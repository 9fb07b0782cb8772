"""The entrants of a comparison: versions or config files, and the runs that train them."""

import re
from dataclasses import dataclass
from pathlib import Path

from anime_gan.config import Config, flat, load_config, read_yaml
from anime_gan.config.stages import steps_for
from anime_gan.config.versions import VERSIONS, get_version
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import RunFolder

# Keys that must be equal for all entrants, so that their numbers can be compared.
_SHARED = ("data.images", "data.resize", "model.resolution", "model.channels")
_SHARED += ("training.seed", "metrics.network", "metrics.count")
# Defaults: all see the same pixels, and are measured often enough for a curve.
_DEFAULTS = ["data.resize=lanczos", "metrics.count=250", "metrics.share=0.05"]


@dataclass(frozen=True)
class Budget:
    """What each entrant may spend: minutes, steps, or thousands of images; the rest is None."""

    minutes: float | None = None
    steps: int | None = None
    kimg: float | None = None

    def __str__(self) -> str:
        if self.minutes is not None:
            return f"{self.minutes:g} minutes"
        return f"{self.steps:,} steps" if self.steps else f"{self.kimg:g} thousand images"

    def overrides(self, config: Config) -> list[str]:
        """Return the arguments for train_gan.py that set it."""
        if self.minutes is not None:
            return [f"training.minutes={self.minutes}", "training.steps=null"]
        steps = self.steps or steps_for(config, 1000 * self.kimg)
        return [f"training.steps={steps}", "training.minutes=null"]


@dataclass(frozen=True)
class Entrant:
    """One run of a comparison."""

    name: str  # the version, or the config file without its suffix
    arguments: list[str]  # for train_gan.py
    config: Config  # that they give


def find_entrants(
    names: list[str], overrides: list[str], budget: Budget, title: str
) -> list[Entrant]:
    """Return the entrants of a comparison.

    Args:
        names: versions, paths of YAML files, or "all" for every version.
        overrides: "key=value" for all entrants; a value in an entrant's own file wins.
        budget: for each.
        title: the comparison's; the names of its runs begin with it.

    UserError for unknown names, two entrants of one name, settings that differ where they must be
    equal, or a run of that name that was trained otherwise.
    """
    if "all" in names:
        names = [*VERSIONS, *(name for name in names if name != "all")]
    entrants = [_entrant(name, overrides, budget, title) for name in dict.fromkeys(names)]
    if len({entrant.config.run for entrant in entrants}) < len(entrants):
        raise UserError("two config files have the same name; rename one of them.")
    values = [flat(entrant.config.model_dump()) for entrant in entrants]
    for key in _SHARED:
        found = {str(value[key]): e.name for value, e in zip(values, entrants, strict=True)}
        if len(found) > 1:
            (first, a), (second, b) = list(found.items())[:2]
            raise UserError(
                f"{key} is {first} for {a} and {second} for {b}, but must be equal for all; set it "
                f"for all with {key}={first}."
            )
    for entrant in entrants:
        _require_same(entrant)
    return entrants


def _require_same(entrant: Entrant) -> None:
    """Raise UserError if its run was trained otherwise before; a larger budget is allowed."""
    run = RunFolder(entrant.config.run)
    if not run.config_file.is_file():
        return
    before, now = flat(run.config.model_dump()), flat(entrant.config.model_dump())
    for key, value in now.items():
        old = before.get(key)
        longer = key in ("training.steps", "training.minutes") and old and value and value > old
        if value != old and not longer:
            raise UserError(
                f"run {run.name} was trained with {key}={old}, but it is {value} now; choose "
                "another name for the comparison, or restore the value."
            )


def require_same_data(entrant: Entrant, key: str) -> None:
    """Raise UserError if its run was trained before, on images with another key."""
    found = checkpoint.newest(RunFolder(entrant.config.run).weights)
    if found and found[0]["data_key"] != key:
        raise UserError(
            f"{entrant.config.run} was trained on other images than are now in "
            f"{entrant.config.data.images}; give this comparison another name."
        )


def _entrant(name: str, overrides: list[str], budget: Budget, title: str) -> Entrant:
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        file, label, in_file, own = name, path.stem, flat(read_yaml(path)), []
    else:
        file, label, in_file, own = None, name, {}, [f"version={get_version(name).name}"]
    own += [text for text in [*_DEFAULTS, *overrides] if text.partition("=")[0] not in in_file]
    own.append("run=" + re.sub(r"[^\w.-]", "_", f"{title}-{label}"))
    # With a length of its own, as below: a budget may decide how a run grows.
    own += budget.overrides(load_config(file, [*own, "training.steps=1", "training.minutes=null"]))
    config = load_config(file, own)
    return Entrant(label, ["--config", file, *own] if file else own, config)
