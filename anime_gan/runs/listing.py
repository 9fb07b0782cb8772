"""What a table of all runs shows, read without Keras."""

from __future__ import annotations

import json
import math
from contextlib import suppress

from anime_gan.config.stages import images_seen, is_finished
from anime_gan.errors import UserError
from anime_gan.runs import checkpoint
from anime_gan.runs.folder import WEIGHTS, RunFolder

HEADS = ("run", "version", "step", "images", "trained", "best", "at step", "state")


def table() -> list[tuple[str, ...]]:
    """Return the heads and a row for each run, the one that was trained last at the end."""
    folders = [path.parent for path in WEIGHTS.glob("*/config.yaml")]
    folders.sort(key=lambda folder: (folder / "config.yaml").stat().st_mtime)
    return [HEADS, *(_row(RunFolder(folder.name)) for folder in folders)]


def _row(run: RunFolder) -> tuple[str, ...]:
    facts = checkpoint.newest_facts(run.weights) or {}
    step, seconds = facts.get("step", 0), facts.get("seconds", 0.0)
    try:
        config = run.config
    except UserError:
        return (run.name, "?", f"{step:,}", "", "", "", "", "unreadable config")
    best, finished = best_distance(run), is_finished(config, step, seconds)
    return (
        run.name,
        config.version,
        f"{step:,}",
        f"{images_seen(config, step, facts.get('grown') or ()):,}" if step else "0",
        f"{seconds / 60:.0f} min",
        f"{best[0]:.4g}" if best else "-",
        f"{best[1]:,}" if best else "-",
        "training" if run.is_training else "finished" if finished else "stopped",
    )


def best_distance(run: RunFolder, last: float = math.inf) -> tuple[float, int] | None:
    """Return the smallest Fréchet distance at full resolution that was measured, and its step.

    Distances by another network, or of other counts of images, than the last one are left out.

    last: the last step to consider.
    """
    found: list[tuple[tuple[str, int], tuple[float, int]]] = []
    with suppress(OSError):
        for line in (run.images / "metrics.jsonl").read_text(errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):  # a line that a crash cut off
                row = json.loads(line)
                by, step = (row["network"], row["count"]), int(row["step"])
                if step <= last:
                    found.append((by, (float(row["whole"]["frechet"]), step)))
    return min((one for by, one in found if by == found[-1][0]), default=None)
