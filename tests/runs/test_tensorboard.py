"""TensorBoard sees every step once, whatever happened to the run."""

import time

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator

from anime_gan.runs.tensorboard import Board


def seen(folder, kind=event_accumulator) -> event_accumulator.EventAccumulator:
    """What TensorBoard makes of a folder, nothing left out."""
    everything = dict.fromkeys(("scalars", "images", "tensors"), 0)
    return kind.EventAccumulator(str(folder), everything).Reload()


def test_killed_and_gone_on_from_a_checkpoint_no_step_is_missing_or_doubled(tmp_path, monkeypatch):
    """Of three starts, none of them closed, within a second and with a clock that is set back."""
    monkeypatch.setattr(time, "time", iter(range(10**9, 0, -1)).__next__)
    boards = []
    for first, last in ((1, 8), (6, 6), (4, 9)):
        boards.append(Board(tmp_path, first - 1))
        for step in range(first, last + 1):
            boards[-1].add_scalar("d_loss", 10 * first + step, step)
            boards[-1].add_grid("faces", np.full((4, 4, 3), step, "uint8"), step)
        boards[-1].add_text("health", "well", last)
        boards[-1].flush()
        boards[-1].add_scalar("d_loss", 0, last + 1)  # what is still in memory is lost
        monkeypatch.setattr(boards[-1], "close", None)
    found = seen(tmp_path)
    values = [(event.step, event.value) for event in found.Scalars("d_loss")]
    assert values == [(1, 11), (2, 12), (3, 13), *((step, 40 + step) for step in range(4, 10))]
    assert [event.step for event in found.Images("faces")] == list(range(1, 10))
    found = seen(tmp_path, plugin_event_accumulator)  # its pages are drawn from this one
    for name in ("d_loss", "faces"):
        assert [event.step for event in found.Tensors(name)] == list(range(1, 10))
    assert [event.step for event in found.Tensors("health/text_summary")] == [9]


def test_files_of_other_writers_are_read_before_and_a_torn_end_is_passed_over(tmp_path):
    """A run that was begun with files named by the clock, the last of them cut off by a kill."""
    older = Board(tmp_path, 0)
    for step in (1, 2, 3):
        older.add_scalar("d_loss", step, step)
    older.close()
    path = next(tmp_path.iterdir())
    path = path.rename(tmp_path / "events.out.tfevents.1763939393.machine")
    path.write_bytes(path.read_bytes()[:-5])
    board = Board(tmp_path, 2)
    board.add_scalar("d_loss", 33, 3)
    board.close()
    assert max(tmp_path.iterdir()).name == "events.out.tfevents.1763939394"
    values = [(event.step, event.value) for event in seen(tmp_path).Scalars("d_loss")]
    assert values == [(1, pytest.approx(1)), (2, 2), (3, 33)]
