"""Who is alive in a group of processes."""

import time
from pathlib import Path


def living(group: int) -> dict[int, str]:
    """Return the commands of a group's processes; one that has ended is none."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, number = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(number) == group and state != "Z":
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return found


def wait_for(count: int, group: int, timeout_s: float = 60) -> None:
    """Wait until so many of a group are alive."""
    end = time.monotonic() + timeout_s
    while len(living(group)) != count:
        assert time.monotonic() < end, living(group)
        time.sleep(0.05)
