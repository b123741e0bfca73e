"""A report among the artifacts of the run that it is about."""

from collections.abc import Sequence
from typing import Any

from facesearch.report.chart import Chart, as_file
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling


def log_report(store: Store, run_id: str, page: str, charts: Sequence[Chart]) -> None:
    """Log ``report/report.html`` and ``report/figures/`` to a run.

    Raises:
        InputError: If the store does not take them.

    """
    with telling(store, "the report was not logged: "):
        client = store.client()
        client.log_text(run_id, page, "report/report.html")
        for chart in charts:
            client.log_text(run_id, as_file(chart), f"report/figures/{chart.name}.svg")


def sweep_run(store: Store, sweep_id: str) -> Any:
    """Return the parent run of a sweep, or None if the store has none.

    Raises:
        InputError: If the store does not answer.

    """
    of_sweep = f"tags.`facesearch.sweep_id` = '{sweep_id}' and tags.`facesearch.kind` = 'sweep'"
    return next(iter(runs_where(store, of_sweep)), None)


def runs_where(store: Store, condition: str, most: int = 100) -> list[Any]:
    """Return our runs that a condition holds for, the newest first; looking makes no store.

    Args:
        store: Where to look.
        condition: In MLflow's words.
        most: Runs that are returned at most.

    Raises:
        InputError: If the store does not answer.

    """
    if store.is_absent():
        return []
    with telling(store):
        client = store.reader()
        experiment = store.experiment(client)
        if experiment is None:
            return []
        where = [experiment.experiment_id]
        return list(client.search_runs(where, condition, max_results=most))
