"""How many cores and how much memory there are for this process, in a container or not."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # of a container, in its version 2
MEMINFO = Path("/proc/meminfo")


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        number = len(os.sched_getaffinity(0))
    else:
        number = os.cpu_count() or 1
    quota, _, period = _read(CGROUP / "cpu.max").partition(" ")  # microseconds, of each such period
    if quota.isdecimal() and period.isdecimal():
        number = min(number, max(1, int(quota) // int(period)))
    return number


def free_memory() -> int | None:
    """Bytes that could still be used, this process's own in a container aside; None: not known."""
    found = []
    for line in _read(MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            found.append(int(line.split()[1]) << 10)
    limit = _read(CGROUP / "memory.max")
    if limit.isdecimal():
        found.append(int(limit))
    return min(found, default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
