"""Who takes part in a comparison: a version or a config, and the run that trains it."""

import re
from dataclasses import dataclass
from pathlib import Path

from anime_gan import networks
from anime_gan.config.schema import Config, flat, from_dict, load_config, read_yaml
from anime_gan.config.stages import steps_for
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from anime_gan.runs.run import WEIGHTS
from anime_gan.networks.checks import check

# What must be the same for all, so that they are measured alike.
_SHARED = (
    "data.images",
    "data.resize",
    "model.resolution",
    "model.channels",
    "training.seed",
    "metrics.network",
    "metrics.count",
)
# Unless said otherwise: all see the same pixels, and are measured often enough for a curve.
_DEFAULTS = ["data.resize=lanczos", "metrics.count=250", "metrics.share=0.05"]


@dataclass(frozen=True)
class Budget:
    """What each may spend: minutes, steps, or thousands of pictures; the others are None."""

    minutes: float | None = None
    steps: int | None = None
    kimg: float | None = None

    def __str__(self) -> str:
        if self.minutes is not None:
            return f"{self.minutes:g} minutes"
        return f"{self.steps:,} steps" if self.steps else f"{self.kimg:g} thousand pictures"

    def overrides(self, config: Config) -> list[str]:
        """Return the arguments by which train_gan.py keeps to it."""
        if self.minutes is not None:
            return [f"training.minutes={self.minutes}", f"training.steps={10**9}"]
        steps = self.steps or steps_for(config, 1000 * self.kimg)
        return [f"training.steps={steps}", "training.minutes=null"]


@dataclass(frozen=True)
class Entrant:
    """One that takes part.

    name: a version's, or a config file's without its suffix. run: the run's. arguments: those of
    train_gan.py. config: what they make.
    """

    name: str
    run: str
    arguments: list[str]
    config: Config


def find_entrants(
    names: list[str], overrides: list[str], budget: Budget, title: str
) -> list[Entrant]:
    """Return those that versions' names, or paths of YAML files, mean; UserError for any mistake.

    overrides: "key=value" for all of them, but where a file has a value of its own. title: the
    comparison's, with which runs' names begin.
    """
    if "all" in names:
        names = [*networks.VERSIONS, *(name for name in names if name != "all")]
    entrants = [_entrant(name, overrides, budget, title) for name in dict.fromkeys(names)]
    if len({entrant.run for entrant in entrants}) < len(entrants):
        raise UserError("two configs have one name; rename one of the files.")
    values = [flat(entrant.config.model_dump()) for entrant in entrants]
    for key in _SHARED:
        found = {str(value[key]): e.name for value, e in zip(values, entrants, strict=True)}
        if len(found) > 1:
            (first, a), (second, b) = list(found.items())[:2]
            raise UserError(
                f"{key} is {first} for {a} and {second} for {b}, but must be one for all; give it "
                f"on the command line, {key}={first}."
            )
    for entrant in entrants:
        _require_same(entrant)
    return entrants


def _require_same(entrant: Entrant) -> None:
    """Raise UserError if its run was trained otherwise before; to go on for longer is allowed."""
    path = WEIGHTS / entrant.run / "config.yaml"
    if not path.is_file():
        return
    before, now = flat(from_dict(read_yaml(path)).model_dump()), flat(entrant.config.model_dump())
    for key, value in now.items():
        old = before.get(key)
        longer = key in ("training.steps", "training.minutes") and old and value and value > old
        if value != old and not longer:
            raise UserError(
                f"{entrant.run} was trained with {key} {old}, which is {value} now; give this "
                "comparison another --name."
            )


def require_same_data(entrant: Entrant, key: str) -> None:
    """Raise UserError if its run was trained on other pictures before than those of a key."""
    found = checkpoint.newest(WEIGHTS / entrant.run)
    if found and found[0]["data_key"] != key:
        raise UserError(
            f"{entrant.run} was trained on other pictures than are in {entrant.config.data.images} "
            "now; give this comparison another --name."
        )


def _entrant(name: str, overrides: list[str], budget: Budget, title: str) -> Entrant:
    """Return one of them."""
    path = Path(name)
    is_file = path.suffix in (".yaml", ".yml")
    own = [] if is_file else [f"version={networks.get_version(name).name}"]
    run = f"{title}-" + (re.sub(r"[^\w.-]", "_", path.stem) if is_file else name)
    # What a file says is what it takes part with.
    said = flat(read_yaml(path)) if is_file else {}
    shared = [text for text in [*_DEFAULTS, *overrides] if text.partition("=")[0] not in said]
    own += [*shared, f"run={run}"]
    file = name if is_file else None
    own += budget.overrides(load_config(file, own, networks.get_recipe))
    config = load_config(file, own, networks.get_recipe)
    check(config, networks.get_version(config.version))
    return Entrant(
        path.stem if is_file else name,
        run,
        [*(["--config", name] if is_file else []), *own],
        config,
    )
