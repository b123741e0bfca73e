from pathlib import Path

import pytest
from matplotlib.figure import Figure
from sweeps import in_mlflow, simulated_sweep

from facesearch.errors import InputError
from facesearch.report.chart import Chart, draw
from facesearch.report.log import log_report, runs_where, sweep_run
from facesearch.tracking.store import Store
from facesearch.tuning.folder import opening


def chart() -> Chart:
    def paint(figure: Figure) -> None:
        figure.subplots().plot([1, 2])

    return draw("one", "One", "A line.", paint)


def test_page_and_figures_are_artifacts_of_the_sweep(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path / "runs", trials=2, num_failed=0)
    store = in_mlflow(folder)
    run = sweep_run(store, opening(folder)["sweep_id"])
    assert run.data.tags["facesearch.kind"] == "sweep"
    log_report(store, run.info.run_id, "<html>", [chart()])
    client = store.client()
    names = [f.path for f in client.list_artifacts(run.info.run_id, "report")]
    assert names == ["report/figures", "report/report.html"]
    got = client.download_artifacts(run.info.run_id, "report/report.html", str(tmp_path))
    assert Path(got).read_text() == "<html>"
    assert sweep_run(store, "nobody") is None


def test_looking_makes_no_store(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert runs_where(store, "") == [] and not list(tmp_path.iterdir())


def test_a_store_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    store = Store("http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"MLflow at http://127.0.0.1:9: the report was not"):
        log_report(store, "abc", "<html>", [])
