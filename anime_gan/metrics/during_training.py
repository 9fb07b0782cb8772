"""A run's generator measured while it trains, for no more than a share of the run's time."""

import time
from pathlib import Path

import numpy as np
from pydantic import with_config
from typing_extensions import TypedDict

from anime_gan.config.schema import Config
from anime_gan.data.cache import ImageSet
from anime_gan.features.network import BATCH, open_network
from anime_gan.generation.load import draw
from anime_gan.metrics import measures
from anime_gan.metrics.reference import LEAST, ReferenceSet
from anime_gan.runs.history import STRICT, History, Lines, row_kind
from anime_gan.training.state import latents_of

_VIEW = with_config(STRICT)(TypedDict("View", {"frechet": float}))
METRICS = row_kind(
    {"trained": float, "seconds": float, "network": str, "count": int}
    | dict.fromkeys(measures.SIDES.values(), _VIEW)
)
_PROBE = 2.0  # seconds that trying the network may take


class Metrics:
    """Measures a run's faces now and then, and appends a row to the run's metrics.jsonl.

    folder: where that file is. step: which the run goes on from.

    UserError if the network that metrics.network names can't be had.

    A measurement waits until the time since the last one, of which metrics.share is for measuring,
    pays for it; what it costs is told by trying the network on a batch, and later by the last one.
    """

    def __init__(self, config: Config, pictures: ImageSet, folder: Path, step: int):
        self._config, self._pictures = config, pictures
        self._lines = Lines(folder / "metrics.jsonl", step, METRICS)
        enough = config.metrics.share and len(pictures.images) >= 2 * LEAST
        self._network = open_network(config.metrics.network) if enough else None
        self._reals: ReferenceSet | None = None
        last = self._lines.last or {"trained": 0.0, "seconds": _PROBE}
        self._due = self._after(last["trained"], last["seconds"])

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(self, *exception) -> None:
        self._lines.close()

    def due(self, seconds: float) -> bool:
        """Say whether there is time for a measurement after `seconds` of training."""
        return self._network is not None and seconds >= self._due

    def measure(self, generator, step: int, seconds: float, history: History) -> None:
        """Measure a generator if there is time for it after `seconds` of training."""
        if not self.due(seconds):
            return
        started = time.perf_counter()
        if self._reals is None:
            self._due = max(self._due, self._after(0.0, _PROBE + self._probe()))
            if seconds < self._due:
                return
        seeds = range(len(self._reals.sample))
        fake = draw(generator, latents_of(seeds, self._config.model.latent_dim))
        made = {side: self._network.features(fake, side) for side in measures.SIDES}
        result = measures.compare(made, self._reals, self._network)
        cost = time.perf_counter() - started
        self._due = self._after(seconds, cost)
        self._lines.add({"step": step, "trained": seconds, "seconds": cost, **result})
        self._lines.flush()
        for view in measures.SIDES.values():
            values = {k: v for k, v in result[view].items() if k != "floor"}
            history.show(step, {f"{view}/{key}": value for key, value in values.items()})
        history.flush()

    def _after(self, seconds: float, cost: float) -> float:
        """Return when a measurement that costs as much is paid for, begun to be saved for then."""
        return seconds + cost / (self._config.metrics.share or 1)

    def _probe(self) -> float:
        """Try the network on a batch, and return what seconds a measurement will cost."""
        self._reals = ReferenceSet(
            self._pictures.images,
            self._pictures.key,
            Path(self._config.data.cache),
            self._config.metrics.count,
        )
        some = np.asarray(self._pictures.images[:BATCH])
        self._network.features(some)  # the first is slower
        cost = 0.0
        for side in measures.SIDES:
            started = time.perf_counter()
            self._network.features(some, side)
            each = (time.perf_counter() - started) / BATCH
            missing = self._reals.missing(self._network, self._reals.taken, side)
            cost += each * (len(self._reals.sample) + len(missing))
        return cost
