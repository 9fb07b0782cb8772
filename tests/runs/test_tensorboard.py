"""TensorBoard shows every step once, also after kills."""

import time

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator

from anime_gan.runs.tensorboard import Board


def loaded(folder, kind=event_accumulator) -> event_accumulator.EventAccumulator:
    """Everything that TensorBoard reads in a folder."""
    everything = dict.fromkeys(("scalars", "images", "tensors"), 0)
    return kind.EventAccumulator(str(folder), everything).Reload()


def test_after_kills_no_step_is_missing_or_doubled(tmp_path, monkeypatch):
    """Three starts within a second, none of them closed, with a clock that goes back."""
    monkeypatch.setattr(time, "time", iter(range(10**9, 0, -1)).__next__)
    boards = []
    for first, last in ((1, 8), (6, 6), (4, 9)):
        boards.append(Board(tmp_path, first - 1))
        for step in range(first, last + 1):
            boards[-1].add_scalar("d_loss", 10 * first + step, step)
            boards[-1].add_grid("faces", np.full((4, 4, 3), step, "uint8"), step)
        boards[-1].add_text("health", "healthy", last)
        boards[-1].flush()
        boards[-1].add_scalar("d_loss", 0, last + 1)  # what is still in memory is lost
        monkeypatch.setattr(boards[-1], "close", None)
    found = loaded(tmp_path)
    values = [(event.step, event.value) for event in found.Scalars("d_loss")]
    assert values == [(1, 11), (2, 12), (3, 13), *((step, 40 + step) for step in range(4, 10))]
    assert [event.step for event in found.Images("faces")] == list(range(1, 10))
    found = loaded(tmp_path, plugin_event_accumulator)  # its pages use this one
    for name in ("d_loss", "faces"):
        assert [event.step for event in found.Tensors(name)] == list(range(1, 10))
    assert [event.step for event in found.Tensors("health/text_summary")] == [9]


def test_files_of_other_writers_come_first_and_a_cut_end_is_skipped(tmp_path):
    """A run that started with a file named by the clock, which a kill cut off."""
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
    values = [(event.step, event.value) for event in loaded(tmp_path).Scalars("d_loss")]
    assert values == [(1, pytest.approx(1)), (2, 2), (3, 33)]
