"""The settings of the entrants, as a table: first those in which they differ."""

from collections.abc import Callable
from typing import Any

from anime_gan.config import Config, Network, flat
from anime_gan.config.stages import stages_of
from anime_gan.web.page import without_folders

# Keys that the columns below show, and keys that say where and how often files are written, or how
# a machine is used.
_SHOWN = ("version", "model.width", "training.batch_size", "objective.name", "objective.penalties")
_SHOWN += ("generator.rate", "discriminator.rate", "generator.optimizer", "discriminator.optimizer")
_SHOWN += ("training.ema_kimg", "training.precision", "training.steps", "training.minutes")
_APART = ("run", "data.images", "data.cache", "schedule.", "metrics.", "distribution.")
_APART += ("data.on_device", "training.micro_batch", "training.deterministic")
_APART += ("training.threads",)
_DEFAULTS = flat(Config().model_dump())
NOTHING = "–"
OTHERS = "other differences"  # the last column, if there are any


def table(results: list[dict[str, Any]]) -> tuple[int, list[str], list[list[str]]]:
    """Return the settings of entrants.

    results: as from comparison/results.py; their "config" and "precision" are used.

    Returns:
        How many of the columns differ between entrants, which are the first; the headings, with
        OTHERS at the end if they differ in more keys; and a row of cells for each entrant.
    """
    rows = [_cells(result["config"], result["precision"]) for result in results]
    differ = [heading for heading in rows[0] if len({row[heading] for row in rows}) > 1]
    headings = sorted(rows[0], key=lambda heading: heading not in differ)
    cells = [[row[heading] for heading in headings] for row in rows]
    others = _others([flat(result["config"].model_dump()) for result in results])
    if any(others):
        headings.append(OTHERS)
        cells = [[*row, other or NOTHING] for row, other in zip(cells, others, strict=True)]
    return len(differ), headings, cells


def budget_of(config: Config) -> str:
    """Return how long a run is to be: "12 minutes", "5,000 steps", or both."""
    steps, minutes = config.training.steps, config.training.minutes
    parts = [f"{minutes:g} minutes"] if minutes is not None else []
    parts += [f"{steps:,} steps"] if steps is not None else []
    return " or ".join(parts) or "without end"


def _cells(config: Config, precision: str) -> dict[str, str]:
    """Return the cells of an entrant by heading; those of a growing run are of its last size."""
    config = stages_of(config)[-1].config
    training, objective = config.training, config.objective
    ema = f"{_number(training.ema_kimg)} kimg" if training.ema_kimg else "none"
    return {
        "version": config.version,
        "width": f"{config.model.width:.4g}",
        "batch": f"{training.batch_size:,}",
        "rate (G, D)": _of_both(config, lambda network: _number(network.rate)),
        "optimizer": _of_both(config, lambda network: network.optimizer),
        "loss": ", ".join([objective.name, *objective.penalties]).replace("_", " "),
        "budget": budget_of(config),
        "EMA": ema,
        "precision": precision,
    }


def _of_both(config: Config, what: Callable[[Network], str]) -> str:
    """Return a setting of the generator, and of the discriminator if that differs."""
    return ", ".join(dict.fromkeys([what(config.generator), what(config.discriminator)]))


def _number(value: float | tuple[float, float] | str) -> str:
    """Return a number as short as it is exact, or a schedule as "start → end"."""
    if isinstance(value, tuple | list):
        return " → ".join(_number(part) for part in value)
    if isinstance(value, str):
        return value
    if not 0 < value < 0.01:
        return f"{value:g}"
    mantissa, exponent = f"{value:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _others(configs: list[dict[str, Any]]) -> list[str]:
    """Return for each config the keys in which it differs from another and from the default."""
    keys = dict.fromkeys(key for config in configs for key in config)
    differ = [
        key
        for key in keys
        if not key.startswith(_APART)
        and key not in _SHOWN
        and len({str(config.get(key)) for config in configs}) > 1
    ]
    return [_listed({key: config[key] for key in differ if key in config}) for config in configs]


def _listed(values: dict[str, Any]) -> str:
    """Return the values that are not the defaults; those of both networks once."""
    parts: dict[str, list[str]] = {}
    for key, value in values.items():
        if value != _DEFAULTS.get(key):
            section, _, rest = key.partition(".")
            network = {"generator": "G", "discriminator": "D"}.get(section)
            text = f"{rest if network else key}={_text(value)}"
            parts.setdefault(text, []).extend([network] if network else [])
    joined = {text: ",\u00a0".join(own) for text, own in parts.items()}
    return ", ".join(f"{text} ({own})" if own else text for text, own in joined.items())


def _text(value: Any) -> str:
    """Return a value as the command line takes it."""
    if isinstance(value, tuple | list):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return without_folders(str(value))
