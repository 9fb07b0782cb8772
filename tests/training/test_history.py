"""The record of a run: each step once, and no step after the first that is not a number."""

import json
import resource

import numpy as np
import pytest

from errors import UserError
from training.history import History, Lines, read_rows


SCALARS = ("d_loss", "g_loss", "real_accuracy", "fake_accuracy", "penalty")


def scalars(value=0.5) -> dict:
    """What a step returns."""
    return dict.fromkeys(SCALARS, np.float32(value))


def test_every_step_is_a_line_and_a_resume_leaves_no_gap_or_double(tmp_path):
    """Steps after the checkpoint are trained again, so their old lines go; half lines too."""
    history = History(tmp_path, 0, batch_size=4)
    for step in range(1, 8):
        history.add(step, scalars())
    history.flush()
    history.close()
    path = tmp_path / "losses.jsonl"
    cut_off = '{"step": 8, "d_lo'
    changed = ["", "[]", '{"d_loss": 1}', '{"step": "5"}', cut_off]
    path.write_text("\n".join([*changed, path.read_text(), cut_off]))
    history = History(tmp_path, 5, batch_size=4)
    for step in range(6, 10):
        history.add(step, scalars(step))
    history.flush()
    history.save_curve(tmp_path / "losses.png")
    history.close()
    rows = [json.loads(line) for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 10)) == [r["step"] for r in history.rows]
    assert rows[-1]["d_loss"] == 9 and set(rows[0]) == {"step", *SCALARS, "images_per_second"}
    assert (tmp_path / "losses.png").stat().st_size > 5000
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_a_loss_that_is_no_number_stops_by_its_step(tmp_path):
    """The step is named, what was good before it is on disk, and nothing after it."""
    history = History(tmp_path, 0, batch_size=4)
    for step, value in ((1, 0.5), (2, 0.4), (3, np.nan), (4, 0.3)):
        history._pending.append((step, scalars(value)))
    with pytest.raises(UserError, match="step 3"):
        history.flush()
    assert [row["step"] for row in read_rows(tmp_path / "losses.jsonl", ["g_loss"])] == [1, 2]


def test_rows_are_the_same_before_and_after_a_stop(tmp_path):
    """The curve is drawn of them, and the monitor judges by them."""
    lines = Lines(tmp_path / "some.jsonl", 0, [])
    lines.add({"step": 1, "d_loss": 1 / 3, "nested": {"fid": 2e-9 / 7}})
    lines.close()
    again = Lines(tmp_path / "some.jsonl", 1, [])
    again.close()
    assert again.rows == lines.rows and abs(lines.rows[0]["d_loss"] - 1 / 3) < 1e-6


@pytest.mark.parametrize("names", [["losses.jsonl", "events"], ["events"]])
def test_a_refused_write_is_told_by_its_file_and_the_rest_is_whole(tmp_path, names):
    """As on a full disk; the limit on a file's size needs no rights, and takes effect half-way."""
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
    assert [row["step"] for row in history.rows] == [1][: len(names) - 1]
