"""What a report is asked for: the folder of a sweep or of a final model, by any of their names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facesearch.errors import InputError
from facesearch.report.log import sweep_run
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import telling
from facesearch.tuning.folder import find_sweep, opening

_FINAL_FILES = ("report.json", "manifest.json", "model")


@dataclass(frozen=True)
class Subject:
    """What is reported on.

    Args:
        kind: ``sweep`` or ``final``.
        folder: Of it.
        known_run: Its run in MLflow, if it was found by that; "": to be looked up.

    """

    kind: str
    folder: Path
    known_run: str = ""

    def run_id(self, store: Store) -> str:
        """Return the run that the report belongs to, or "" if the store has none.

        Raises:
            InputError: If the store does not answer.

        """
        if self.known_run:
            return self.known_run
        if self.kind == "sweep":
            run = sweep_run(store, str(opening(self.folder)["sweep_id"]))
            return str(run.info.run_id) if run is not None else ""
        return _run_of_final(store, self.folder)


def find_subject(what: str, store: Store, runs_dir: Path) -> Subject:
    """Return what a word stands for.

    Args:
        what: A folder, the name of a sweep, or how the id of a run begins.
        store: Where runs are looked up.
        runs_dir: Where sweeps and final models are.

    Raises:
        InputError: If it is none of them, or several.

    """
    for path in (Path(what), runs_dir / what):
        if (path / "ledger").is_file():
            return Subject("sweep", path)
        if any((path / name).exists() for name in _FINAL_FILES):
            return Subject("final", path)
    try:
        return Subject("sweep", find_sweep(runs_dir, what))
    except InputError as error:
        reason = str(error)
    runs = _runs_beginning(store, what) if len(what) >= 3 else []
    if len(runs) != 1:
        several = f"{len(runs)} runs begin with '{what}'. " if runs else ""
        raise InputError(f"report: {several}{reason} Nor is it a final model or the id of a run.")
    return _of_run(runs[0], runs_dir)


def _runs_beginning(store: Store, what: str) -> list[Any]:
    with telling(store):
        client = store.client()
        runs = client.search_runs([store.experiment_id(client)], max_results=5000)
    return [run for run in runs if run.info.run_id.startswith(what)]


def _of_run(run: Any, runs_dir: Path) -> Subject:
    tags, run_id = run.data.tags, run.info.run_id
    if tags.get("facesearch.kind") == "final":
        folder = runs_dir / f"final-{tags.get('facesearch.trial_run_id', '')[:8]}"
        if not folder.is_dir():
            raise InputError(f"report: the folder {folder} of the final run {run_id} is not there.")
        return Subject("final", folder, run_id)
    sweep_id = tags.get("facesearch.sweep_id")
    for ledger in runs_dir.glob("*/ledger"):
        if opening(ledger.parent).get("sweep_id") == sweep_id:
            return Subject("sweep", ledger.parent)
    raise InputError(f"report: the sweep of run {run_id} has no folder in {runs_dir}; use --runs.")


def _run_of_final(store: Store, folder: Path) -> str:
    """Return the newest finished final run of the trial that a folder is named after."""
    trial = folder.resolve().name.removeprefix("final-")
    with telling(store):
        client = store.client()
        runs = client.search_runs(
            [store.experiment_id(client)], "tags.`facesearch.kind` = 'final'",
            order_by=["attributes.start_time DESC"],
        )  # fmt: skip
    for run in runs:
        if run.data.tags.get("facesearch.trial_run_id", "").startswith(trial):
            return str(run.info.run_id)
    return ""
