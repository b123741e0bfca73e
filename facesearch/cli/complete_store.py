"""What a SQLite store of MLflow and the ledgers propose to the shell: ids of runs, keys, trials.

Read by sqlite3 and by pattern: MLflow takes seconds to import, and the tab key is pressed often. A
server is not asked.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from facesearch.tracking.address import sqlite_file

_ID = re.compile(r"[0-9a-f]{1,32}")
_TRIAL = re.compile(rb'"event":"started".*?"trial":(\d+)')
_SHORT = 8
_WAIT_S = 0.1
_IDS = """SELECT runs.run_uuid FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid
WHERE runs.run_uuid LIKE ? AND runs.lifecycle_stage = 'active' AND tags.key = 'facesearch.kind'
AND (tags.value = ? OR ? = '') LIMIT 500"""
_TRIALS = "(SELECT run_uuid FROM tags WHERE key = 'facesearch.kind' AND value = 'trial')"
_KEYS = " UNION ".join(
    f"SELECT DISTINCT key FROM {table} WHERE run_uuid IN {_TRIALS}"
    for table in ("params", "latest_metrics")
)


def run_ids(uri: str | None, runs_dir: Path, beginning: str, kind: str = "") -> Iterator[str]:
    """Yield the ids that begin so, shortened; none before the first character is typed.

    Args:
        uri: Of the store, or None for the usual one.
        runs_dir: Where that one is.
        beginning: What is typed already.
        kind: ``sweep``, ``trial`` or ``final``; "" for all.

    """
    if not _ID.fullmatch(beginning):
        return
    # behind eight characters the short form says nothing new
    length = _SHORT if len(beginning) < _SHORT else 32
    for (run_id,) in _asked(uri, runs_dir, _IDS, (f"{beginning}%", kind, kind)):
        yield run_id[:length]


def keys(uri: str | None, runs_dir: Path) -> Iterator[str]:
    """Yield the names of the params and metrics of trials."""
    for (key,) in _asked(uri, runs_dir, _KEYS, ()):
        yield key


def trial_numbers(sweep: Path) -> Iterator[str]:
    """Yield the trials of a sweep's folder, or of the newest of its name, as three digits."""
    ledgers = [sweep / "ledger", *sorted(sweep.parent.glob(f"{sweep.name}-????/ledger"))[-1:]]
    text = next((path.read_bytes() for path in ledgers if path.is_file()), b"")
    for number in set(_TRIAL.findall(text)):
        yield f"{int(number):03d}"


def _asked(
    uri: str | None, runs_dir: Path, query: str, values: tuple[str, ...]
) -> Iterator[tuple[str]]:  # fmt: skip
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{runs_dir / 'mlflow.db'}"
    path = sqlite_file(chosen)
    if path is None or not path.is_file():
        return
    with closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)
    ) as store:
        yield from store.execute(query, values)
