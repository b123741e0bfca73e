"""One run in MLflow: what is written of it, and the steps that write the rest.

Every step writes only what is missing, in one call or in calls that each leave a whole state, so
it may be repeated after any failure once the run was read again.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from facesearch.tracking.agenda import SWEEP, Key
from facesearch.tracking.describe import MARK, NOTE
from facesearch.tracking.targets import Target, finite

MAX_METRICS_PER_CALL = 1000
_POINT = "facesearch.point"


@dataclass
class Written:
    """What the store holds of one run."""

    run_id: str
    start_ms: int
    status: str = "RUNNING"
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    epochs: set[int] = field(default_factory=set)
    summary: dict[str, float] = field(default_factory=dict)
    num_summaries: int = 0
    experiment: str = ""


def find_runs(
    client: MlflowClient, experiment: str, sweep_id: str, key: Key | str = "all"
) -> dict[Key, list[Any]]:
    """Return the runs of a sweep by trial, or of one of its trials; SWEEP is the parent."""
    wanted = f"tags.`facesearch.sweep_id` = '{sweep_id}'"
    if key is SWEEP:
        wanted += " and tags.`facesearch.kind` = 'sweep'"
    elif key != "all":
        wanted += f" and tags.`facesearch.trial` = '{key}'"
    found: dict[Key, list[Any]] = defaultdict(list)
    token: str | None = None
    while True:
        page = client.search_runs([experiment], wanted, max_results=1000, page_token=token)
        for run in page:
            number = run.data.tags.get("facesearch.trial")
            found[SWEEP if number is None else int(number)].append(run)
        token = page.token
        if not token:
            return found


def adopt(client: MlflowClient, runs: list[Any]) -> Written | None:
    """Read how far the run is that was found; None if there is none.

    A second one was made by a call that seemed to fail, and that a slow server did after all: it
    is deleted.
    """
    if not runs:
        return None
    run, *others = sorted(runs, key=lambda r: (r.info.start_time, r.info.run_id))
    for other in others:
        client.delete_run(other.info.run_id)
    return Written(
        run.info.run_id,
        run.info.start_time,
        run.info.status,
        dict(run.data.tags),
        dict(run.data.params),
        set(_steps(client, run, "score")),
        dict(run.data.metrics),
        len(_steps(client, run, "epochs")),
        run.info.experiment_id,
    )


def _steps(client: MlflowClient, run: Any, metric: str) -> list[int]:
    if metric not in run.data.metrics:
        return []
    return [point.step for point in client.get_metric_history(run.info.run_id, metric)]


def create(client: MlflowClient, experiment: str, target: Target) -> Written:
    """Make the run."""
    start_ms = int(time.time() * 1000)
    tags = {**target.first_tags, **(target.config or {}), **target.tags}
    run = client.create_run(experiment, start_time=start_ms, tags=tags)
    return Written(run.info.run_id, start_ms, tags=tags, experiment=experiment)


def write_params(client: MlflowClient, written: Written, target: Target) -> None:
    """Log the point, once: a store takes no second value of a param."""
    if target.params and not written.params:
        params = [Param(name, value) for name, value in target.params.items()]
        client.log_batch(written.run_id, params=params)
        written.params = dict(target.params)


def write_curve(client: MlflowClient, written: Written, target: Target) -> None:
    """Log the epochs that are missing, each whole, in as few calls as the store's limit allows."""
    # A point's time follows from the run's start and not from the clock: so a call that is done
    # twice logs the same points twice, which a SQL store takes for one.
    elapsed_s = accumulate(row.get("seconds", 0.0) for row in target.curve)
    batch: list[Metric] = []
    epochs: list[int] = []
    for epoch, (row, seconds) in enumerate(zip(target.curve, elapsed_s, strict=True), 1):
        if epoch in written.epochs:
            continue
        if batch and len(batch) + len(row) > MAX_METRICS_PER_CALL:
            _log_epochs(client, written, epochs, batch)
            batch, epochs = [], []
        batch += _metrics(row, written.start_ms + int(1000 * seconds), epoch)
        epochs.append(epoch)
    if batch:
        _log_epochs(client, written, epochs, batch)


def _log_epochs(
    client: MlflowClient, written: Written, epochs: list[int], batch: list[Metric]
) -> None:
    client.log_batch(written.run_id, metrics=batch)
    written.epochs.update(epochs)


def write_summary(client: MlflowClient, written: Written, target: Target) -> None:
    """Log the summary if it says something new: at step 0, and one further after each session."""
    if all(_is_same(written.summary.get(key), value) for key, value in target.summary.items()):
        return
    step = written.num_summaries
    client.log_batch(written.run_id, metrics=_metrics(target.summary, written.start_ms, step))
    written.summary.update(target.summary)
    written.num_summaries += 1


def _is_same(old: float | None, new: float) -> bool:
    return old is not None and (old == new or (math.isnan(old) and math.isnan(new)))


def write_tags(client: MlflowClient, written: Written, target: Target) -> None:
    """Set the tags that differ; a point that moved away from the params is told in one."""
    tags = dict(target.tags)
    if _has_moved(written, target):
        tags |= {_POINT: target.point, **(target.config or {})}
    changed = {key: value for key, value in tags.items() if written.tags.get(key) != value}
    if changed:
        client.log_batch(written.run_id, tags=[RunTag(*item) for item in changed.items()])
        written.tags |= changed


def _has_moved(written: Written, target: Target) -> bool:
    if _POINT in written.tags:
        return written.tags[_POINT] != target.point
    return bool(written.params) and written.params != target.params


def write_status(client: MlflowClient, written: Written, target: Target) -> None:
    """End the run, or take it up again."""
    if written.status == target.status:
        return
    if target.status == "RUNNING":
        client.update_run(written.run_id, target.status)
    else:
        client.set_terminated(written.run_id, target.status)
    written.status = target.status


def write_experiment(client: MlflowClient, written: Written, target: Target) -> None:
    """Set the tags of the experiment that differ; a description that a person wrote stays.

    Who may not change the experiment of a shared server has its runs all the same.
    """
    if not target.experiment:
        return
    there = client.get_experiment(written.experiment).tags
    changed = {key: value for key, value in target.experiment.items() if there.get(key) != value}
    if there.get(NOTE, "") and not there[NOTE].startswith(MARK):
        changed.pop(NOTE, None)
    try:
        for key, value in changed.items():
            client.set_experiment_tag(written.experiment, key, value)
    except MlflowException as error:
        if error.error_code != "PERMISSION_DENIED":
            raise


Step = Callable[[MlflowClient, Written, Target], None]
# The status comes after all that is of the run: one that has ended is whole.
STEPS: tuple[Step, ...] = (
    write_params, write_curve, write_summary, write_tags, write_status, write_experiment,
)  # fmt: skip


def _metrics(values: dict[str, float], time_ms: int, step: int) -> list[Metric]:
    return [Metric(key, finite(value), time_ms, step) for key, value in values.items()]
