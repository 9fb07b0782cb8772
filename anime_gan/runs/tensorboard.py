"""A run's curves, grids and sentences for TensorBoard, safe against kills and full disks.

tensorboardX creates the summaries, but its writer is not used. It runs in a thread: queued events
are lost if the process is killed, a full disk ends the thread and blocks the run, and two starts
within a second share one file. So the events are written here, as TensorFlow's records: the length,
its checksum, the event, its checksum.
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
    """The file of events of one start."""

    def __init__(self, folder: Path, step: int):
        """Open a new file in the folder of all starts.

        step: from which the run resumes; TensorBoard hides later steps of earlier files.
        """
        folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads files in the order of names; a clock can be set back.
        names = [re.match(r"events\.out\.tfevents\.(\d+)", path.name) for path in folder.iterdir()]
        number = 1 + max((int(match[1]) for match in names if match), default=0)
        super().__init__(folder / f"events.out.tfevents.{number:010}", "xb")
        self._add(Event(file_version="brain.Event:2"))
        self._add(Event(step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        self._add(Event(step=step, summary=summary.scalar(name, value)))

    def add_grid(self, name: str, grid: np.ndarray, step: int) -> None:
        """Add a uint8 image (H, W, C), and flush."""
        self._add(Event(step=step, summary=summary.image(name, grid, dataformats="HWC")))
        self.flush()

    def add_text(self, name: str, text: str, step: int) -> None:
        """Add a sentence, and flush."""
        self._add(Event(step=step, summary=summary.text(name, text)))
        self.flush()

    def _add(self, event: Event) -> None:
        event.wall_time = time.time()
        data = event.SerializeToString()
        for part in (struct.pack("<Q", len(data)), data):
            self.write(part + struct.pack("<I", masked_crc32c(part)))
