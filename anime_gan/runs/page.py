"""The page of a run, index.html: one file that shows the faces and all that the logs hold.

It is made from the files of the run alone, without Keras, and requests nothing. Absolute
paths of the config are cut to their last part, so that the page can be sent to others.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from anime_gan.config import Config, flat, from_dict
from anime_gan.config.stages import Grown, images_seen, is_finished
from anime_gan.config.versions import get_version
from anime_gan.console import clock
from anime_gan.errors import UserError
from anime_gan.files import whole_file
from anime_gan.runs import charts, checkpoint
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.health import OBSERVATION, Finding, read_findings
from anime_gan.runs.history import CURVES, LOSSES, Curve, read_rows
from anime_gan.web.page import encode, render, without_folders

GRIDS = 60  # on the page, at most
GRID_BYTES, LARGE_BYTES = 60_000, 200_000  # of a grid in the slider, and of another one, as WebP
SIDES, QUALITIES = (800, 560, 400, 280), (80, 60, 40)  # tried in turn until it has so few bytes
HIDDEN = ("distribution.coordinator",)  # the name or address of a machine
_URI = re.compile(f"data:image/webp;base64,[A-Za-z0-9+/=]{{1,{GRID_BYTES * 4 // 3}}}")
_TEMPLATE = Path(__file__).with_suffix(".html")


@dataclass(frozen=True)
class Standing:
    """Where a run stands.

    seconds: trained so far. state: training, stopped or finished. grown: as in `config.stages`.
    """

    step: int
    seconds: float
    state: str
    grown: Grown = ()


def write_page(folder: RunFolder) -> Path:
    """Write the page of a run that this process does not train, and return its path.

    UserError if there is no such run, or the page can't be written.
    """
    curve, last = Curve(CURVES), {}
    for last in read_rows(folder.images / "losses.jsonl", LOSSES):
        curve.add(last)
    facts = checkpoint.newest_facts(folder.weights) or {}
    logged = (last.get("step", 0), last.get("trained", 0.0))
    step, seconds = max((facts.get("step", 0), facts.get("seconds", 0.0)), logged)
    if not facts and not last:
        step = max(folder.grids(), default=0)
    try:
        config = folder.config
    except UserError:  # it is damaged, or was removed with the weights
        config = None
    state = "stopped"
    if folder.is_training:
        state = "training"
    elif config and is_finished(config, step, seconds):
        state = "finished"
    renew_page(
        folder, config, Standing(step, seconds, state, facts.get("grown") or ()), curve.columns
    )
    return folder.page


def renew_page(
    folder: RunFolder, config: Config | None, standing: Standing, curves: np.ndarray
) -> None:
    """Write the page of a run; UserError if it can't be written.

    Args:
        config: None if it is not known.
        standing: grids and lines of logs after its step are left out: they are of steps that are
            trained again.
        curves: the steps and CURVES, (1 + len(CURVES), N).
    """
    findings = read_findings(folder.images / "health.json")
    metrics = charts.comparable(_rows(folder.images / "metrics.jsonl", charts.METRICS, standing))
    observed = _rows(folder.images / "health.jsonl", OBSERVATION, standing)
    every = {step: path for step, path in folder.grids().items() if step <= standing.step}
    text = render(
        _TEMPLATE,
        title=folder.name,
        facts=_facts(config, standing, metrics),
        current=[found for found in findings if found.until is None],
        findings=[(found, _period(found)) for found in findings],
        grids=_slider(folder, [*every]),
        grid_count=len(every),
        real=_grid(folder.reference_grid, LARGE_BYTES),
        best=_best(folder.best_grid),
        measured=metrics[-1] if metrics else None,
        metrics=charts.of_metrics(metrics),
        losses=charts.of_losses(curves),
        observed=charts.of_health(observed),
        changed=_changed(config),
        config=_config_rows(config),
        version=config.version if config else None,
        state=standing.state,
    )
    with whole_file(folder.page) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def chosen(steps: list[int]) -> list[int]:
    """Return at most GRIDS of a run's steps with grids: the first, the last, and some between.

    They are every n-th, with n a power of two, so that a step left out stays so.
    """
    stride = 1
    while len(steps[::stride]) >= GRIDS:
        stride *= 2
    return sorted({*steps[::stride], *steps[-1:]})


def _rows(path: Path, row_type: Any, standing: Standing) -> list[dict]:
    return [row for row in read_rows(path, row_type) if row["step"] <= standing.step]


def _slider(folder: RunFolder, steps: list[int]) -> list[dict[str, Any]]:
    """Return the grids of the slider: step, when its file changed, and URI; no damaged ones.

    Encoding takes a quarter of a second for faces of 512 pixels, so those on the page before are
    taken from it.
    """
    known, grids = _on_page(folder.page), []
    for step in chosen(steps):
        changed = _changed_at(folder.grid(step))
        uri = known.get((step, changed)) or _grid(folder.grid(step))
        if uri:
            grids.append({"step": step, "changed": changed, "uri": uri})
    return grids


def _on_page(path: Path) -> dict[tuple[int, int], str]:
    """Return the URIs of the grids on a page by step and change; none if it is of another kind."""
    try:
        line = re.search(r"^const grids = (.*);$", path.read_text("utf-8"), re.MULTILINE)
        grids = {(grid["step"], grid["changed"]): grid["uri"] for grid in json.loads(line[1])}
        return {key: uri for key, uri in grids.items() if _URI.fullmatch(uri)}
    except Exception:  # there is none, or it was changed by hand
        return {}


def _grid(path: Path, largest: int = GRID_BYTES) -> str | None:
    """Return a grid as a URI of at most so many bytes, None if it is missing or damaged."""
    return _encoded(path.absolute(), _changed_at(path), largest)


def _changed_at(path: Path) -> int | None:
    """Return when a file changed, in nanoseconds, None if it is missing."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=4 * GRIDS)
def _encoded(path: Path, changed: int | None, largest: int) -> str | None:
    """As _grid. changed: when the file did; a file is encoded once."""
    try:
        with Image.open(path) as opened:
            image = _without_repeats(opened.convert("RGB"))
    except Exception:  # on a damaged file, Pillow raises errors of every kind
        return None
    for side in SIDES:
        if max(image.size) > side:
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            uri = encode(image, "webp", quality=quality)
            if len(uri) <= largest * 4 // 3:  # of base64
                return uri
    return uri


def _without_repeats(image: Image.Image) -> Image.Image:
    """Return an image without the doubling of pixels that grids of small faces are saved with."""
    pixels = np.asarray(image)
    while min(pixels.shape[:2]) > 64 and not any(size % 2 for size in pixels.shape[:2]):
        half = pixels[::2, ::2]
        if not np.array_equal(half.repeat(2, 0).repeat(2, 1), pixels):
            break
        pixels = half
    return Image.fromarray(pixels)


def _best(path: Path) -> dict[str, Any] | None:
    """Return the grid of the best step with its step and distance, None if there is none."""
    try:
        with Image.open(path) as image:
            step, distance = int(image.text["step"]), float(image.text["distance"])
    except Exception:  # as above; or it is another's best.png
        return None
    return {"step": step, "distance": distance, "uri": _grid(path, LARGE_BYTES)}


def _facts(config: Config | None, standing: Standing, metrics: list[dict]) -> list[tuple]:
    """Return the rows of the table at the top."""
    step, written = f"{standing.step:,}", time.strftime("%Y-%m-%d %H:%M %Z")
    seen, version = "unknown", "unknown: its config is missing or can't be read"
    if config:
        model, steps = config.model, config.training.steps
        gray = ", gray" if model.channels == 1 else ""
        version = f"{config.version}, {model.resolution}x{model.resolution}{gray}"
        step += f" of {steps:,}" if steps else ""
        seen = f"{images_seen(config, standing.step, standing.grown):,}"
    minutes = config and config.training.minutes
    budget = f" of {clock(minutes * 60)}" if minutes else ""
    rows = [
        ("version", version),
        ("state", standing.state),
        ("step", step),
        ("images seen", seen),
        ("time trained", clock(standing.seconds) + budget),
        ("page written", written),
    ]
    if metrics:
        distance, best = min((row["whole"]["frechet"], row["step"]) for row in metrics)
        rows.append(("best Fréchet distance ↓", f"{distance:.1f} at step {best:,}"))
    return rows


def _period(found: Finding) -> str:
    """Return from which step to which a finding lasted, and what was done."""
    end = f"to step {found.until:,}" if found.until is not None else "until now"
    back = found.rolled_back_to
    return f"from step {found.since:,} {end}" + (
        f"; the run was then rolled back to step {back:,}" if back is not None else ""
    )


def _changed(config: Config | None) -> list[tuple[str, str, str]]:
    """Return the keys that differ from the version's recipe: key, value, the recipe's value."""
    try:
        recipe = config and get_version(config.version).recipe
    except UserError:  # a version that is no longer there
        recipe = None
    if recipe is None:
        return []
    usual = from_dict({**recipe, "version": config.version, "run": config.run})
    own, of_recipe = flat(config.model_dump()), flat(usual.model_dump())
    return [
        (key, _shown(key, own[key]), _shown(key, of_recipe[key]))
        for key in own
        if key in of_recipe and own[key] != of_recipe[key]  # not in it: the values of labels
    ]


def _config_rows(config: Config | None) -> list[tuple[str, str]]:
    """Return every key with its value as in config.yaml, without what is personal."""
    return [(key, _shown(key, v)) for key, v in flat(config.model_dump()).items()] if config else []


def _shown(key: str, value: Any) -> str:
    if isinstance(value, str):
        return "not shown" if key in HIDDEN else without_folders(value)
    return json.dumps(value).removesuffix(".0")
