"""Train one run on several devices and machines: split batches, synchronize decisions.

Keras's DataParallel keeps all variables on every device and shards each batch. The compiled step
computes the same as on one device; the compiler adds the communication. On several machines each
runs one process of the same program, with the same loop. Only process 0 reads and writes the run.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import keras
import numpy as np

from anime_gan import backend
from anime_gan.config import Config, flat
from anime_gan.config.stages import stages_of
from anime_gan.errors import UserError, clean_exit
from anime_gan.runs.stopping import StopReason, StopRequest

JOIN_SECONDS = 300  # within which all processes must have joined
LOST_SECONDS = 30  # without a heartbeat, after which a process counts as lost
OVER = 255  # the vote to end for another reason than a signal; larger than every signal
# Keys that may differ between processes.
OWN_KEYS = ("distribution.process", "data.images", "data.labels", "data.cache", "data.cache_share")
_CHUNK = 2**24

_LOST = (
    "the connection to another process of this run is lost, and that process's terminal may say "
    "why; give the same commands again, with any number of machines or devices, to resume from the "
    "newest checkpoint."
)


class Group:
    """The processes that train one run together; usually there is only this one.

    index: of this process. count: of all processes. alone: whether this is the only one. leads:
    whether this is process 0, which reads and writes the run. devices: the number in all processes.
    """

    def __init__(self, config: Config):
        asked = config.distribution
        self.index, self.count = asked.process or 0, asked.processes or 1
        self.alone, self.leads = self.count == 1, self.index == 0
        self.devices, self._distribution, self._vote = 1, None, 0
        if is_used(config):
            devices = _devices_of(config, backend.several_devices().devices())
            self.devices = len(devices)
        if self.devices > 1:
            self._distribution = keras.distribution.DataParallel(
                devices=devices, auto_shard_dataset=False
            )

    @property
    def device(self) -> str:
        """The name of the devices, for the terminal."""
        if self.devices == 1:
            return backend.device()
        machines = "" if self.alone else f" in {self.count} processes"
        return f"{self.devices} x {backend.device()}{machines}"

    def scope(self) -> AbstractContextManager:
        """Return a context in which networks are made for all devices."""
        return self._distribution.scope() if self._distribution else nullcontext()

    def rows(self, batch_size: int, batches: int) -> np.ndarray | slice:
        """Return which rows of consecutive batches are this process's."""
        if self.alone:
            return slice(None)
        own = batch_size // self.count
        first = np.arange(batches)[:, None] * batch_size + self.index * own
        return (first + np.arange(own)).ravel()

    def share(self, message: dict | None = None, arrays: dict | None = None) -> tuple[dict, dict]:
        """Return what process 0 passes; the others pass nothing, and wait.

        message: anything that JSON can hold. arrays: NumPy arrays by name.
        """
        if self.alone:
            return message, arrays or {}
        packed = np.zeros(0, np.uint8)
        if self.leads:
            file = io.BytesIO()
            text = np.frombuffer(json.dumps(message).encode(), np.uint8)
            np.savez(file, **{"": text}, **(arrays or {}))
            packed = np.frombuffer(file.getbuffer(), np.uint8)
        digits = np.array(divmod(len(packed), _CHUNK), np.int32)  # JAX has no int64 by default
        chunks, rest = map(int, backend.several_devices().broadcast(digits))
        size = chunks * _CHUNK + rest
        parts = []
        for start in range(0, size, _CHUNK):  # of equal length: one compiled program
            part = np.zeros(min(_CHUNK, size), np.uint8)
            own = packed[start : start + _CHUNK]  # empty in the other processes
            part[: len(own)] = own
            parts.append(backend.several_devices().broadcast(part))
        with np.load(io.BytesIO(np.concatenate(parts)[:size]), allow_pickle=False) as file:
            sent = {name: file[name] for name in file.files}
        return json.loads(_text(sent.pop(""))), sent

    def from_leader(self, value: Callable[[], Any]) -> Any:
        """Return what `value` returns in process 0, which alone calls it: for JSON."""
        if self.alone:
            return value()
        return self.share({"value": value()} if self.leads else None)[0]["value"]

    def shared_reason(
        self, reason: Callable[[], StopReason | None], stop: StopRequest
    ) -> StopReason | None:
        """Return process 0's reason to stop, found after it has the signals of all processes.

        stop: this process's request; a signal that another process got is copied to it.
        """
        if self.alone:
            return reason()
        signals = backend.several_devices().gather(np.array([stop.signal or 0], np.int32))
        if signals.any():
            stop.signal = int(signals.max())
        found = reason()
        name = self.from_leader(lambda: found.name if found else None)
        return StopReason[name] if name else None

    def agree(self, problem: str | None = None) -> None:
        """Raise UserError in all processes if one of them has a problem, a sentence."""
        if self.alone:
            return
        mine = np.frombuffer((problem or "").encode()[:1000].ljust(1000, b"\0"), np.uint8)
        for index, other in enumerate(backend.several_devices().gather(mine)):
            if other[0]:
                raise UserError(f"process {index} can't join: {_text(other)}")

    def compare(self, config: Config) -> None:
        """Raise UserError in all processes if one has another config than process 0."""
        mine = flat(config.model_dump(mode="json"))
        theirs, _ = self.share(mine)
        for key in mine:
            if key not in OWN_KEYS and mine[key] != theirs.get(key):
                self.agree(
                    f"{key} is {mine[key]} there and {theirs.get(key)} in process 0; all need the "
                    f"same config, except for {', '.join(OWN_KEYS)}."
                )
        self.agree()

    def ends(self, reason: StopReason | None, stop: StopRequest, last: bool) -> bool:
        """Return whether a step is the last one, the same in all processes; called once per step.

        In each step, every process sends a vote. The result is read one step later, so that no
        process waits for it. Training ends two steps after a request.

        Args:
            reason: why this process wants to end, None if it does not.
            stop: this process's request; a signal that another process got is copied to it.
            last: whether all processes know by the step's number that it is the last.
        """
        if self.alone:
            return last or reason is not None
        wish = stop.signal or (OVER if reason else 0)
        wishes = np.full(self.devices // self.count, wish, np.int32)
        before, mesh = self._vote, self._distribution.device_mesh
        self._vote = backend.several_devices().maximum(wishes, mesh)
        result = int(before)
        if result not in (0, OVER):
            stop.signal = stop.signal or result
        ended = last or result > 0
        if ended:
            self._vote = 0  # another loop begins without it
        return ended


def is_used(config: Config) -> bool:
    """Say whether a config asks for more than one device."""
    return config.distribution.devices != 1 or config.distribution.coordinator is not None


def refuse(config: Config) -> None:
    """Raise UserError for an impossible config, before any device is used."""
    asked = config.distribution
    joined = (asked.coordinator, asked.processes, asked.process)
    if is_used(config):
        backend.several_devices()  # raises UserError where there is no JAX
    if is_used(config) and config.data.on_device:
        raise UserError(
            "data.on_device keeps the images on one device, and distribution uses several; set it "
            "to false, or remove the section distribution."
        )
    if None in joined and joined != (None, None, None):
        raise UserError(
            "set all of distribution.coordinator (address of process 0), distribution.processes "
            "(how many) and distribution.process (index of this one), or none of them."
        )
    if asked.processes and asked.process >= asked.processes:
        raise UserError(
            f"distribution.process is {asked.process}, but must be from 0 to "
            f"{asked.processes - 1}, since distribution.processes is {asked.processes}."
        )


def refuse_batches(config: Config, devices: int) -> None:
    """Raise UserError if the devices can't share a batch of any stage in equal parts."""
    micro = config.training.micro_batch
    sizes = {"training.micro_batch": micro} if isinstance(micro, int) else {}
    for stage in stages_of(config):
        sizes.setdefault(stage.batch_key, stage.config.training.batch_size)
    for key, size in sizes.items():
        if size % devices:
            raise UserError(
                f"{key} is {size}, which {devices} devices can't share in equal parts; set it to a "
                f"multiple of {devices}, or use other distribution.devices."
            )


def _devices_of(config: Config, found: list[list[str]]) -> list[str]:
    """Return as many devices of each process as the config asks for, UserError if it can't."""
    counts = [len(devices) for devices in found]
    if len(set(counts)) > 1:
        raise UserError(
            f"the processes have {', '.join(map(str, counts))} devices; make the same number "
            "visible to each, for example with CUDA_VISIBLE_DEVICES=0,1."
        )
    asked = config.distribution.devices
    if asked != "all" and asked > counts[0]:
        raise UserError(
            f"distribution.devices is {asked}, but there are {counts[0]} here "
            f"({backend.device()}); set it to that or less, or to all."
        )
    return [name for devices in found for name in (devices if asked == "all" else devices[:asked])]


@contextmanager
def joined(config: Config) -> Iterator[Group]:
    """Join the processes that the config names and yield their Group; all leave together.

    A process that fails exits at once. Else JAX would wait for the others, and they for it. The
    others then end with a sentence and status 2: at once if a connection breaks, else after
    LOST_SECONDS. UserError if the config is impossible here.
    """
    refuse(config)
    asked = config.distribution
    if asked.coordinator is None:
        group = Group(config)
        refuse_batches(config, group.devices)
        yield group
        return
    absent = (
        f"not all {asked.processes} processes connected to {asked.coordinator} within "
        f"{JOIN_SECONDS} seconds; start the same command on each machine, with "
        "distribution.process=0, 1, ... (0 at this address), and check that the port is open."
    )
    with _Watch(absent) as watch:
        try:
            if asked.process == 0:
                _require_port(asked.coordinator)
            backend.several_devices().join(
                asked.coordinator, asked.processes, asked.process, JOIN_SECONDS, LOST_SECONDS
            )
            watch.sentence = _LOST
            group = Group(config)
            group.compare(config)
            refuse_batches(config, group.devices)
            yield group
            backend.several_devices().leave()
        except BaseException as error:
            watch.end(error)


def _require_port(address: str) -> None:
    """Raise UserError if the coordinator's port is taken: JAX crashes then."""
    port = int(address.rpartition(":")[2])
    try:
        socket.create_server(("", port)).close()
    except OSError as error:
        raise UserError(
            f"port {port} of distribution.coordinator can't be opened here ({error.strerror}); "
            "take another one, the same for all processes."
        ) from None


class _Watch:
    """Ends this process with `sentence`, which may be changed, if another process is lost.

    JAX's service aborts a process whose peers are gone, from a thread of its own, and can't call a
    function of Python instead. So the abort itself is caught, and the long C++ messages of the
    service are hidden unless TF_CPP_MIN_LOG_LEVEL is set.
    """

    def __init__(self, sentence: str):
        self.sentence = sentence
        self._one = threading.Lock()

    def __enter__(self) -> "_Watch":
        self._terminal, self._stderr = os.dup(2), sys.stderr
        sys.stderr = open(self._terminal, "w", buffering=1, closefd=False)
        if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        self._handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(self._aborted)
        libc = ctypes.CDLL(None)
        libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
        libc.signal.restype = ctypes.c_void_p
        libc.signal(signal.SIGABRT, ctypes.cast(self._handler, ctypes.c_void_p))
        return self

    def __exit__(self, *exception) -> None:
        signal.signal(signal.SIGABRT, signal.SIG_DFL)
        os.dup2(self._terminal, 2)
        sys.stderr = self._stderr
        os.close(self._terminal)

    def _aborted(self, number) -> None:
        if not self._one.acquire(blocking=False):
            time.sleep(60)  # another thread reports
        os.write(self._terminal, f"error: {self.sentence}\n".encode())
        os._exit(2)

    def end(self, error: BaseException) -> None:
        """Report an error, and end the process without waiting for the others."""
        if not self._one.acquire(blocking=False):
            time.sleep(60)
        if backend.several_devices().is_lost_process(error):
            error = UserError(self.sentence)

        def fail():
            raise error

        try:
            clean_exit(fail)()
        except SystemExit as ended:
            status = ended.code
        except BaseException as bug:
            sys.excepthook(type(bug), bug, bug.__traceback__)
            status = 130 if isinstance(bug, KeyboardInterrupt) else 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _text(array: np.ndarray) -> str:  # which may end in zeros
    return array.tobytes().rstrip(b"\0").decode(errors="replace")
