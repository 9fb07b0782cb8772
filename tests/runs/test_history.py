"""The logs of a run: each step once, and none from the first loss on that is not a number."""

import gc
import json
import resource

import numpy as np
import pytest
from matplotlib.figure import Figure

from anime_gan.errors import UserError
from anime_gan.runs.history import LOSSES, POINTS, Curve, History, Lines, read_rows, row_type

SCALARS = ("d_loss", "g_loss", "real_accuracy", "fake_accuracy", "penalty")

# Values that no column of a row has.
INVALID = (("step", True), ("step", 5.5), ("step", -1), ("d_loss", "1"), ("g_loss", None))
INVALID += (("real_accuracy", float("nan")), ("images_per_second", float("inf")), ("g_loss", [1]))


def scalars(value=0.5) -> dict:
    """The scalars of a step."""
    return dict.fromkeys(SCALARS, np.float32(value))


def test_every_step_is_one_line_also_after_a_resume(tmp_path):
    """Old lines of steps that are trained again are dropped, and so are lines that are cut."""
    history = History(tmp_path, 0, batch_size=4)
    for step in range(1, 8):
        history.add(step, scalars())
    history.flush()
    history.close()
    path = tmp_path / "losses.jsonl"
    scalars_of_5 = json.loads(path.read_text().splitlines()[4])
    cut_off = '{"step": 8, "d_lo'
    invalid = [json.dumps(dict(scalars_of_5, **{key: value})) for key, value in INVALID]
    changed = ["", "[]", '{"d_loss": 1}', '{"step": "5"}', "[" * 100_000, *invalid, cut_off]
    path.write_text("\n".join([*changed, path.read_text(), cut_off]))
    history = History(tmp_path, 5, batch_size=4)
    for step in range(6, 10):
        history.add(step, scalars(step))
    history.flush()
    history.save_curve(tmp_path / "losses.png")
    history.close()
    rows = [json.loads(line) for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 10)) == [*history.curve.columns[0]]
    assert history.last == rows[-1]
    assert rows[-1]["d_loss"] == 9 and set(rows[0]) == {"step", *SCALARS, "images_per_second"}
    assert (tmp_path / "losses.png").stat().st_size > 5000
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_a_loss_that_is_not_a_number_is_named_by_its_step(tmp_path):
    """The rows before it are on disk, and none after it."""
    history = History(tmp_path, 0, batch_size=4)
    for step, value in ((1, 0.5), (2, 0.4), (3, np.nan), (4, 0.3)):
        history._pending.append((step, scalars(value)))
    with pytest.raises(UserError, match="step 3"):
        history.flush()
    assert [row["step"] for row in read_rows(tmp_path / "losses.jsonl", LOSSES)] == [1, 2]


def test_rows_are_the_same_before_and_after_a_stop(tmp_path):
    """The curve and the monitor use them."""
    before, after = [], []
    lines = Lines(tmp_path / "log.jsonl", 0, row_type({}), before.append)
    lines.add({"step": 1, "d_loss": 1 / 3, "nested": {"fid": 2e-9 / 7}})
    lines.close()
    Lines(tmp_path / "log.jsonl", 1, row_type({}), after.append).close()
    assert before == after and abs(before[0]["d_loss"] - 1 / 3) < 1e-6


@pytest.mark.parametrize("names", [["losses.jsonl", "events"], ["events"]])
def test_a_refused_write_names_its_file_and_the_rest_is_whole(tmp_path, names):
    """As on a full disk; a limit on a file's size takes effect in the middle of a write."""
    history = History(tmp_path, 0, batch_size=4)
    history.add(1, scalars())
    history.flush()
    if names == ["events"]:
        (tmp_path / "losses.jsonl").write_text("")  # so that there is room in it again
    history.add(2, scalars())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (250, before[1]))
    try:
        with pytest.raises(UserError, match=f"{names[0]}.* could not be written"):
            history.flush()
        with pytest.raises(UserError, match="could not be written"):
            history.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    history = History(tmp_path, 1, batch_size=4)
    history.close()
    steps = [row["step"] for row in read_rows(tmp_path / "losses.jsonl", LOSSES)]
    assert steps == [1][: len(names) - 1]


def test_a_curve_has_few_points_and_leaves_out_no_step():
    """Those of a short run are its steps; those of a long one are means of equally many steps."""
    curve, steps = Curve(), 3 * POINTS + 7
    for step in range(1, steps + 1):
        curve.add({"step": step, "d_loss": step, "g_loss": -step})
        if step == 50:
            assert curve.columns.tolist() == [
                [*range(1, 51)],
                [*range(1, 51)],
                [*range(-1, -51, -1)],
            ]
    at, d_losses, g_losses = curve.columns
    assert POINTS / 2 <= len(at) < POINTS and at[-1] == steps // 4 * 4
    np.testing.assert_array_equal(at, np.arange(4, steps + 1, 4))
    np.testing.assert_allclose(d_losses, at - 1.5)
    np.testing.assert_allclose(g_losses, -d_losses)


def test_means_are_since_the_call_before(tmp_path):
    """The monitor judges what happened since its last observation."""
    history = History(tmp_path, 0, batch_size=4)
    for step, value in ((1, 0.5), (2, 1.5), (3, 4.0)):
        history.add(step, scalars(value))
        history.flush()
        if step > 1:
            assert history.means() == dict.fromkeys(SCALARS, {2: 1.0, 3: 4.0}[step])
    history.close()


def test_a_curve_leaves_no_garbage(tmp_path):
    """A new figure each time would leave tens of megabytes to the collector, which comes rarely."""
    history = History(tmp_path, 0, batch_size=4)
    history.add(1, scalars())
    history.flush()
    counts = []
    gc.collect()  # what other tests left
    for _ in range(2):
        history.save_curve(tmp_path / "losses.png")
        counts.append(sum(isinstance(kept, Figure) for kept in gc.get_objects()))
    history.close()
    assert counts[0] == counts[1] > 0
