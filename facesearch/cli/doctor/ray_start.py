"""What a Ray of our own would meet on this machine: asked by `doctor`, and before a Ray starts."""

import os
from collections.abc import Iterator
from pathlib import Path

from facesearch.cli.doctor.finding import Finding
from facesearch.cli.doctor.machine import (
    free_memory,
    look_at_memory,
    look_at_open_files,
    look_at_shared_memory,
)
from facesearch.cli.verbosity import say_note
from facesearch.errors import InputError
from facesearch.tuning.address import noted_cluster, silence
from facesearch.tuning.ray_folder import choose_folder, usual_folder

FOLDER = "Ray's folder"
_KNOCK_S = 1.0


def look_before_ray() -> Iterator[Finding]:
    """Look at all that a Ray of our own takes of this machine."""
    yield from look_at_memory(*free_memory())
    yield from look_at_shared_memory()
    yield from look_at_open_files()
    yield from look_at_ray_folder()


def say_ray_findings() -> None:
    """Tell what of it is not well; what Ray cannot do without, it is refused for when it starts."""
    for finding in look_before_ray():
        if finding.state != "ok" and finding.about != FOLDER:  # Ray's start tells of its folder
            say_note(f"{finding.about}: {finding.found}; mend: {finding.mend}")


def look_at_ray_folder() -> Iterator[Finding]:
    """Say where Ray's sockets and logs would be."""
    try:
        folder, why = choose_folder()
    except InputError as error:
        yield Finding(FOLDER, "wrong", str(error), "export RAY_TMPDIR=FOLDER, a short path")
        return
    if folder is None:
        yield Finding(FOLDER, "ok", str(usual_folder()[0]))
    else:
        yield Finding(FOLDER, "note", why, "export RAY_TMPDIR=FOLDER, a short path")


def look_at_other_rays() -> Iterator[Finding]:
    """Look at what names a cluster: RAY_ADDRESS, and the file that `ray start` writes."""
    variable = os.environ.get("RAY_ADDRESS", "").strip()
    if variable:
        state = _state(variable)
        yield Finding(
            "RAY_ADDRESS", "note", f"{variable}: {state}; it is followed with --address auto alone",
            "unset RAY_ADDRESS, or give --address auto",
        )  # fmt: skip
    folder = usual_folder()[0]
    noted = noted_cluster(folder)
    if noted:
        yield _noted(folder / "ray_current_cluster", noted)


def _noted(file: Path, address: str) -> Finding:
    state = _state(address)
    if state == "answers":
        return Finding("Ray cluster", "ok", f"{address} answers; --address auto joins it")
    return Finding(
        "Ray cluster", "note", f"{file} names {address}: {state}",
        f"ray stop, or rm {file}; else --address auto finds a cluster that has died",
    )  # fmt: skip


def _state(address: str) -> str:
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdigit():
        return "is no HOST:PORT"
    try:
        return silence(host.strip("[]"), int(port), _KNOCK_S) or "answers"
    except (OverflowError, UnicodeError):
        return "is no HOST:PORT"
