"""How much memory is free for networks and images."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from anime_gan import backend

# Where a container's limit and use are found, in the second and the first version of cgroups.
LIMITS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def free_bytes() -> int | None:
    """Return the free bytes: the GPU's, or the system's where there is none; None if unknown."""
    return backend.free_device_bytes() if backend.has_gpu() else _free_system_bytes()


def _free_system_bytes() -> int | None:
    """Return what the system has left for this process, within a container's limit."""
    free = _numbers("/proc/meminfo").get("MemAvailable:")
    for folder, limit, used in LIMITS:
        with suppress(OSError, ValueError):  # there is none, or it is "max"
            top = int(Path(folder, limit).read_text())
            taken = int(Path(folder, used).read_text())
            # Files that were read stay in memory until the room is needed.
            stat = _numbers(f"{folder}/memory.stat")
            taken -= stat.get("active_file", 0) + stat.get("inactive_file", 0)
            free = top - taken if free is None else min(free, top - taken)
    return free


def _numbers(path: str) -> dict[str, int]:
    """Return a file of lines "name number" or "name number kB" in bytes; {} if there is none."""
    numbers = {}
    with suppress(OSError, ValueError):
        for line in Path(path).read_text().splitlines():
            name, number, *unit = line.split()
            numbers[name] = int(number) * (1024 if unit else 1)
    return numbers
