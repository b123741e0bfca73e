"""`facesearch ui`: the page in a real browser, and nothing left behind it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, visit
from click.testing import CliRunner
from processes import living, wait_for
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.errors import InputError

# What MLflow's own page complains of: it asks a server without accounts who is logged in, and
# draws charts that have no size yet.
OF_MLFLOW = ("Failed to load resource: the server responded with a status of 404", "Error: <",
             "null ResizeObserver")  # fmt: skip
# What each parallel chart was given, and what each other one draws, read from the page itself.
PARALLEL = """() => [...document.querySelectorAll('.parcoords')].map(element => {
  let node = element[Object.keys(element).find(key => key.startsWith('__reactFiber'))];
  while (!node.memoizedProps?.selectedParams) node = node.return;
  const props = node.memoizedProps;
  return {params: props.selectedParams, trials: props.data.length,
          canvases: element.querySelectorAll('canvas').length};
})"""
TRACES = """() => [...document.querySelectorAll('.js-plotly-plot')].map(plot => ({
  x: plot.layout.xaxis.title.text,
  traces: plot.data.filter(trace => trace.x?.length).length,
  points: plot.data[0].x.length, colours: [plot.data[0].marker?.color ?? ''].flat(),
}))"""


@contextmanager
def interface(runs: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str, int]]:
    """Start the command; yield it, the address that it prints, and the group of the server."""
    command = [sys.executable, "-m", "facesearch.cli", "ui", "--no-open", "--runs", str(runs)]
    process = subprocess.Popen(
        [*command, *words], stdout=subprocess.PIPE, text=True,
        # who runs the tests in the background has it ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        assert process.stdout
        lines = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        (group,) = _children(process.pid)
        yield process, next(line.strip() for line in lines if "#/" in line), group
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def _children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(number) for number in text.split()]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    in_mlflow(simulated_sweep(folder, trials=24))
    return folder


def show_all(seen: Visit, url: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    seen.page.goto(url)
    seen.page.wait_for_selector(".parcoords canvas", timeout=120_000)
    for _ in range(120):  # charts are drawn when they come into sight
        parallel, traces = seen.page.evaluate(PARALLEL), seen.page.evaluate(TRACES)
        if len(parallel) == 4 and len(traces) >= 11:
            break
        seen.page.wait_for_timeout(500)
    seen.page.wait_for_timeout(1000)
    return parallel, traces


@pytest.mark.slow
def test_the_page_shows_every_trial_and_its_curves(runs: Path, tmp_path: Path) -> None:
    with (
        interface(runs, "made-up") as (_, url, _),
        visit(viewport={"width": 1600, "height": 4400}) as seen,
    ):
        parallel, traces = show_all(seen, url)
        seen.page.screenshot(path=tmp_path / "page.png")
        flat = seen.page.get_by_text("24 matching runs").count()
        outside = [url for url in seen.requests if "//127.0.0.1:" not in url and "data:" not in url]
    whole, *groups = parallel
    assert whole["trials"] == 24 and whole["canvases"] > 0
    assert set(whole["params"]) == {"head", "lr", "depth", "width", "strength"}
    assert sum(group["trials"] for group in groups) == 24
    owned = {name for group in groups for name in group["params"]} - set(whole["params"])
    assert owned == {"label_smoothing", "margin_rad", "scale", "head.cosface.scale"}
    curves = [chart for chart in traces if chart["x"] == "Step"]
    assert len(curves) == 5 and min(chart["traces"] for chart in curves) >= 24
    scatters = {chart["x"]: chart for chart in traces if chart["x"] != "Step"}
    assert len(scatters) == 6 and scatters["lr"]["points"] == 24
    assert set(scatters["lr"]["colours"]) == {"#7f7f7f", "#0072b2", "#d55e00"}
    assert flat == 1 and outside == []
    assert [text for text in seen.errors if not text.startswith(OF_MLFLOW)] == []


@pytest.mark.slow
def test_the_description_of_a_sweep_leads_to_the_page(runs: Path, tmp_path: Path) -> None:
    with interface(runs) as (_, url, _), visit(viewport={"width": 1400, "height": 1600}) as seen:
        client = in_mlflow(runs / "made-up-0001").client()
        (experiment,) = client.search_experiments(filter_string="name = 'facesearch'")
        (parent,) = client.search_runs(
            [experiment.experiment_id], "tags.`facesearch.kind` = 'sweep'"
        )
        route = f"#/experiments/{experiment.experiment_id}/runs/{parent.info.run_id}"
        seen.page.goto(url.partition("#")[0] + route)
        link = seen.page.get_by_role("link", name="Compare all trials")
        link.wait_for(timeout=120_000)
        seen.page.screenshot(path=tmp_path / "description.png")
        assert url.endswith(str(link.get_attribute("href")).partition("#")[2])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_every_process(runs: Path, number: int, code: int) -> None:
    with interface(runs) as (process, _, group):
        assert len(living(group)) >= 2
        process.send_signal(number)
        assert process.wait(60) == code
        assert living(group) == {}


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_nobody(runs: Path) -> None:
    with interface(runs) as (process, _, group):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_for(0, group)


def test_what_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    def call(*words: str) -> None:
        CliRunner().invoke(cli, ["ui", *words], catch_exceptions=False)

    with pytest.raises(InputError, match=r"no MLflow store at .*first, or say where it is"):
        call("--runs", str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    with pytest.raises(InputError, match="Databricks"):
        call("--tracking-uri", "databricks://profile")


def test_a_server_is_not_started_again(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(sys.modules["facesearch.cli.ui"], "_has_display", lambda: True)
    # a store that takes the place of the server's: what it answers is not the matter here
    store = in_mlflow(runs / "made-up-0001")
    client = store.client()
    monkeypatch.setattr("facesearch.tracking.store.Store.reader", lambda self: client)
    result = CliRunner().invoke(
        cli, ["ui", "--runs", str(runs), "--tracking-uri", "http://127.0.0.1:1"]
    )
    assert result.exit_code == 0, result.output
    assert "not known to work with MLflow unknown" in result.output
    assert "made-up-0001: 24 trials" in result.output
    assert len(opened) == 1 and opened[0].startswith("http://127.0.0.1:1/#/experiments/")
