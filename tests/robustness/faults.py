"""What can happen to a training run: faults in its process, and damage to its files.

The project is not changed for it. Python calls an audit hook before every file is opened, renamed
or removed: there the process is killed, or gets the error that the system would give.
"""

import errno
import os
import re
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from anime_gan.runs import checkpoint

KILLED, REFUSED = -signal.SIGKILL, 2

# What is written, as the audit hook sees it: its event, and a pattern of the file's name.
WRITES = {
    "checkpoint": ("open", r"\.\d+\.checkpoint_\d+\.npz"),
    "grid": ("open", r"\.\d+\.gan_\d+\.png"),
    "loss curve": ("open", r"\.\d+\.losses\.png"),
    "losses.jsonl": ("open", r"losses\.jsonl"),
    "TensorBoard": ("open", r"events\.out.*"),
    "health.jsonl": ("open", r"health\.jsonl"),
    "metrics.jsonl": ("open", r"metrics\.jsonl"),
    "config.yaml": ("open", r"\.\d+\.config\.yaml"),
    "gan.json": ("open", r"\.\d+\.gan\.json"),
    "image cache": ("open", r"[0-9a-f]{32}\..*\.tmp"),
    # The library that writes weights calls no hook; the loss curve's rename comes right before.
    "weights": ("os.rename", r"losses\.png"),
}


@dataclass(frozen=True)
class Fault:
    """Something that happens to one start of a run.

    name: its row in the table. within: done in the process before it trains. before, after: done to
    the run's folder before and after. ends: the status that the process must end with. words: that
    its error must hold, where it is refused.
    """

    name: str
    ends: int
    within: Callable[[], None] = lambda: None
    before: Callable[[Path], None] = lambda folder: None
    after: Callable[[Path], None] = lambda folder: None
    words: str = ""


def die() -> None:
    """End this process as a power cut or the system's memory killer would."""
    os.kill(os.getpid(), signal.SIGKILL)


def soon(seconds: float, action: Callable[[], None] = die) -> None:
    """Do something from another thread, wherever this one is then."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def at_call(name: str, number: int, seconds: float = 0.0, action: Callable[[], None] = die) -> None:
    """Do something so many seconds after the n-th call of a method of the run's history begins."""
    from anime_gan.runs.history import History

    original, counted = getattr(History, name), iter(range(1, 10**9))

    def method(self, *arguments):
        if next(counted) == number:
            soon(seconds, action) if seconds else action()
        return original(self, *arguments)

    setattr(History, name, method)


def at_write(kind: str, action: Callable[[str], None], number: int = 1) -> None:
    """Do something right before the n-th write of a kind."""
    event, pattern = WRITES[kind]
    counted = iter(range(1, 10**9))

    def hook(name: str, arguments: tuple) -> None:
        if name != event:
            return
        path, flags = (arguments[1], os.O_RDWR) if event == "os.rename" else arguments[::2]
        if not isinstance(path, str | os.PathLike) or not flags & (os.O_WRONLY | os.O_RDWR):
            return
        if re.fullmatch(pattern, os.path.basename(path)) and next(counted) == number:
            action(str(path))

    sys.addaudithook(hook)


def at_rename(pattern: str, action: Callable[[], None], number: int, after: bool) -> None:
    """Do something right before the n-th rename to a name, or the next one's beginning after it."""
    counted, done = iter(range(1, 10**9)), []

    def hook(name: str, arguments: tuple) -> None:
        if done and name == "open":  # of the folder, to sync it
            action()
        renamed = name == "os.rename" and os.path.basename(str(arguments[1]))
        if renamed and re.fullmatch(pattern, renamed) and next(counted) == number:
            done.append(True) if after else action()

    sys.addaudithook(hook)


def fill_disk(path: str) -> None:
    """Let every file of this process end where it is now or after some bytes, as on a full disk.

    The kernel then writes a part and refuses the rest, for which it takes no rights.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (90, resource.RLIM_INFINITY))


def refuse_to_write(path: str) -> None:
    """What the system says of a disk that was put to read-only."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)


def let_clock_jump(draw: np.random.Generator) -> None:
    """Give this process a clock that is days off, another number of them each time it is read."""
    real = time.time
    time.time = lambda: real() + float(draw.uniform(-30, 30)) * 86_400


def newest(folder: Path) -> Path:
    """Return the newest checkpoint of the run in a folder."""
    return max(folder.glob("weights/r/checkpoint_*.npz"), key=step_of)


def step_of(path: Path) -> int:
    """Return the step that a checkpoint is named by."""
    return int(path.stem.rpartition("_")[2])


def cut_off(draw: np.random.Generator) -> Callable[[Path], None]:
    """Return a function that shortens the newest checkpoint to a random length."""

    def damage(folder: Path) -> None:
        os.truncate(newest(folder), int(draw.integers(1, newest(folder).stat().st_size)))

    return damage


def flip(draw: np.random.Generator) -> Callable[[Path], None]:
    """Return a function that flips one random bit of the newest checkpoint."""

    def damage(folder: Path) -> None:
        data = bytearray(newest(folder).read_bytes())
        data[draw.integers(len(data))] ^= 1 << draw.integers(8)
        newest(folder).write_bytes(data)

    return damage


def empty(folder: Path) -> None:
    """Leave nothing in the newest checkpoint."""
    os.truncate(newest(folder), 0)


def replace_by_folder(folder: Path) -> None:
    """Put a folder where the newest checkpoint was."""
    path = newest(folder)
    path.unlink()
    path.mkdir()


def keep_copy(folder: Path) -> None:
    """Copy the run's weights and checkpoints."""
    shutil.copytree(folder / "weights/r", folder / "kept")


def put_back(folder: Path) -> None:
    """Take the copy again, as a user would."""
    shutil.rmtree(folder / "weights/r")
    (folder / "kept").rename(folder / "weights/r")


def cut_off_all(folder: Path) -> None:
    """Cut off every checkpoint, and keep a copy."""
    keep_copy(folder)
    for path in folder.glob("weights/r/checkpoint_*.npz"):
        os.truncate(path, 1000)


def make_newer_format(folder: Path) -> None:
    """Write the newest checkpoint in a format that is not known yet, and keep a copy."""
    keep_copy(folder)
    facts, arrays = checkpoint.newest(folder / "weights/r")
    known, checkpoint.FORMAT = checkpoint.FORMAT, checkpoint.FORMAT + 1
    checkpoint.save(folder / "weights/r", facts["step"], arrays, facts, keep=99)
    checkpoint.FORMAT = known


def kills(draw: np.random.Generator, count: int) -> list[Fault]:
    """Return kills at random moments: while a step is done, at a write, in the first seconds."""
    opened = [kind for kind in WRITES if "json" not in kind or kind == "gan.json"]
    opened = [kind for kind in opened if kind not in ("TensorBoard", "weights")]
    result = []
    for number in range(count):
        nth, seconds = int(draw.integers(1, 8)), float(draw.uniform(0, 0.01))
        before = lambda folder: None  # noqa: E731
        if number % 10 == 9:
            name, within = "in start-up", None
        elif number % 2 == 0:
            name, within = "in a step", partial(at_call, "add", nth, 5 * seconds)
        elif number % 8 == 1:
            name, within = "writing: logs", partial(at_call, "flush", 1 + nth // 3, seconds)
        elif number % 8 == 3:
            after = bool(draw.integers(2))
            name = f"right {'after' if after else 'before'} a rename"
            pattern = r"(checkpoint|gan|generator)_.*"
            within = partial(at_rename, pattern, die, nth, after)
        else:
            kind = opened[draw.integers(len(opened))]
            nth = 1 + nth % 2 if kind in ("checkpoint", "grid", "loss curve") else 1
            then = lambda path, s=seconds: soon(s)  # noqa: E731
            name, before = f"writing: {kind}", _fresh_cache(kind)
            within = partial(at_write, kind, then, nth)
        result.append(Fault(f"killed {name}", KILLED, within, before))
    return result


def _fresh_cache(kind: str):
    """Return what makes a start write the image cache again, if that is meant."""

    def remove(folder: Path) -> None:
        for path in folder.glob("data/cache/*") if kind == "image cache" else ():
            path.unlink()

    return remove


def damages(draw: np.random.Generator) -> list[Fault]:
    """Return damage to the newest checkpoint, each after some steps that end in a kill."""
    result = []
    for name, damage in (
        *[("checkpoint cut off", cut_off(draw))] * 4,
        *[("checkpoint with a flipped bit", flip(draw))] * 4,
        ("checkpoint of no bytes", empty),
        ("folder in a checkpoint's place", replace_by_folder),
    ):
        some = partial(at_call, "add", 6)  # at least one checkpoint further
        result.append(Fault(name, KILLED, some, damage, words="is damaged"))
    for name, damage, words in (
        ("all checkpoints cut off", cut_off_all, "no checkpoint"),
        ("checkpoint of a newer format", make_newer_format, "newer version"),
    ):
        result.append(Fault(name, REFUSED, before=damage, after=put_back, words=words))
    return result


def refusals() -> list[Fault]:
    """Return a disk that is full, or read-only, at each kind of write."""
    result = []
    for kind in WRITES:
        for name, action in (("full", fill_disk), ("read-only", refuse_to_write)):
            if kind == "weights" and name == "read-only":
                continue  # what its trigger could refuse is the loss curve's rename
            within = partial(at_write, kind, action)
            words = "image cache" if kind == "image cache" else ""
            result.append(
                Fault(f"disk {name}: {kind}", REFUSED, within, _fresh_cache(kind), words=words)
            )
    return result


def clocks(draw: np.random.Generator) -> list[Fault]:
    """Return starts with a clock that is another time each time it is read, and kills."""

    def within() -> None:
        let_clock_jump(draw)
        at_call("add", 7)

    return [Fault("clock that jumps by days, and a kill", KILLED, within)] * 3


def short(draw: np.random.Generator) -> list[Fault]:
    """Return a few faults of different kinds, for a run of 13 steps."""
    then = lambda path: soon(0.003)  # noqa: E731
    return [
        Fault("killed in a step", KILLED, partial(at_call, "add", 9, 0.01)),
        Fault(
            *("checkpoint with a flipped bit, and a kill in writing one", KILLED),
            within=partial(at_write, "checkpoint", then),
            before=flip(draw),
            words="is damaged",
        ),
        next(fault for fault in refusals() if fault.name == "disk full: grid"),
    ]
