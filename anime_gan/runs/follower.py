"""The run in the processes that train but write no files."""

from __future__ import annotations

from anime_gan.runs.run import Progress


class Follower:
    """The run in the processes other than process 0, which train but write no files."""

    finding = history = not_finite = None
    seconds = 0.0

    def __init__(self, progress: Progress):
        self.progress = progress

    def __enter__(self) -> Follower:
        return self

    def _leave_to_the_first(self, *arguments: object) -> None:
        """Do nothing."""

    start = record = stop_reason = save_if_due = roll_back = __exit__ = _leave_to_the_first
