"""The result of an entrant: read from its run, and measured once."""

import json
from array import array
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from anime_gan.comparison.entrants import Entrant
from anime_gan.config import Config
from anime_gan.config.stages import images_seen, is_finished
from anime_gan.data.image_set import ImageSet
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.files import make_folder, sha256, whole_file
from anime_gan.generation.load import load_generator
from anime_gan.metrics import measures
from anime_gan.metrics.during_training import METRICS
from anime_gan.metrics.evaluate import Subject, measure
from anime_gan.metrics.reference import ReferenceSet
from anime_gan.networks.describe import build_shapes, gflops
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.grids import save_grid
from anime_gan.runs.health import read_findings
from anime_gan.runs.history import LOSSES, Curve, read_rows

_GRID = 25  # images


@dataclass(frozen=True)
class Measurement:
    """What every entrant is measured with."""

    shared: Config  # its data and metrics are those of the comparison
    images: ImageSet  # the real ones
    networks: list[FeatureNetwork]
    count: int  # images, at most
    curve: FeatureNetwork  # of the distances during training

    def reference(self, count: int) -> ReferenceSet:
        """Return the reference set of at most `count` images."""
        cache = Path(self.shared.data.cache)
        return ReferenceSet(self.images.images, self.images.key, cache, count)

    @property
    def curve_count(self) -> int:
        """How many images the distances during training are of."""
        return min(self.shared.metrics.count, len(self.images.images) // 2)


def collect(entrant: Entrant, by: Measurement) -> dict[str, Any] | None:
    """Return all that the page shows of a run, or None if it has no checkpoint yet.

    What was measured is kept in the run's comparison.json, and the grid in comparison.png; neither
    is made again for the same weights, networks and counts. UserError if the weights are gone, or
    have not grown to the full resolution.
    """
    try:
        return _collect(entrant, by)
    except (UserError, OSError):
        if not entrant.run.is_training:
            raise
        return _collect(entrant, by)  # the files were replaced by those of a later step


def _collect(entrant: Entrant, by: Measurement) -> dict[str, Any] | None:
    run, config = entrant.run, entrant.config
    found = checkpoint.newest(run.weights)
    if not found or found[0]["step"] == 0:
        return None
    facts = found[0]
    step = facts["step"]
    weights = run.generator_file(step)
    wanted = {
        "format": 3,
        "step": step,
        "weights": sha256(weights),
        "data": by.images.key,
        "count": by.count,
        "networks": [network.name for network in by.networks],
        "curve": [by.curve.name, by.curve_count],
    }
    path, grid = run.images / "comparison.json", run.images / "comparison.png"
    known = _known(path, wanted) if grid.is_file() else None
    if known is None:
        known = _measured(entrant, weights, step, by, grid)
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps({"of": wanted, "known": known}, indent=2) + "\n")
    state = "finished" if is_finished(config, step, facts["seconds"]) else "stopped"
    return {
        "config": config,
        "taken": entrant.arguments is None,
        "state": "still being trained" if run.is_training else state,
        "step": step,
        "seconds": facts["seconds"],
        "precision": facts["precision"],
        "memory": facts["peak_memory"],
        "seen": images_seen(config, step, facts.get("grown") or ()),
        "findings": read_findings(run.images / "health.json"),
        "grid": grid,
        "real_grid": run.reference_grid,
        **_losses(run),
        **_curve(run, known["last"] | {"step": step, "trained": facts["seconds"]}),
        **known,
    }


def _measured(
    entrant: Entrant, weights: Path, step: int, by: Measurement, grid: Path
) -> dict[str, Any]:
    """Measure a generator, and write a grid of its images.

    Returns what `metrics.evaluate.measure` does, the networks' sizes, and "last": the distances as
    they are measured during training.
    """
    generator = load_generator(str(weights))
    size, full = generator.resolution, by.shared.model.resolution
    if size != full:
        raise UserError(
            f"the run has grown only to {size}x{size}, and such images can't be compared with "
            f"{full}x{full}; give a larger budget, or smaller growing.fade_kimg and "
            "growing.stable_kimg."
        )
    counts = [len(by.reference(count).sample) for count in (by.count, by.curve_count)]
    generated = generator.images_from_seeds(range(max(*counts, _GRID)))
    make_folder(grid.parent)
    save_grid(grid, generated[:_GRID])
    data = by.shared.data
    config = entrant.config.updated(data={"images": data.images, "cache": data.cache})
    subject = Subject(
        str(weights), generated[: counts[0]], by.images, f"{step}", entrant.run, step, config
    )
    result = measure(subject, by.networks, by.count)[0]
    both = build_shapes(entrant.run.config)  # which has the values of labels
    return {
        "parameters": both.parameter_counts(),
        "gflops": (gflops(both.generator), gflops(both.discriminator)),
        "last": _last(result, generated[: counts[1]], by),
        **result,
    }


def _last(result: dict[str, Any], generated: Any, by: Measurement) -> dict[str, Any]:
    """Return the distances as measured during training: from `result` if it has them."""
    for found in result["comparisons"]:
        if (found["network"], found["count"]) == (by.curve.name, len(generated)):
            return found
    features = {side: by.curve.features(generated, side) for side in measures.SIDES}
    return measures.compare(features, by.reference(len(generated)), by.curve)


def _losses(run: RunFolder) -> dict[str, Any]:
    curve, speeds = Curve(), array("d")
    for row in read_rows(run.images / "losses.jsonl", LOSSES):
        curve.add(row)
        speeds.append(row["images_per_second"])
    return {"losses": curve.columns, "speed": median(speeds) if speeds else float("nan")}


def _curve(run: RunFolder, last: dict[str, Any]) -> dict[str, Any]:
    """Return the distances during training that are like the last ones, which end them.

    "metrics": rows of the same network and count; "other_metrics": network and count of the rows
    that differ, since distances of other counts can't be compared.
    """

    def kind(row: dict[str, Any]) -> tuple[str, int]:
        return row["network"], row["count"]

    rows = [*read_rows(run.images / "metrics.jsonl", METRICS)]
    alike = [row for row in rows if kind(row) == kind(last) and row["step"] < last["step"]]
    return {
        "metrics": [*alike, last],
        "other_metrics": sorted({kind(row) for row in rows if kind(row) != kind(last)}),
    }


def _known(path: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a comparison.json knows of `wanted`, None if nothing or damaged."""
    try:
        kept = json.loads(path.read_text())
        return dict(kept["known"]) if kept["of"] == wanted else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
