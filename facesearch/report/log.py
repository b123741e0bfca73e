"""A report among the artifacts of the run that it is about."""

from collections.abc import Sequence
from typing import Any

from facesearch.report.chart import Chart, as_file
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import telling


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
    with telling(store):
        client = store.client()
        runs = client.search_runs(
            [store.experiment_id(client)],
            f"tags.`facesearch.sweep_id` = '{sweep_id}' and tags.`facesearch.kind` = 'sweep'",
            max_results=1,
        )
    return runs[0] if runs else None
