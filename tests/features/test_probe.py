"""Reading labels linearly from features: against NumPy, and on labels that are known."""

import numpy as np
import pytest

from anime_gan.features import probe

rng = np.random.default_rng(0)


def reference(x, y, classes: int, penalty: float):
    """Ridge regression with an intercept that is not penalized, by the normal equations."""
    mean, wanted = x.mean(axis=0), np.eye(classes)[y]
    inner = (x - mean).T @ (x - mean) + penalty * np.eye(x.shape[1])
    weights = np.linalg.solve(inner, (x - mean).T @ (wanted - wanted.mean(axis=0)))
    return lambda other: (other - mean) @ weights + wanted.mean(axis=0)


@pytest.mark.parametrize("columns", [5, 60])  # fewer and more than rows
def test_the_classifier_is_ridge_regression(columns, monkeypatch):
    """The penalty is the one with the best leave-one-out accuracy, each row really left out."""
    monkeypatch.setattr(probe, "PENALTIES", np.array([0.01, 0.3, 3.0, 100.0]))
    count, classes = 40, 3
    y = rng.integers(0, classes, count)
    x = rng.normal(size=(count, columns)) + np.eye(classes, columns)[y]
    x -= x.mean(axis=0)

    def left_out(penalty: float) -> float:
        right = 0
        for i in range(count):
            others = np.arange(count) != i
            scores = reference(x[others], y[others], classes, penalty * count)(x[i])
            right += scores.argmax() == y[i]
        return right / count

    found = [left_out(penalty) for penalty in probe.PENALTIES]
    best = max(reversed(range(4)), key=found.__getitem__)
    assert len(set(found)) > 1
    weights, bias = probe._Ridge(x).fit(y, classes)
    expected = reference(x, y, classes, probe.PENALTIES[best] * count)
    np.testing.assert_allclose(x @ weights + bias, expected(x), atol=1e-8)


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
