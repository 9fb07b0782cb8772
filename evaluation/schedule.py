"""A run's generator measured while it trains, for no more than a share of the run's time."""

import time
from pathlib import Path

import numpy as np

from config import Config
from evaluation import measures
from evaluation.features import BATCH, FeatureNetwork, open_network
from evaluation.reals import LEAST, Reals
from pictures.cache import PictureSet
from training.gan import latents_of
from training.history import History, Lines
from training.sampling import draw

_PROBE = 2.0  # seconds that opening the network and trying it may take


class Metrics:
    """Measures a run's faces now and then, and appends a row to the run's metrics.jsonl.

    folder: where that file is. step: which the run goes on from.

    A measurement waits until all of them together, the one to come included, stay below
    metrics.share of the time that the run has trained; what one costs is told by trying the network
    on a batch, and later by the last one.
    """

    def __init__(self, config: Config, pictures: PictureSet, folder: Path, step: int):
        self._config, self._pictures = config, pictures
        self._lines = Lines(folder / "metrics.jsonl", step)
        self._spent = sum(row["seconds"] for row in self._lines.rows)
        self._network: FeatureNetwork | None = None
        self._cost = _PROBE

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(self, *exception) -> None:
        self._lines.close()

    def measure(self, generator, step: int, seconds: float, history: History) -> None:
        """Measure a generator if there is time for it after `seconds` of training."""
        allowed = self._config.metrics.share * seconds - self._spent
        if allowed < self._cost or len(self._pictures.pictures) < LEAST:
            return
        started = time.perf_counter()
        if self._network is None:
            self._open()
        if allowed >= self._cost:
            count = self._config.metrics.count
            fake = draw(generator, latents_of(range(count), self._config.model.latent_dim))
            made = {side: self._network.features(fake, side) for side in measures.SIDES}
            result = measures.compare(made, self._reals, self._network)
            self._cost = time.perf_counter() - started
            self._lines.add({"step": step, "trained": seconds, "seconds": self._cost, **result})
            self._lines.flush()
            for view in measures.SIDES.values():
                values = {k: v for k, v in result[view].items() if k != "floor"}
                history.show(step, {f"{view}/{key}": value for key, value in values.items()})
        self._spent += time.perf_counter() - started

    def _open(self) -> None:
        """Open the network and estimate from one batch what a measurement will cost."""
        metrics = self._config.metrics
        self._network = open_network(metrics.network)
        self._reals = Reals(
            self._pictures.pictures,
            self._pictures.key,
            Path(self._config.data.cache),
            metrics.count,
        )
        some = np.asarray(self._pictures.pictures[:BATCH])
        self._network.features(some)  # the first is slower
        self._cost = 0.0
        for side in measures.SIDES:
            started = time.perf_counter()
            self._network.features(some, side)
            each = (time.perf_counter() - started) / BATCH
            missing = self._reals.missing(self._network, self._reals.taken, side)
            self._cost += each * (metrics.count + len(missing))
