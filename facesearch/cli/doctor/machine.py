"""Cores, memory, shared memory and open files: what the system gives this process."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from facesearch.cli.doctor.finding import GIB, Finding, gigabytes

# Ray keeps sockets and log files for each worker
_OPEN_FILES = 4096
_FEW_OPEN_FILES = 256
_SHARED = 0.5 * GIB
_MEMORY, _LITTLE_MEMORY = 4 * GIB, 1 * GIB


def look_at_cores() -> Iterator[Finding]:
    """Compare the cores that libraries count with those that the container may use."""
    counted = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else counted
    quota = min(_cpu_quotas(), default=float(counted))
    allowed = min(quota, usable)
    if allowed < counted:
        yield Finding(
            "cores", "note",
            f"{counted} are counted, {allowed:g} may be used (limit of the container, or taskset)",
            f"choose resources.cpus_per_trial so that the trials at a time need {allowed:g}",
        )  # fmt: skip
    else:
        yield Finding("cores", "ok", str(counted))


def look_at_memory(free_bytes: float, limit_bytes: float | None) -> Iterator[Finding]:
    """Say how much memory is free.

    Args:
        free_bytes: Of the machine.
        limit_bytes: What the container may still take; None without a limit.

    """
    free = min(free_bytes, limit_bytes if limit_bytes is not None else free_bytes)
    of = " within the container's limit" if limit_bytes is not None and free < free_bytes else ""
    mend = "end other programs, or give the container more; trials: smaller batch_size, fewer cores"
    if free < _MEMORY:
        state = "wrong" if free < _LITTLE_MEMORY else "note"
        yield Finding("memory", state, f"{gigabytes(free)} free{of}", mend)  # type: ignore[arg-type]
    else:
        yield Finding("memory", "ok", f"{gigabytes(free)} free{of}")


def free_memory() -> tuple[float, float | None]:
    """Return the bytes that are free here, and what the container may still take, if limited."""
    free = float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for line in _text(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            free = 1024.0 * int(line.split()[1])
    lefts = []
    for folder in _groups():
        limit, used = _text(folder / "memory.max"), _text(folder / "memory.current")
        if limit.isdigit() and used.isdigit():
            lefts.append(max(0.0, float(limit) - float(used)))
    return free, min(lefts, default=None)


def look_at_shared_memory(folder: Path = Path("/dev/shm")) -> Iterator[Finding]:
    """Say how large the shared memory is, in which Ray keeps its objects."""
    if not folder.is_dir():
        return
    usage = shutil.disk_usage(folder)
    if usage.free < _SHARED:
        yield Finding(
            str(folder), "note",
            f"{gigabytes(usage.free)} free of {gigabytes(usage.total)}; Ray uses the disk instead",
            "docker run --shm-size=2g",
        )  # fmt: skip
    else:
        yield Finding(str(folder), "ok", f"{gigabytes(usage.free)} free")


def look_at_open_files(hard: int | None = None) -> Iterator[Finding]:
    """Say how many files a process may open, at most: Ray raises its own limit.

    Args:
        hard: The limit up to which a process may; None: that of this one.

    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if hard is None else hard
    if 0 <= limit < _OPEN_FILES:
        yield Finding(
            "open files", "wrong" if limit < _FEW_OPEN_FILES else "note",
            f"at most {limit} in a process; Ray needs more with many trials at a time",
            "ulimit -Hn 65536, by who administers this machine",
        )  # fmt: skip
    else:
        yield Finding("open files", "ok", "no limit" if limit < 0 else f"at most {limit}")


def _cpu_quotas() -> Iterator[float]:
    """Yield the cores that each group of this process allows (Linux; v2, then v1)."""
    for folder in _groups():
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            yield int(quota) / int(period)
    old = Path("/sys/fs/cgroup/cpu")
    quota, period = _text(old / "cpu.cfs_quota_us"), _text(old / "cpu.cfs_period_us")
    if quota.isdigit() and period.isdigit():
        yield int(quota) / int(period)


def _groups() -> Iterator[Path]:
    """Yield the folders of this process's control groups, from the inner to the outer."""
    for line in _text(Path("/proc/self/cgroup")).splitlines():
        folder = Path("/sys/fs/cgroup" + line.split(":", 2)[-1])
        yield from (folder, *folder.parents[:-3])
    yield Path("/sys/fs/cgroup")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
