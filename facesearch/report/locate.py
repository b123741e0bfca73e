"""What a report is asked for: the folder of a sweep or of a final model, by any of their names."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facesearch.errors import InputError
from facesearch.final.bundle import model_digest
from facesearch.final.champion import MODEL_TAG
from facesearch.final.folder import BUNDLE, PREFIX, final_folders, find_final
from facesearch.final.tracking import FOLDER_TAG
from facesearch.report.log import runs_where, sweep_run
from facesearch.tracking.store import Store
from facesearch.tuning.folder import find_sweep, opening
from facesearch.tuning.ledger import read_ledger

_RUN_ID = re.compile(r"[0-9a-zA-Z]{3,64}")
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
        what: A folder, the name of a sweep, or how that of a final model or the id of a run begins.
        store: Where runs are looked up.
        runs_dir: Where sweeps and final models are.

    Raises:
        InputError: If it is none of them, or several.

    """
    for path in (Path(what), runs_dir / what):
        kind = _kind_of(path)
        if kind:
            return Subject(kind, path)
    final = find_final(what, runs_dir)
    if final is not None:
        return Subject("final", final)
    try:
        return Subject("sweep", find_sweep(runs_dir, what))
    except InputError as error:
        reason = str(error)
    except OSError as error:
        raise InputError(f"report: '{what[:100]}': no name of a folder ({error}).") from None
    begins = f"attributes.run_id LIKE '{what}%'"
    runs = runs_where(store, begins) if _RUN_ID.fullmatch(what) else []
    if len(runs) != 1:
        several = f"{len(runs)} runs begin with '{what}'; write more of it. " if runs else ""
        raise InputError(f"report: {several}{reason} Nor is it a final model or the id of a run.")
    return _of_run(runs[0], runs_dir)


def _kind_of(path: Path) -> str:
    """Return what a folder holds, or "" if it is none of ours."""
    try:
        if (path / "ledger").is_file():
            return "sweep"
        return "final" if any((path / name).exists() for name in _FINAL_FILES) else ""
    except OSError:  # too long a name
        return ""


def _of_run(run: Any, runs_dir: Path) -> Subject:
    tags, run_id = run.data.tags, run.info.run_id
    if tags.get("facesearch.kind") == "final":
        return Subject("final", _folder_of_final(run, runs_dir), run_id)
    sweep_id = tags.get("facesearch.sweep_id")
    for ledger in runs_dir.glob("*/ledger"):
        first = next(read_ledger(ledger.parent), {})  # a damaged one is none that is looked for
        if sweep_id and first.get("sweep_id") == sweep_id:
            return Subject("sweep", ledger.parent)
    raise InputError(f"report: the sweep of run {run_id} has no folder in {runs_dir}; use --runs.")


def _folder_of_final(run: Any, runs_dir: Path) -> Path:
    """Return the folder that holds the model of a final run, and so its report."""
    tags, digest = run.data.tags, run.data.tags.get(MODEL_TAG, "")
    # before folders held the options in their name, it followed from the trial alone
    before = f"{PREFIX}{tags.get('facesearch.trial_run_id', '')[:8]}"
    named = runs_dir / str(tags.get(FOLDER_TAG, before))
    if named.is_dir() and (not digest or _digest_of(named) in ("", digest)):
        return named
    renamed = [folder for folder in final_folders(runs_dir) if _digest_of(folder) == digest]
    if digest and renamed:
        return renamed[0]
    what = "holds another model now" if named.is_dir() else "is not there"
    raise InputError(f"report: the folder {named} of the final run {run.info.run_id} {what}.")


def _run_of_final(store: Store, folder: Path) -> str:
    """Return the newest final run of the model in a folder, "" if there is none."""
    digest = _digest_of(folder)
    if digest:
        runs = runs_where(store, f"tags.`{MODEL_TAG}` = '{digest}'")
        for run in sorted(runs, key=lambda run: run.info.status != "FINISHED"):
            return str(run.info.run_id)
    # a run of before said only which trial it was of, as did the folder's name
    trial = folder.resolve().name.removeprefix(PREFIX)
    for run in runs_where(store, "tags.`facesearch.kind` = 'final'", 1000):
        tags = run.data.tags
        if MODEL_TAG not in tags and tags.get("facesearch.trial_run_id", "").startswith(trial):
            return str(run.info.run_id)
    return ""


def _digest_of(folder: Path) -> str:
    """Return which model a folder holds, "" if it holds none."""
    try:
        return model_digest(folder / BUNDLE)
    except OSError:
        return ""
