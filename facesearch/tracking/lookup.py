"""One run of a store in full, by the words that people have for it."""

import json
import re
from typing import Any

from facesearch.errors import InputError
from facesearch.tracking.boards import StoreReader, SweepRun, final_of
from facesearch.tracking.rows import SHORT_ID, Detail, Row, iso_time
from facesearch.tracking.runs import find_runs
from facesearch.tracking.telling import telling
from facesearch.tuning.records import status_word, trial_name

_RUN_ID = re.compile(r"[0-9a-f]{3,32}")
_NUMBERED = re.compile(r"(.+)/(\d{1,6})")
_MOST_SHOWN = 8
# Of these a run has one value, or one a session: no curves.
_SUMMARY = {"epochs", "best/score", "total_seconds", "attempts"}
# What ties a run to code, space, faces and versions; the other tags tell what it is.
_PROVENANCE = re.compile(r"facesearch\.(git|\w+_sha256|python|version\..+|folder|sweep_id)")
# Wiser not to wait for: files of files, of a store that may be far away.
_MOST_FOLDERS = 20


def split_number(word: str) -> tuple[str, int] | None:
    """Return sweep and trial of a word such as ``arcface-0001/017``; None if it is no such word."""
    match = _NUMBERED.fullmatch(word)
    return (match[1], int(match[2])) if match else None


def is_too_short(word: str) -> bool:
    """Whether a word might be the beginning of a run's id, if there were more of it."""
    return not _RUN_ID.fullmatch(word) and bool(_RUN_ID.fullmatch(word.ljust(3, "0")))


def runs_beginning(reader: StoreReader, word: str) -> list[Any]:
    """Return our runs whose id begins so; none if the word cannot be the beginning of one."""
    if not _RUN_ID.fullmatch(word):
        return []
    return reader.runs(f"attributes.run_id LIKE '{word}%'")


def only_run(reader: StoreReader, word: str) -> Any:
    """Return the one run whose id begins so, or None.

    Raises:
        InputError: If there are several; it tells them.

    """
    found = runs_beginning(reader, word)
    if len(found) > 1:
        ids = sorted(str(run.info.run_id) for run in found)
        length = max(SHORT_ID, _num_to_tell(ids))
        lines = [f"  {run.info.run_id[:length]}  {_what(run)}" for run in found[:_MOST_SHOWN]]
        more = [f"  ... and {len(found) - _MOST_SHOWN} more"] if len(found) > _MOST_SHOWN else []
        told = "\n".join([*lines, *more])
        raise InputError(f"{len(found)} runs begin with '{word}'; write more of one:\n{told}")
    return found[0] if found else None


def _num_to_tell(ids: list[str]) -> int:
    """Return how many characters tell sorted ids apart."""
    for length in range(1, 32):
        if len({one[:length] for one in ids}) == len(ids):
            return length
    return 32


def _what(run: Any) -> str:
    tags = run.data.tags
    kind = tags.get("facesearch.kind", "foreign")
    return f"{kind:<6} {tags.get('mlflow.runName', '')}".rstrip()


def trial_run(reader: StoreReader, sweep: SweepRun, number: int) -> Any:
    """Return the run of a trial.

    Raises:
        InputError: If the store has none.

    """
    with telling(reader.store):
        runs = find_runs(reader.client, reader.experiment, sweep.sweep_id, number).get(number, [])
    if not runs:
        raise InputError(
            f"MLflow at {reader.store.place} holds no trial {trial_name(number)} of "
            f"{sweep.names[0]}."
        )
    return min(runs, key=lambda run: (run.info.start_time, run.info.run_id))


def detail_of(reader: StoreReader, run: Any) -> Detail:
    """Return a run in full: a trial's, or that of a final model.

    Raises:
        InputError: If the store fails, or the run is of another kind.

    """
    tags = run.data.tags
    kind = tags.get("facesearch.kind", "")
    if kind not in ("trial", "final"):
        raise InputError(f"run {run.info.run_id[:SHORT_ID]} was not made by facesearch.")
    return Detail(
        kind, tags.get("mlflow.runName", ""), _row(reader, run, kind),
        status=status_word(str(run.info.status)),
        message=tags.get("facesearch.message", ""),
        config=json.loads(tags.get("facesearch.config", "{}")),
        curves=_curves(reader, run),
        provenance=_provenance(run), artifacts=_artifacts(reader, run.info.run_id),
        source=f"MLflow at {reader.store.place}",
    )  # fmt: skip


def _row(reader: StoreReader, run: Any, kind: str) -> Row:
    if kind == "trial":
        return reader.row(run)
    final = final_of(run)
    return Row(
        final.run_id,
        "",
        -1,
        final.status,
        started_s=final.started_s,
        metrics=dict(run.data.metrics),
    )


def _curves(reader: StoreReader, run: Any) -> dict[str, list[float]]:
    """Return the metrics that were logged each epoch; in order, whatever was logged first."""
    curves = {}
    for name in sorted(run.data.metrics):
        if name in _SUMMARY or name.startswith("final/"):
            continue
        with telling(reader.store):
            history = reader.client.get_metric_history(run.info.run_id, name)
        points = sorted(history, key=lambda metric: (metric.step, metric.timestamp))
        curves[name] = [float(metric.value) for metric in points]
    return curves


def _provenance(run: Any) -> dict[str, str]:
    tags = run.data.tags
    told = {
        key.removeprefix("facesearch."): str(value)
        for key, value in sorted(tags.items())
        if _PROVENANCE.fullmatch(key)
    }
    if "facesearch.trial_run_id" in tags:
        told["trial run"] = tags["facesearch.trial_run_id"]
    times = {"started": run.info.start_time, "ended": run.info.end_time}
    return {name: iso_time(ms / 1000) for name, ms in times.items() if ms} | told


def _artifacts(reader: StoreReader, run_id: str) -> list[str]:
    """Return the paths of a run's files; what cannot be listed is not told."""
    found: list[str] = []
    folders = [""]
    try:
        for _ in range(_MOST_FOLDERS):
            if not folders:
                break
            for item in reader.client.list_artifacts(run_id, folders.pop(0) or None):
                if item.is_dir:
                    folders.append(item.path)
                else:
                    found.append(item.path)
    except Exception:
        # the place of artifacts is often another one than the store, and needs keys of its own
        return found
    return sorted(found) + [f"{folder}/..." for folder in folders]
