"""Measuring while training: what is written, and that it never takes more than its share."""

import importlib.util
import json

import pytest

from anime_gan.data import demo
from anime_gan.data.image_set import ImageSet
from anime_gan.errors import UserError
from anime_gan.metrics import during_training
from anime_gan.metrics.during_training import Metrics
from anime_gan.runs.history import History
from tests.metrics.test_measures import network
from tests.training.test_step import tiny


@pytest.fixture
def pictures():
    """120 drawn faces."""
    faces = demo.draw_faces(120, 64)
    return ImageSet(faces, [str(n) for n in range(120)], [], None, "drawn", "key")


@pytest.fixture
def parts(tmp_path, pictures, monkeypatch):
    """(a gan, its config measuring 20 faces, history); the network needs no weights."""
    monkeypatch.setattr(during_training, "open_network", lambda name: network())
    gan = tiny("v5", "metrics.count=20", f"data.cache={tmp_path}", "model.resolution=64")
    history = History(tmp_path, 0, 4)
    yield gan, gan.config, history
    history.close()


def rows(folder) -> list[dict]:
    """The lines of metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_measurement_waits_for_its_share_of_the_time(parts, pictures, tmp_path):
    """None at first, one when there is time, none right after; with its network and counts."""
    gan, config, history = parts
    with Metrics(config, pictures, tmp_path, 0) as metrics:
        metrics.measure(gan.generator, 1, 1.0, history)
        assert rows(tmp_path) == []
        metrics.measure(gan.generator, 2, 1e5, history)
        (first,) = rows(tmp_path)
        # What it took must be paid for before the next.
        paid = first["seconds"] / config.metrics.share
        metrics.measure(gan.generator, 3, 1e5 + 0.5 * paid, history)
        assert len(rows(tmp_path)) == 1
        metrics.measure(gan.generator, 4, 1e5 + 1.5 * paid, history)
    found = rows(tmp_path)
    assert [row["step"] for row in found] == [2, 4] and found[0]["trained"] == 1e5
    assert (found[0]["network"], found[0]["count"]) == ("grid", 20)
    assert found[0]["whole"]["frechet"] > found[0]["whole"]["floor"]["frechet"]
    # A run that goes on keeps what it has spent, and the rows up to where it is.
    with Metrics(config, pictures, tmp_path, 3) as metrics:
        assert [row["step"] for row in rows(tmp_path)] == [2]
        metrics.measure(gan.generator, 4, 1e5 + 0.5 * paid, history)
        assert len(rows(tmp_path)) == 1
        metrics.measure(gan.generator, 5, 1e5 + 1.5 * paid, history)
        assert len(rows(tmp_path)) == 2


def test_a_network_that_is_missing_is_told_at_the_start(parts, pictures, tmp_path, monkeypatch):
    """Not after minutes of training."""
    monkeypatch.undo()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    metrics = parts[1].metrics.model_copy(update={"network": "opennsfw"})
    with pytest.raises(UserError, match="opennsfw is missing"):
        Metrics(parts[1].model_copy(update={"metrics": metrics}), pictures, tmp_path, 0)


def test_no_share_and_too_few_pictures_measure_nothing(parts, pictures, tmp_path):
    """Neither is an error in the middle of a run."""
    gan, config, history = parts
    none = config.model_copy(update={"metrics": config.metrics.model_copy(update={"share": 0})})
    few = ImageSet(pictures.images[:5], ["a"] * 5, [], None, "few", "few")
    for some, of in ((none, pictures), (config, few)):
        with Metrics(some, of, tmp_path, 0) as metrics:
            metrics.measure(gan.generator, 1, 1e9, history)
        assert rows(tmp_path) == []
