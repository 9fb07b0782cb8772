"""Reading labels linearly from features: against NumPy, and on labels that are known."""

import numpy as np
import pytest

from anime_gan.features import probe

rng = np.random.default_rng(0)


def reference(x, wanted, penalty: float):
    """Ridge regression with an intercept that is not penalized, by the normal equations."""
    x = x.astype("float64")
    mean, bias = x.mean(axis=0), wanted.mean(axis=0)
    inner = (x - mean).T @ (x - mean) + penalty * np.eye(x.shape[1])
    weights = np.linalg.solve(inner, (x - mean).T @ (wanted - bias))
    return lambda other: (other - mean) @ weights + bias


@pytest.mark.parametrize("columns", [5, 60])  # fewer and more than rows
def test_the_classifier_is_ridge_regression(columns):
    """Also of features whose mean is not 0."""
    x = rng.normal(size=(40, columns)).astype("float32") + 3
    wanted = np.eye(3, dtype="float32")[rng.integers(0, 3, 40)]
    other = rng.normal(size=(7, columns)).astype("float32")
    for penalty in (0.01, 10.0):
        expected = reference(x, wanted, penalty * 40)(other)
        np.testing.assert_allclose(probe._Ridge(x).fit(wanted, penalty)(other), expected, atol=1e-3)


def test_the_penalty_is_chosen_on_training_rows(monkeypatch):
    """The one that is best there is used, not the one that is best on the held-out rows."""
    count = 400
    labels = rng.choice(["a", "b"], count)
    features = rng.normal(size=(count, 350)).astype("float32")
    features[:, 0] += labels == "a"
    rows = probe.split(count, seed=0)
    alone = {}
    for penalty in probe.PENALTIES:
        monkeypatch.setattr(probe, "PENALTIES", np.array([penalty]))
        alone[penalty] = probe.accuracies(features, {"x": labels}, rows)["x"]
    monkeypatch.undo()
    training = features[rows.training]
    training = (training - training.mean(axis=0)) / training.std(axis=0)
    targets = (labels[rows.training] == "b").astype(int)
    parts = probe.split(len(training), seed=0)

    def on_training_rows(penalty: float) -> float:
        x, y = training[parts.training], np.eye(2)[targets[parts.training]]
        scores = reference(x, y, penalty * len(x))(training[parts.held_out])
        return float(np.mean(scores.argmax(axis=1) == targets[parts.held_out]))

    best = max(probe.PENALTIES[::-1], key=on_training_rows)
    assert probe.accuracies(features, {"x": labels}, rows)["x"] == alone[best]
    assert len(set(alone.values())) > 2  # the choice matters


def test_labels_are_read_only_where_they_are():
    """From features that hold one attribute it is read, and the other one by chance."""
    count = 800
    hair, eyes = (rng.choice(["blue", "red", "pink"], count) for _ in range(2))
    features = rng.normal(size=(count, 30)).astype("float32") * 100 + 7
    features[:, 3] += 400 * (hair == "blue")
    features[:, 4] -= 400 * (hair == "red")
    features[:, 5] = 12  # constant
    rows = probe.split(count, seed=1)
    found = probe.accuracies(features, {"hair": hair, "eyes": eyes}, rows)
    assert found["hair"] > 0.9
    assert abs(found["eyes"] - 1 / 3) < 0.15
    assert abs(probe.chance(eyes, rows) - 1 / 3) < 0.1


def test_a_split_keeps_rows_apart_and_repeats_with_its_seed():
    """A quarter is held out, and each row is on one side."""
    rows = probe.split(101, seed=3)
    assert len(rows.held_out) == 25
    np.testing.assert_array_equal(np.sort(np.concatenate([*vars(rows).values()])), np.arange(101))
    again, other = probe.split(101, seed=3), probe.split(101, seed=4)
    np.testing.assert_array_equal(rows.held_out, again.held_out)
    assert not np.array_equal(rows.held_out, other.held_out)


def test_a_class_without_training_rows_counts_as_wrong():
    """No classifier can name it."""
    rows = probe.Split(np.arange(40), np.arange(40, 50))
    labels = np.array(["a", "b"] * 20 + ["new"] * 10)
    assert probe.accuracies(rng.normal(size=(50, 3)), {"x": labels}, rows) == {"x": 0.0}
    assert probe.chance(labels, rows) == 0
