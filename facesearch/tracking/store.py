"""Where MLflow keeps its runs, and how a run is found again."""

import os
import shlex
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# Not by MLflow: repeated blindly, a call that only seemed to fail makes a second run. The tracker
# looks before it repeats, and it cannot while a request hangs for the two minutes of the default.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.tracking._tracking_service.utils import _artifact_repos_cache

from facesearch.errors import InputError, without_secrets
from facesearch.tracking.address import check_address, is_database, package_of, sqlite_file
from facesearch.tracking.quiet import hush
from facesearch.tracking.rows import REPEAT_OF, Row
from facesearch.tracking.sqlite_home import ARTIFACTS, is_whole, make_whole, settle
from facesearch.tracking.telling import telling
from facesearch.tuning.records import FINALIZABLE, OUTCOMES, left_word, present_word, ranked

EXPERIMENT = "facesearch"
# Fewer characters of a run's id stand for too many runs; more is no word for one.
_LEAST_WORD, _MOST_WORD = 3, 100
# Outcomes by the ids of sweeps and the numbers of trials.
Left = Mapping[str, Mapping[int, str]]
_NONE: Left = {}


@dataclass(frozen=True)
class Store:
    """An MLflow store: its address, and where artifacts of a local one go."""

    uri: str = field(repr=False)  # may hold a password
    artifacts: str | None = None

    @property
    def place(self) -> str:
        """Its address, to be printed: without passwords, tokens and keys."""
        return without_secrets(self.uri)

    @property
    def file(self) -> Path | None:
        """The file of a SQLite store; None of others."""
        return sqlite_file(self.uri)

    def client(self) -> MlflowClient:
        """Return a client to write with; what is missing of a SQLite store is made.

        Raises:
            InputError: If the store cannot be opened; MLflow itself would try for minutes.

        """
        hush()
        if self.file is not None:
            make_whole(self.file, self.artifacts)
            settle(self.file, EXPERIMENT)
        return self._opened()

    def reader(self) -> MlflowClient:
        """Return a client to look with: nothing is made.

        Raises:
            InputError: If nobody has written the store yet, or it cannot be opened.

        """
        hush()
        self.refuse_missing()
        if self.file is not None:
            settle(self.file, EXPERIMENT)
        return self._opened()

    def is_absent(self) -> bool:
        """Whether it is a SQLite store that nobody has written yet.

        Raises:
            InputError: If its file cannot be opened.

        """
        return self.file is not None and not is_whole(self.file)

    def refuse_missing(self) -> None:
        """Refuse a SQLite store that nobody has written yet; a look must not make it.

        Raises:
            InputError: If it is absent, or its file cannot be opened.

        """
        if self.is_absent():
            raise InputError(
                f"no MLflow store at {self.file}: no sweep has been tracked there. Run `facesearch "
                "tune SPACE` first, or say where it is with --runs FOLDER or --tracking-uri URI."
            )

    def experiment(self, client: MlflowClient) -> Any:
        """Return our experiment, or None if there is none yet.

        Raises:
            InputError: If somebody has deleted it.

        """
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is not None and found.lifecycle_stage == "deleted":
            raise InputError(
                f"MLflow at {self.place}: the experiment '{EXPERIMENT}' was deleted. Bring it back "
                f"with its runs: MLFLOW_TRACKING_URI={shlex.quote(self.place)} mlflow experiments "
                f"restore --experiment-id {found.experiment_id}"
            )
        return found

    def experiment_id(self, client: MlflowClient) -> str:
        """Return the id of our experiment, made on first use.

        Raises:
            InputError: If somebody has deleted it.

        """
        experiment = self.experiment(client)
        if experiment is not None:
            return str(experiment.experiment_id)
        try:
            return str(client.create_experiment(EXPERIMENT, artifact_location=self.artifacts))
        except MlflowException:
            experiment = self.experiment(client)
            if experiment is None:
                raise
            return str(experiment.experiment_id)  # another command was quicker

    def _opened(self) -> MlflowClient:
        # kept in the process by the ids of runs, which a copied runs folder has as well
        _artifact_repos_cache.clear()
        with telling(self):
            try:
                return MlflowClient(tracking_uri=self.uri)
            except ModuleNotFoundError as error:
                if not is_database(self.uri) or not error.name:
                    raise
                package = package_of(error.name.partition(".")[0])
                told = f"MLflow at {self.place}: its driver is not installed here: pip install"
                raise InputError(f"{told} {package}") from None


def resolve_store(uri: str | None, runs_dir: Path) -> Store:
    """Choose the store: the given address, else ``MLFLOW_TRACKING_URI``, else SQLite in runs_dir.

    Whether it can be written shows when it is: a sweep goes on without.

    Raises:
        InputError: If the address is of no known kind, or a relative SQLite path.

    """
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if chosen:
        check_address(chosen)
        return Store(chosen)
    folder = runs_dir.resolve()
    return Store(f"sqlite:///{folder / 'mlflow.db'}", (folder / ARTIFACTS).as_uri())


def find_run(store: Store, run_id: str, left: Left = _NONE) -> Any:
    """Return the MLflow run of a trial; for a sweep's run, that of its best trial.

    Args:
        store: Where to look; nothing is made there.
        run_id: The name of a sweep, the newest of that name; or a run id or the beginning of one
            (3 characters or more), unique.
        left: What the ledgers have of sweeps that nobody works on, and MLflow may not have.

    Raises:
        InputError: If there is none, several, or it is no finished trial.

    """
    client = store.reader()
    runs = _our_runs(client, store)
    run = _only_run(store, runs, run_id)
    kind = run.data.tags.get("facesearch.kind")
    if kind == "sweep":
        best = _of_sweep(runs, run, left)[:1]
        if not best:
            name = run.data.tags.get("mlflow.runName", run_id)
            raise InputError(f"'{name}' is a sweep without a finished trial. {_newest(runs)}")
        return best[0]
    outcome = _outcome(run, left)
    if kind != "trial" or outcome not in FINALIZABLE:
        raise InputError(
            f"run '{run_id}' is a {kind or 'foreign'} run with outcome '{outcome}'; finalize needs "
            f"a trial that was trained, or a sweep. {_newest(runs)}"
        )
    return run


def _only_run(store: Store, runs: list[Any], word: str) -> Any:
    """Return the run that a word stands for: a name that is exact goes before a beginning."""
    matches = _sweeps_named(runs, word)[:1]
    if not matches and _LEAST_WORD <= len(word) <= _MOST_WORD:
        matches = [run for run in runs if run.info.run_id.startswith(word)]
    if len(matches) != 1:
        what = f"{len(matches)} runs begin with" if matches else "No run"
        least = "" if len(word) >= _LEAST_WORD else " Of an id, write at least 3 characters."
        told = word[:_MOST_WORD]
        raise InputError(f"{what} '{told}' in MLflow at {store.place}.{least} {_newest(runs)}")
    return matches[0]


def _sweeps_named(runs: list[Any], name: str) -> list[Any]:
    """Return the sweeps of a name, or of a folder of that name, newest first."""
    named = [
        run
        for run in runs
        if run.data.tags.get("facesearch.kind") == "sweep"
        and name in (run.data.tags.get("facesearch.folder"), run.data.tags.get("mlflow.runName"))
    ]
    return sorted(named, key=lambda run: run.info.start_time, reverse=True)


def sweep_trials(store: Store, trial: Any, left: Left = _NONE) -> list[Any]:
    """Return the finished trials of the sweep that a trial is of, ranked as the sweep ranks them.

    Repeats of a config with other seeds are no further trials: they are in its place. left: as of
    `find_run`.
    """
    return _of_sweep(_our_runs(store.reader(), store), trial, left)


def _of_sweep(runs: list[Any], one: Any, left: Left) -> list[Any]:
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
    rows = {run.info.run_id: _row(run, left) for run in of_sweep}
    repeats: dict[int, list[Row]] = defaultdict(list)
    for row in rows.values():  # whatever became of it: one that failed counts against its config
        if row.repeat_of is not None:
            repeats[row.repeat_of].append(row)
    firsts = [row for row in rows.values() if row.repeat_of is None and row.is_finalizable]
    by_id = {run.info.run_id: run for run in of_sweep}
    return [by_id[row.run_id] for row in ranked(firsts, lambda row: repeats[row.number])]


def _row(run: Any, left: Left = _NONE) -> Row:
    """Return what a run says of its trial's place in the sweep."""
    metrics, tags = dict(run.data.metrics), run.data.tags
    again = tags.get(REPEAT_OF)
    return Row(
        str(run.info.run_id), "", int(tags.get("facesearch.trial", -1)), _outcome(run, left),
        int(metrics.get("epochs", 0)), metrics.get("score", metrics.get("best/score")),
        metrics=metrics, repeat_of=None if again is None else int(again),
    )  # fmt: skip


def _outcome(run: Any, left: Left = _NONE) -> str:
    tags = run.data.tags
    told = present_word(tags.get("facesearch.outcome", "running"))
    trials = left.get(tags.get("facesearch.sweep_id", ""))
    if trials is None or told in OUTCOMES:
        return told
    return trials.get(int(tags.get("facesearch.trial", -1)), left_word(told))


def _our_runs(client: MlflowClient, store: Store) -> list[Any]:
    runs: list[Any] = []
    token: str | None = None
    with telling(store):
        experiment = store.experiment(client)
        while experiment is not None:
            where = [experiment.experiment_id]
            page = client.search_runs(where, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                break
    return runs


def _newest(runs: list[Any]) -> str:
    trials = [
        f"{run.info.run_id[:8]} ({_row(run).score:.3f})"
        for run in runs
        if _outcome(run) in ("completed", "pruned") and _row(run).score is not None
    ]
    return f"Newest finished trials: {', '.join(trials[:3])}." if trials else "It holds no trials."
