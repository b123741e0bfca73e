"""A sweep as a store holds it: found by name, and its comparison page set up there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlflow.exceptions import MlflowException

from facesearch.errors import InputError, no_sweep
from facesearch.tracking.agenda import SWEEP
from facesearch.tracking.charts import SCORE, Seen
from facesearch.tracking.runs import find_runs
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling
from facesearch.tracking.view import knows, page, view_tag


@dataclass(frozen=True)
class Overview:
    """The page of a sweep: after the server's address; and what is to be said about it."""

    name: str
    page: str
    num_trials: int
    note: str = ""


def open_overview(
    store: Store, version: str, sweep: str = "", sweep_id: str = "", again: str = ""
) -> Overview:  # fmt: skip
    """Find a sweep and set its comparison page up.

    Args:
        store: Which must exist.
        version: Of the MLflow whose pages are to be seen.
        sweep: Name or folder of the sweep; empty: the newest one.
        sweep_id: Its id, if that is known; it is looked up by this alone.
        again: Options by which a further command finds the same.

    Raises:
        InputError: If the store does not answer or has no such sweep.

    """
    with telling(store):
        client = store.reader()
        experiment = store.experiment(client)
        if experiment is None:
            raise InputError(f"MLflow at {store.place} holds no sweep of facesearch yet.")
        found = _find(client, experiment.experiment_id, sweep, sweep_id)
        if isinstance(found, list):
            where = f"MLflow at {store.place}"
            if sweep_id:
                raise InputError(
                    f"{where} holds nothing of '{sweep}' yet: first `facesearch sync "
                    f"{sweep}{again}`."
                )
            if not sweep:
                raise InputError(f"{where} holds no sweep of facesearch yet.")
            raise InputError(no_sweep(sweep, found, where))
        return _set_up(client, experiment, found, version)


def _find(client: Any, experiment: str, sweep: str, sweep_id: str) -> Any:
    """Return the parent run of a sweep, or a list of those that there are."""
    runs = client.search_runs(
        [experiment], "tags.`facesearch.kind` = 'sweep'", order_by=["attributes.start_time DESC"]
    )
    asked: Callable[[Any], bool] = lambda run: True  # noqa: E731 - one of three
    if sweep_id:
        asked = lambda run: run.data.tags["facesearch.sweep_id"] == sweep_id  # noqa: E731
    elif sweep:
        asked = lambda run: sweep in _names(run)  # noqa: E731
    matches = [run for run in runs if asked(run)]
    if matches:
        return matches[0]
    return list(dict.fromkeys(_names(run)[0] for run in runs))


def _names(run: Any) -> list[str]:
    tags = run.data.tags
    names = tags.get("facesearch.folder"), tags.get("mlflow.runName")
    return [name for name in names if name] or [run.info.run_id]


def _set_up(client: Any, experiment: Any, parent: Any, version: str) -> Overview:
    sweep_id, name = parent.data.tags["facesearch.sweep_id"], _names(parent)[0]
    runs = find_runs(client, experiment.experiment_id, sweep_id)
    runs.pop(SWEEP, None)
    trials = [
        _seen(runs[key][0]) for key in sorted(runs, key=lambda key: -1 if key is None else key)
    ]
    note = ""
    if not knows(version):
        note = f"the comparison page is not known to work with MLflow {version}: the plain list."
    else:
        key, value = view_tag(parent.data.tags["mlflow.runName"], sweep_id, trials)
        try:
            if experiment.tags.get(key) != value:
                client.set_experiment_tag(experiment.experiment_id, key, value)
        except MlflowException as error:
            note = f"the comparison page could not be stored ({error.error_code}): the plain list."
    address = page(experiment.experiment_id, sweep_id, is_preset=not note)
    return Overview(name, address, len(trials), note)


def _seen(run: Any) -> Seen:
    metrics = run.data.metrics
    head = run.data.tags.get("facesearch.head", "")
    return Seen(dict(run.data.params), head, metrics.get(SCORE), frozenset(metrics))
