"""The result of an entrant: read from its run, and measured once."""

import hashlib
import json
from array import array
from pathlib import Path
from statistics import median
from typing import Any

from anime_gan.comparison.entrants import Entrant
from anime_gan.config.stages import images_seen
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.files import whole_file
from anime_gan.metrics.during_training import METRICS
from anime_gan.metrics.evaluate import measure, of_weights
from anime_gan.networks.describe import build_shapes, gflops
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import RunFolder
from anime_gan.runs.health import read_findings
from anime_gan.runs.history import LOSSES, Curve, read_rows


def collect(entrant: Entrant, networks: list[FeatureNetwork], count: int) -> dict[str, Any] | None:
    """Return all that the page shows of a run, or None if it has no checkpoint yet.

    What was measured, on `count` images at most, is kept in the run's comparison.json, and not
    measured again for the same weights, networks and count. UserError if the weights are gone, or
    have not grown to the full resolution.
    """
    run = RunFolder(entrant.config.run)
    found = checkpoint.newest(run.weights)
    if not found or found[0]["step"] == 0:
        return None
    facts = found[0]
    weights = run.generator_file(facts["step"])
    wanted = {
        "format": 2,
        "step": facts["step"],
        "weights": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "data": facts["data_key"],
        "count": count,
        "networks": [network.name for network in networks],
    }
    path = run.images / "comparison.json"
    known = _known(path, wanted)
    if known is None:
        subject = of_weights(str(weights), None, count)
        size, last = subject.generated.shape[1], entrant.config.model.resolution
        if size != last:
            raise UserError(
                f"the run has grown only to {size}x{size}, and such images can't be compared with "
                f"{last}x{last}; give a larger budget, or smaller growing.fade_kimg and "
                "growing.stable_kimg."
            )
        both = build_shapes(entrant.config)
        known = {
            "parameters": both.parameter_counts(),
            "gflops": (gflops(both.generator), gflops(both.discriminator)),
            **measure(subject, networks, count)[0],
        }
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps({"of": wanted, "known": known}, indent=2) + "\n")
    curve, speeds = Curve(), array("d")
    for row in read_rows(run.images / "losses.jsonl", LOSSES):
        curve.add(row)
        speeds.append(row["images_per_second"])
    return {
        "step": facts["step"],
        "memory": facts["peak_memory"],
        "seen": images_seen(entrant.config, facts["step"], facts.get("grown") or ()),
        "speed": median(speeds) if speeds else float("nan"),
        "losses": curve.columns,
        "metrics": list(read_rows(run.images / "metrics.jsonl", METRICS)),
        "findings": read_findings(run.images / "health.json"),
        "grid": run.grid(facts["step"]),
        "real_grid": run.reference_grid,
        **known,
    }


def _known(path: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a comparison.json knows of `wanted`, None if nothing or damaged."""
    try:
        kept = json.loads(path.read_text())
        return dict(kept["known"]) if kept["of"] == wanted else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
