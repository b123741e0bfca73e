"""Where a Ray of our own keeps its sockets and logs: their paths must be short.

Nothing of Ray is imported: `doctor` looks too.
"""

import os
import sys
import tempfile
from pathlib import Path

from facesearch.errors import InputError

# sun_path of a Unix socket, without the zero at its end
SOCKET_BYTES = 103 if sys.platform == "darwin" else 107
# the longest that Ray puts below its folder
_LONGEST = "session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
# Ray's own files of a session are a few MB.
_LEAST_BYTES = 50 * 2**20


def usual_folder() -> tuple[Path, str]:
    """Return the folder that Ray takes unless it is told, and the variable that names it."""
    for name in ("RAY_TMPDIR", "TMPDIR"):
        if name in os.environ and (name == "RAY_TMPDIR" or sys.platform.startswith("linux")):
            return Path(os.environ[name]) / "ray", name
    return Path("/tmp/ray"), ""


def trouble(folder: Path) -> str:
    """Return why Ray cannot use a folder; empty if it can."""
    spare = SOCKET_BYTES - len(os.fsencode(folder.absolute() / _LONGEST))
    if spare < 0:
        return f"is {-spare} bytes too long for Unix sockets, which have {SOCKET_BYTES}"
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        return f"cannot be made: {there} is a file"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"cannot be written: {there}"
    disk = os.statvfs(there)
    if disk.f_bavail * disk.f_frsize < _LEAST_BYTES:
        return f"has less than {_LEAST_BYTES // 2**20} MB of room"
    return ""


def choose_folder() -> tuple[Path | None, str]:
    """Return the folder for a Ray of our own, None for its usual one, and what is to be said.

    Raises:
        InputError: If neither the usual one nor one in /tmp can be used.

    """
    usual, variable = usual_folder()
    why = trouble(usual)
    if not why:
        return None, ""
    named = f"{variable}={os.environ[variable]}: " if variable else ""
    for other in (Path("/tmp/ray"), Path(f"/tmp/ray-{os.getuid()}")):
        if other != usual and not trouble(other):
            return other, f"{named}Ray's folder {usual} {why}; Ray's files go to {other} instead"
    longest = SOCKET_BYTES - len("/ray/") - len(_LONGEST)
    raise InputError(
        f"{named}Ray's folder {usual} {why}, and /tmp cannot be used either. Set RAY_TMPDIR (for "
        f"Ray alone) or TMPDIR to a folder that can be written, of at most {longest} bytes, such "
        f"as {tempfile.gettempprefix()} in your home: export RAY_TMPDIR=$HOME/t"
    )
