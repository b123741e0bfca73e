"""Folders and addresses: runs, cache, faces, and the MLflow store."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from facesearch.cli.doctor.finding import GIB, Finding, State, gigabytes
from facesearch.data.cache import cache_root

_DISK, _LITTLE_DISK = 5 * GIB, 0.5 * GIB


def look_at_folder(about: str, folder: Path, mend: str) -> Iterator[Finding]:
    """Say whether a folder can be written, or made, and how much room its disk has."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        yield Finding(about, "wrong", f"{there} is a file", mend)
        return
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(about, "wrong", f"{there} cannot be written", mend)
        return
    free = shutil.disk_usage(there).free
    state: State = "ok" if free > _DISK else "note" if free > _LITTLE_DISK else "wrong"
    found = f"{folder}, {gigabytes(free)} free"
    yield Finding(about, state, found, "" if state == "ok" else f"make room, or: {mend}")


def look_at_places(runs_dir: Path) -> Iterator[Finding]:
    """Look at the folder of the runs and at the cache of decoded faces."""
    yield from look_at_folder("runs", runs_dir, "give another folder with --runs")
    yield from look_at_folder("cache", cache_root(), "set FACESEARCH_CACHE to another folder")


def look_at_faces() -> Iterator[Finding]:
    """Look at FACESEARCH_DATA."""
    value = os.environ.get("FACESEARCH_DATA")
    if not value:
        yield Finding("faces", "ok", "FACESEARCH_DATA is not set: --data FOLDER, or generated ones")
        return
    folder = Path(value).expanduser()
    mend = "set FACESEARCH_DATA to a folder of faces, or unset it"
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        yield Finding("faces", "wrong", f"FACESEARCH_DATA={value} {what}", mend)
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield Finding("faces", "wrong", f"FACESEARCH_DATA={value} cannot be read", mend)
    elif not any(folder.iterdir()):
        yield Finding("faces", "wrong", f"FACESEARCH_DATA={value} is empty", mend)
    else:
        yield Finding("faces", "ok", f"FACESEARCH_DATA={value}; see facesearch data check {value}")


def look_at_sqlite(path: Path, newest: str, known: frozenset[str]) -> Iterator[Finding]:
    """Open a SQLite store for reading, and compare its schema with the installed MLflow's.

    Args:
        path: The file.
        newest: Schema version of the installed MLflow; empty if it is not known.
        known: All that MLflow can bring up to the newest.

    """
    if not path.exists():
        yield Finding("MLflow store", "ok", f"{path}, will be made by the first sweep")
        return
    try:
        version = _schema_version(path)
    except sqlite3.Error as error:
        yield Finding(
            "MLflow store", "wrong", f"{path}: {error}",
            "move it away; facesearch sync SWEEP writes a sweep anew",
        )  # fmt: skip
        return
    if not os.access(path, os.W_OK):
        yield Finding("MLflow store", "wrong", f"{path} cannot be written", f"chmod u+w {path}")
    elif not version:
        yield Finding("MLflow store", "ok", f"{path}, empty, or just being made")
    elif not newest or version == newest:
        yield Finding("MLflow store", "ok", f"{path}, schema {version}")
    elif version in known:
        yield Finding(
            "MLflow store", "note",
            f"{path}: its schema {version} is older than this MLflow's {newest}",
            f"with no sweep running: mlflow db upgrade sqlite:///{path}",
        )  # fmt: skip
    else:
        yield Finding(
            "MLflow store", "wrong", f"{path}: schema {version} is of another MLflow",
            "install the MLflow that wrote it, or move the file away",
        )  # fmt: skip


def _schema_version(path: Path) -> str:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2.0)) as database:
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        if "alembic_version" not in names:
            return ""
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""
