"""Measures a run's generator while it trains, within a share of the training time."""

import time
from pathlib import Path

import keras
import numpy as np
from pydantic import with_config
from typing_extensions import TypedDict

from anime_gan.config import Config
from anime_gan.data.image_set import ImageSet
from anime_gan.features.network import BATCH, open_network
from anime_gan.generation.generator import draw
from anime_gan.metrics import measures
from anime_gan.metrics.reference import LEAST, ReferenceSet
from anime_gan.networks.labels import inputs_from_seeds
from anime_gan.runs.history import STRICT, History, Lines, row_type

_VIEW = with_config(STRICT)(TypedDict("View", {"frechet": float}))
METRICS = row_type(
    {"trained": float, "seconds": float, "network": str, "count": int}
    | dict.fromkeys(measures.SIDES.values(), _VIEW)
)
_PROBE = 2.0  # seconds that timing the network may take


class Metrics:
    """Measures a run's generator from time to time, and appends a row to metrics.jsonl.

    Measuring takes at most metrics.share of the time. A measurement is due when that share of the
    time since the last one exceeds its expected duration, which is estimated by timing the
    network on one batch, later from the last measurement.
    """

    def __init__(self, config: Config, real: ImageSet, folder: Path, step: int):
        """Open the feature network and the file.

        Args:
            real: the training images. If they are too few, nothing is measured.
            step: from which the run resumes; later rows are dropped.

        Raises:
            UserError: the network of metrics.network is not installed.
        """
        self._config, self._real = config, real
        enough = config.metrics.share and len(real.images) >= 2 * LEAST
        self._network = open_network(config.metrics.network) if enough else None
        self._reference: ReferenceSet | None = None
        self._lines = Lines(folder / "metrics.jsonl", step, METRICS)
        last = self._lines.last or {"trained": 0.0, "seconds": _PROBE}
        self._due = self._after(last["trained"], last["seconds"])

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(self, *exception) -> None:
        self._lines.close()

    def due(self, seconds: float) -> bool:
        """Say whether a measurement is due after `seconds` of training."""
        return self._network is not None and seconds >= self._due

    def measure(
        self, generator: keras.Model, step: int, seconds: float, history: History
    ) -> float | None:
        """Measure a generator, (B, latent_dim) to images in [-1, 1], if that is due.

        `seconds` of training have passed at this step; `history` shows the numbers in TensorBoard.
        Returns the Fréchet distance at full resolution, None if nothing was measured.
        """
        if not self.due(seconds):
            return None
        started = time.perf_counter()
        if self._reference is None:
            self._due = max(self._due, self._after(0.0, _PROBE + self._estimate()))
            if seconds < self._due:
                return None
        seeds = range(len(self._reference.sample))
        images = draw(generator, *inputs_from_seeds(generator, seeds))
        features = {side: self._network.features(images, side) for side in measures.SIDES}
        result = measures.compare(features, self._reference, self._network)
        cost = time.perf_counter() - started
        self._due = self._after(seconds, cost)
        self._lines.add({"step": step, "trained": seconds, "seconds": cost, **result})
        self._lines.flush()
        for view in measures.SIDES.values():
            values = {k: v for k, v in result[view].items() if k != "real_vs_real"}
            history.show(step, {f"{view}/{key}": value for key, value in values.items()})
        return result["whole"]["frechet"]

    def _after(self, seconds: float, cost: float) -> float:
        """Return when a measurement of `cost` seconds is due if the last one was at `seconds`."""
        return seconds + cost / (self._config.metrics.share or 1)

    def _estimate(self) -> float:
        """Open the reference set, time the network, and return the seconds for a measurement."""
        cache, count = Path(self._config.data.cache), self._config.metrics.count
        self._reference = ReferenceSet(self._real.images, self._real.key, cache, count)
        batch = np.asarray(self._real.images[:BATCH])
        self._network.features(batch)  # the first call is slower
        cost = 0.0
        for side in measures.SIDES:
            started = time.perf_counter()
            self._network.features(batch, side)
            each = (time.perf_counter() - started) / BATCH
            missing = self._reference.missing(self._network, self._reference.taken, side)
            cost += each * (len(self._reference.sample) + len(missing))
        return cost
