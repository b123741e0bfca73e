"""Where MLflow keeps its runs, and how a run is found again."""

import contextlib
import logging
import os
import re
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# Not by MLflow: repeated blindly, a call that only seemed to fail makes a second run. The tracker
# looks before it repeats, and it cannot while a request hangs for the two minutes of the default.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from facesearch.errors import InputError
from facesearch.tracking.rows import REPEAT_OF, Row
from facesearch.tuning.records import FINALIZABLE, present_word, ranked

EXPERIMENT = "facesearch"
_RUN_ID = re.compile(r"\w[\w.-]{2,99}")


@dataclass(frozen=True)
class Store:
    """An MLflow store: its address, and where artifacts of a local one go."""

    uri: str
    artifacts: str | None = None

    def client(self) -> MlflowClient:
        """Return a client of the store.

        Raises:
            InputError: If a SQLite file cannot be opened; MLflow itself would try for minutes.

        """
        if not os.environ.get("MLFLOW_LOGGING_LEVEL"):  # asked for, as by -vv
            logging.getLogger("mlflow").setLevel(logging.WARNING)
            # every error that it logs, with a traceback, is raised as well
            logging.getLogger("mlflow.store").setLevel(logging.CRITICAL)
            logging.getLogger("alembic").setLevel(logging.WARNING)
        if self.uri.startswith("sqlite:///"):
            _check_sqlite(Path(self.uri.removeprefix("sqlite:///").partition("?")[0]))
        return MlflowClient(tracking_uri=self.uri)

    def experiment_id(self, client: MlflowClient) -> str:
        """Return the id of our experiment, made on first use."""
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is not None:
            return str(experiment.experiment_id)
        return str(client.create_experiment(EXPERIMENT, artifact_location=self.artifacts))


def resolve_store(uri: str | None, runs_dir: Path) -> Store:
    """Choose the store: the given address, else ``MLFLOW_TRACKING_URI``, else SQLite in runs_dir.

    Whether it can be written shows when it is: a sweep goes on without.

    Raises:
        InputError: If the address is of no known kind, or a relative SQLite path.

    """
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not chosen:
        folder = runs_dir.resolve()
        return Store(f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri())
    scheme = urlsplit(chosen).scheme
    if scheme.startswith("sqlite"):
        if not chosen.startswith("sqlite:////"):
            raise InputError(
                f"tracking uri '{chosen}': a SQLite store needs an absolute path; write "
                f"sqlite:///{Path(chosen.split(':', 1)[1].lstrip('/')).resolve()}"
            )
        return Store(chosen)
    if scheme in ("http", "https"):
        _check_port(chosen)
        return Store(chosen)
    if scheme in ("postgresql", "mysql", "mysql+pymysql", "databricks"):
        return Store(chosen)
    raise InputError(
        f"tracking uri '{chosen}': unknown kind; write http://host:port or sqlite:////path/file.db"
    )


def _check_sqlite(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(path, timeout=20.0)) as database:
            database.execute("PRAGMA schema_version")
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"MLflow's file {path} cannot be opened ({error}).") from None


def _check_port(uri: str) -> None:
    try:
        urlsplit(uri).port  # noqa: B018 - reading it is the check
    except ValueError:
        raise InputError(
            f"tracking uri '{uri}': the port must be 0 to 65535; write http://host:5000"
        ) from None


def find_run(store: Store, run_id: str) -> Any:
    """Return the MLflow run of a trial; for a sweep's run, that of its best trial.

    Args:
        store: Where to look.
        run_id: A run id or the beginning of one (3 characters or more), unique; or the name of a
            sweep, the newest of that name.

    Raises:
        InputError: If there is none, several, or it is no finished trial.

    """
    if not _RUN_ID.fullmatch(run_id):
        raise InputError(f"--run-id '{run_id}': must be 3 to 100 letters, digits, '-', '_', '.'.")
    client = store.client()
    runs = _our_runs(client, store)
    matches = [run for run in runs if run.info.run_id.startswith(run_id)]
    matches = matches or _sweeps_named(runs, run_id)[:1]
    if len(matches) != 1:
        what = f"{len(matches)} runs begin with" if matches else "No run"
        raise InputError(f"{what} '{run_id}' in MLflow at {store.uri}. {_newest(runs)}")
    run = matches[0]
    kind = run.data.tags.get("facesearch.kind")
    if kind == "sweep":
        best = _of_sweep(runs, run)[:1]
        if not best:
            raise InputError(f"run '{run_id}' is a sweep without a finished trial. {_newest(runs)}")
        return best[0]
    outcome = _outcome(run)
    if kind != "trial" or outcome not in FINALIZABLE:
        raise InputError(
            f"run '{run_id}' is a {kind or 'foreign'} run with outcome '{outcome}'; finalize needs "
            f"a trial that was trained, or a sweep. {_newest(runs)}"
        )
    return run


def _sweeps_named(runs: list[Any], name: str) -> list[Any]:
    """Return the sweeps of a name, or of a folder of that name, newest first."""
    named = [
        run
        for run in runs
        if run.data.tags.get("facesearch.kind") == "sweep"
        and name in (run.data.tags.get("facesearch.folder"), run.data.tags.get("mlflow.runName"))
    ]
    return sorted(named, key=lambda run: run.info.start_time, reverse=True)


def sweep_trials(store: Store, trial: Any) -> list[Any]:
    """Return the finished trials of the sweep that a trial is of, ranked as the sweep ranks them.

    Repeats of a config with other seeds are no further trials: they are in its place.
    """
    return _of_sweep(_our_runs(store.client(), store), trial)


def _of_sweep(runs: list[Any], one: Any) -> list[Any]:
    """Return the finished trials of the sweep of one of its runs, best first."""
    sweep_id = one.data.tags.get("facesearch.sweep_id")
    if not sweep_id:
        return []
    of_sweep = [
        run
        for run in runs
        if run.data.tags.get("facesearch.sweep_id") == sweep_id
        and run.data.tags.get("facesearch.kind") == "trial"
    ]
    rows = {run.info.run_id: _row(run) for run in of_sweep}
    repeats: dict[int, list[Row]] = defaultdict(list)
    for row in rows.values():  # whatever became of it: one that failed counts against its config
        if row.repeat_of is not None:
            repeats[row.repeat_of].append(row)
    firsts = [row for row in rows.values() if row.repeat_of is None and row.is_finalizable]
    by_id = {run.info.run_id: run for run in of_sweep}
    return [by_id[row.run_id] for row in ranked(firsts, lambda row: repeats[row.number])]


def _row(run: Any) -> Row:
    """Return what a run says of its trial's place in the sweep."""
    metrics, tags = dict(run.data.metrics), run.data.tags
    again = tags.get(REPEAT_OF)
    return Row(
        str(run.info.run_id), "", int(tags.get("facesearch.trial", -1)), _outcome(run),
        int(metrics.get("epochs", 0)), metrics.get("score", metrics.get("best/score")),
        metrics=metrics, repeat_of=None if again is None else int(again),
    )  # fmt: skip


def _outcome(run: Any) -> str:
    return present_word(run.data.tags.get("facesearch.outcome", "running"))


def _our_runs(client: MlflowClient, store: Store) -> list[Any]:
    runs: list[Any] = []
    token: str | None = None
    try:
        experiment = store.experiment_id(client)
        while True:
            page = client.search_runs([experiment], max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs
    except MlflowException as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"MLflow at {store.uri} does not answer: {reason}") from None


def _newest(runs: list[Any]) -> str:
    trials = [
        f"{run.info.run_id[:8]} ({_row(run).score:.3f})"
        for run in runs
        if _outcome(run) in ("completed", "pruned") and _row(run).score is not None
    ]
    return f"Newest finished trials: {', '.join(trials[:3])}." if trials else "It holds no trials."
