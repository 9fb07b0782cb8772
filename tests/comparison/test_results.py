"""What was measured before is used again only for the same weights; curves are of one kind."""

import json
from types import SimpleNamespace

import pytest

from anime_gan.comparison import results
from anime_gan.runs.folder import RunFolder

OF = {"step": 3, "networks": ["lite0"]}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (json.dumps({"of": OF, "known": {"gflops": [1, 2]}}), {"gflops": [1, 2]}),
        (json.dumps({"of": OF | {"step": 2}, "known": {}}), None),
        (json.dumps({"of": OF}), None),
        (json.dumps({"of": OF, "known": 3}), None),
        ("[]", None),
        ("{", None),
        (None, None),
    ],
)
def test_a_comparison_json(tmp_path, text, known):
    """Anything else is measured again, never a traceback."""
    path = tmp_path / "comparison.json"
    if text is not None:
        path.write_text(text)
    assert results._known(path, OF) == known


def row(step, count=250, network="a"):
    """A row of metrics.jsonl."""
    view = {"frechet": float(step)}
    own = {"step": step, "trained": 1.0 * step, "seconds": 1.0, "network": network}
    return own | {"count": count, "whole": view, "coarse": view}


@pytest.mark.parametrize(
    ("rows", "steps", "others"),
    [
        ([], [5], []),
        ([row(1), row(3)], [1, 3, 5], []),
        ([row(3), row(5), row(7)], [3, 5], []),  # the last is measured once; 7 is of later weights
        ([row(1, count=500), row(2), row(3, network="b")], [2, 5], [("a", 500), ("b", 250)]),
    ],
)
def test_a_curve_ends_with_the_final_measurement(tmp_path, monkeypatch, rows, steps, others):
    """What is of another network or count can't be compared, and is named."""
    monkeypatch.chdir(tmp_path)
    run = RunFolder("mine")
    run.images.mkdir(parents=True)
    (run.images / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    found = results._curve(run, row(5))
    assert [r["step"] for r in found["metrics"]] == steps and found["other_metrics"] == others


def test_the_final_measurement_is_not_made_twice():
    """If the table has the distances of as many images by the same network, it is taken."""
    measured = {"comparisons": [{"network": "a", "count": 9}, {"network": "a", "count": 3}]}

    by = results.Measurement(None, None, [], 0, SimpleNamespace(name="a"))
    assert results._last(measured, [0, 1, 2], by) is measured["comparisons"][1]


@pytest.mark.parametrize("training", [True, False])
def test_files_that_a_training_replaces_are_read_again(monkeypatch, training):
    """Weights of an earlier step vanish while they are read; of a run at rest that is an error."""
    calls = []

    def collected(entrant, by):
        calls.append(entrant)
        if len(calls) == 1:
            raise FileNotFoundError("generator_1.keras")
        return {"step": 2}

    entrant = SimpleNamespace(run=SimpleNamespace(is_training=training))
    monkeypatch.setattr(results, "_collect", collected)
    if training:
        assert results.collect(entrant, None) == {"step": 2}
    else:
        with pytest.raises(FileNotFoundError):
            results.collect(entrant, None)
