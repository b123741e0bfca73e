"""The SQLite file of a store: made whole or not at all, and at home wherever its folder goes.

runs/mlflow.db     the file
runs/artifacts/    the files of its runs; MLflow notes where they are as absolute addresses
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from filelock import FileLock

from facesearch.errors import InputError

_LOG = logging.getLogger(__name__)
ARTIFACTS = "artifacts"
_WAIT_S = 20.0
# What MLflow takes to make its tables is seconds; a busy disk may take longer.
_MAKING_S = 120.0
# Where MLflow notes the addresses of artifacts.
_ADDRESSES = (
    ("experiments", "artifact_location"), ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"), ("model_versions", "storage_location"),
)  # fmt: skip
# A store begins with its version and these rows; what is more, somebody has put there.
_MORE_ROWS = {
    "experiments": "SELECT count(*) FROM experiments WHERE name NOT IN ('Default', 'facesearch')",
    "workspaces": "SELECT count(*) FROM workspaces WHERE name <> 'default'",
}
_VERSION = "alembic_version"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def make_whole(file: Path, artifacts: str | None) -> None:
    """Make the tables of a store whose file is missing, empty, or was made by half.

    They are made beside it and renamed: whoever is killed, or has no room, leaves no half of them.

    Args:
        file: Of the store.
        artifacts: Where artifacts go; None: as MLflow has it.

    Raises:
        InputError: If the file cannot be opened or made.

    """
    if is_whole(file):
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file.with_name(f".{file.name}.lock"), timeout=_MAKING_S)
        # who had to wait for it looks again: another process may have made it, and written to it
        with lock:
            if not is_whole(file):
                _make_beside(file, artifacts)
    except OSError as error:
        raise _unusable(file, error) from None


def _make_beside(file: Path, artifacts: str | None) -> None:
    with TemporaryDirectory(prefix=".mlflow-", dir=file.parent) as folder:
        made = Path(folder) / file.name
        _make(made, artifacts)
        _put(made, file)


def is_whole(file: Path) -> bool:
    """Whether a store is MLflow's to open; False if it may be made: nobody has put anything in it.

    Of one that has a version MLflow itself tells what is to be done if it is an old one.

    Raises:
        InputError: If the file cannot be opened, or holds something else.

    """
    held = _held(file)
    if held.get(_VERSION):
        return True
    if any(held.values()) or (held and "experiments" not in held):
        raise InputError(
            f"{file}: is no whole store of MLflow. Move it away, and `facesearch sync SWEEP` "
            "writes what the sweeps' ledgers have into a new one."
        )
    return False


def _held(file: Path) -> dict[str, int]:
    """Return how many rows each table holds beyond those that are there from the beginning."""
    try:
        if not file.exists() or not file.stat().st_size:
            return {}
        with _opened(file) as database:
            return {name: _num_rows(database, name) for (name,) in database.execute(_TABLES)}
    except (OSError, sqlite3.Error) as error:
        raise _unusable(file, error) from None


def settle(file: Path, experiment: str) -> None:
    """Let a store that was moved or copied with its folder find its artifacts beside it again.

    Nothing is changed where artifacts are kept elsewhere on purpose, or are not beside it: their
    disk may be away for a while. Nor where the file cannot be written.

    Args:
        file: Of the store.
        experiment: Name of the experiment whose place of artifacts is looked at.

    """
    here = file.parent / ARTIFACTS
    with contextlib.suppress(sqlite3.Error, OSError), _opened(file) as database:
        asked = "SELECT artifact_location FROM experiments WHERE name = ?"
        row = database.execute(asked, (experiment,)).fetchone()
        before = str(row[0]) if row and row[0] else ""
        if before and _has_moved(before, file) and _has_files(database, before, here):
            with database:
                for table, column in _ADDRESSES:
                    _readdress(database, table, column, (before, here.as_uri()))


def _has_moved(before: str, file: Path) -> bool:
    """Whether artifacts were noted in another runs folder, or in one that is not there now."""
    parts = urlsplit(before)
    old, here = Path(unquote(parts.path)), file.parent / ARTIFACTS
    if parts.scheme not in ("", "file") or old.name != ARTIFACTS or old == here:
        return False
    if old.exists():
        # a place without a store beside it is one that somebody has chosen
        return (old.parent / file.name).exists() and not os.path.samefile(old.parent, file.parent)
    return True


def _has_files(database: sqlite3.Connection, before: str, here: Path) -> bool:
    """Whether runs whose files were noted below a place have them here."""
    asked = "SELECT artifact_uri FROM runs WHERE substr(artifact_uri, 1, ?) = ?"
    noted = database.execute(asked, (len(before) + 1, f"{before}/"))
    return any((here / unquote(uri[len(before) + 1 :])).is_dir() for (uri,) in noted)


def _readdress(
    database: sqlite3.Connection, table: str, column: str, places: tuple[str, str]
) -> None:
    old, new = places
    database.execute(
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
        f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
        (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
    )


def _make(file: Path, artifacts: str | None) -> None:
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{file}", artifacts or DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)
    store.engine.dispose()


def _put(made: Path, file: Path) -> None:
    """Give a made file its name, unless another process was quicker; a half is kept beside it."""
    if file.exists() and file.stat().st_size:
        aside = file.with_name(f"{file.name}.half-{datetime.now():%Y%m%d-%H%M%S-%f}")
        file.rename(aside)
        _LOG.warning("%s was made by half, without any runs: it is %s now", file, aside.name)
    file.unlink(missing_ok=True)  # an empty one
    try:
        os.link(made, file)
    except FileExistsError:
        return
    except OSError:  # a disk without links
        os.replace(made, file)


def _num_rows(database: sqlite3.Connection, table: str) -> int:
    query = _MORE_ROWS.get(table, f'SELECT count(*) FROM "{table}"')
    return int(database.execute(query).fetchone()[0])


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(file, timeout=_WAIT_S)) as database:
        yield database


def _unusable(file: Path, error: Exception) -> InputError:
    return InputError(f"MLflow's file {file} cannot be opened ({error}).")
