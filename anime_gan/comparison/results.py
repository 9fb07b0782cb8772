"""What a comparison knows of each that took part: read from its run, and measured once."""

import hashlib
import json
from array import array
from pathlib import Path
from statistics import median
from typing import Any

from anime_gan import networks
from anime_gan.comparison.entrants import Entrant
from anime_gan.config.stages import images_seen
from anime_gan.errors import UserError
from anime_gan.features.network import FeatureNetwork
from anime_gan.files import whole_file
from anime_gan.metrics.during_training import METRICS
from anime_gan.metrics.evaluate import measure, of_weights
from anime_gan.networks import describe
from anime_gan.runs import checkpoint
from anime_gan.runs.health import read_events
from anime_gan.runs.history import LOSSES, Curve, read_rows
from anime_gan.runs.run import IMAGES, WEIGHTS
from anime_gan.training.state import Gan


def collect(entrant: Entrant, networks: list[FeatureNetwork], count: int) -> dict[str, Any] | None:
    """Return all that the page shows of a run, or None if it has not come to a checkpoint.

    count: faces to measure. What was measured of the same weights with the same networks is kept
    beside the run's grids and not measured again. UserError if the weights are gone, or have not
    grown to the size of the others.
    """
    images = IMAGES / entrant.run
    found = checkpoint.newest(WEIGHTS / entrant.run)
    if not found or found[0]["step"] == 0:
        return None
    facts = found[0]
    weights = WEIGHTS / entrant.run / f"generator_{facts['step']}.keras"
    if not weights.is_file():
        raise UserError(f"{weights} is gone; give this comparison another --name.")
    wanted = {
        "step": facts["step"],
        "weights": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "data": facts["data_key"],
        "count": count,
        "networks": [network.name for network in networks],
    }
    path = images / "comparison.json"
    known = _known(path, wanted)
    if known is None:
        subject = of_weights(str(weights), None, count)
        size, last = subject.fake.shape[1], entrant.config.model.resolution
        if size != last:
            raise UserError(
                f"its faces have grown to {size}x{size} only and compare with none of {last}x"
                f"{last}; give a larger budget, or smaller growing.fade_kimg and stable_kimg."
            )
        known = _costs(entrant) | measure(subject, networks, count)[0]
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps({"of": wanted, "known": known}, indent=2) + "\n")
    curve, speeds = Curve(), array("d")
    for row in read_rows(images / "losses.jsonl", LOSSES):
        curve.add(row)
        speeds.append(row["images_per_second"])
    return {
        "step": facts["step"],
        "seconds": facts["seconds"],
        "precision": facts["precision"],
        "memory": facts["peak_memory"],
        "seen": images_seen(entrant.config, facts["step"]),
        "speed": median(speeds) if speeds else float("nan"),
        "losses": curve.columns,
        "metrics": list(read_rows(images / "metrics.jsonl", METRICS)),
        "events": read_events(images / "health.json"),
        "grid": images / f"gan_{facts['step']}.png",
        "reals": images / "reals.png",
        **known,
    }


def _known(path: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a comparison.json holds of the same weights, None if of others or damaged."""
    try:
        kept = json.loads(path.read_text())
        return dict(kept["known"]) if kept["of"] == wanted else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _costs(entrant: Entrant) -> dict[str, Any]:
    """Return the parameters and operations of both networks."""
    gan = Gan.create(networks.get_version(entrant.config.version), entrant.config)
    return {
        "parameters": gan.parameter_counts(),
        "gflops": (describe.gflops(gan.generator), describe.gflops(gan.discriminator)),
    }
