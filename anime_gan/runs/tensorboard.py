"""A run's curves, grids and words for TensorBoard, safe against kills, full disks and the clock.

tensorboardX makes the summaries. Its own writer hands them to a thread: what waits there is lost
with the process, a full disk ends the thread and the run then waits for it, and two starts within a
second share one file. So the events are written here: a record is its length, that one's checksum,
the event and its checksum, as in TensorFlow's record files.
"""

import re
import struct
import time
from pathlib import Path

import numpy as np
from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.record_writer import masked_crc32c

from anime_gan.files import Appended


class Board(Appended):
    """A start's own file of events; flush() hands what came into it to the system.

    folder: where the files of all starts are. step: which the run goes on from; TensorBoard leaves
    out what earlier files have of later steps.

    Raises UserError when the system refuses to write.
    """

    def __init__(self, folder: Path, step: int):
        folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads the files by name, and the clock that others name them by may go back.
        names = [re.match(r"events\.out\.tfevents\.(\d+)", path.name) for path in folder.iterdir()]
        number = 1 + max((int(match[1]) for match in names if match), default=0)
        super().__init__(folder / f"events.out.tfevents.{number:010}", "xb")
        self._add(Event(file_version="brain.Event:2"))
        self._add(Event(step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        self._add(Event(step=step, summary=summary.scalar(name, value)))

    def add_grid(self, name: str, grid: np.ndarray, step: int) -> None:
        """Add a picture (H, W, C), uint8."""
        self._add(Event(step=step, summary=summary.image(name, grid, dataformats="HWC")))

    def add_text(self, name: str, text: str, step: int) -> None:
        """Add a sentence."""
        self._add(Event(step=step, summary=summary.text(name, text)))

    def _add(self, event: Event) -> None:
        """Add an event as a record."""
        event.wall_time = time.time()
        data = event.SerializeToString()
        length = struct.pack("<Q", len(data))
        checksums = (struct.pack("<I", masked_crc32c(part)) for part in (length, data))
        self.write(length + next(checksums) + data + next(checksums))
