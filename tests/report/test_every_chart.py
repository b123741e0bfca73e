"""What every chart must bear: sweeps and models of next to nothing, and of odd numbers."""

import inspect
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sweeps import TEXT, simulated_sweep

import facesearch.report
from facesearch.final.figures import Figure
from facesearch.report import sweep_report
from facesearch.report.bands import Band
from facesearch.report.chart import Chart
from facesearch.report.final_source import SeedCurve
from facesearch.report.model_charts import (
    curse_chart,
    group_charts,
    seeds_chart,
    shift_chart,
    training_chart,
)
from facesearch.report.pair_charts import det_chart, reliability_chart, roc_chart, roc_points_chart
from facesearch.report.search_charts import KINDS, cmc_chart, dir_chart, dir_points_chart
from facesearch.report.sweep_source import SweepSource, read_source

NAN = math.nan
Change = Callable[[SweepSource], None]
# may train one epoch
SHORT = TEXT.replace("grace_epochs: 3", "grace_epochs: 1")


# --- sweeps -------------------------------------------------------------------------------


def without_trials(source: SweepSource) -> None:
    source.sweep.trials.clear()
    source.events[:] = [event for event in source.events if "trial" not in event]


def before_the_first_epoch(source: SweepSource) -> None:
    for trial in source.sweep.trials.values():
        trial.outcome = "running"
        trial.curve.clear()


def all_failed(source: SweepSource) -> None:
    for trial in source.sweep.trials.values():
        trial.outcome = "failed"


def all_running(source: SweepSource) -> None:
    for trial in source.sweep.trials.values():
        trial.outcome = "running"


def valued(value: float, *, most: int = 99) -> Change:
    def change(source: SweepSource) -> None:
        for trial in list(source.sweep.trials.values())[:most]:
            for row in trial.curve:
                row.update(dict.fromkeys(row.keys() - {"seconds"}, value))
        for event in source.events:
            if event["event"] == "epoch" and event["trial"] < most:
                event["values"].update(dict.fromkeys(event["values"].keys() - {"seconds"}, value))

    change.__name__ = f"{'first' if most == 1 else 'all'} {value}"
    return change


OBJECTIVES: tuple[Any, ...] = ("val/rank1", ["val/rank1", "cost/gflops"])
FEW = [(1, 1, 0), (1, 3, 1), (2, 1, 1), (2, 3, 0), (3, 1, 0), (3, 3, 1)]
STATES = [
    without_trials, before_the_first_epoch, all_failed, all_running, valued(0.5), valued(0.0),
    valued(NAN), valued(NAN, most=1), valued(-1.0, most=1),
]  # fmt: skip


def charts_of(
    runs: Path, patch: pytest.MonkeyPatch, change: Change | None, **how: Any
) -> list[Chart]:
    def changed(folder: Path) -> SweepSource:
        source = read_source(folder)
        if change is not None:
            change(source)
        return source

    patch.setattr(sweep_report, "read_source", changed)
    folder = simulated_sweep(runs, text=SHORT, num_failed=0, **how)
    page, charts = sweep_report.build_sweep(folder)
    assert page.count("</html>") == 1
    return charts


@pytest.mark.parametrize(("count", "epochs", "objectives"), FEW)
def test_few_trials_have_all_the_charts_that_they_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, epochs: int, objectives: int
) -> None:
    charts = charts_of(
        tmp_path, monkeypatch, None, trials=count, epochs=epochs,
        objective=OBJECTIVES[objectives], scheduler={"type": "none"},
    )  # fmt: skip
    check(charts)
    wanted = {"best-so-far", "learning-curves", "cost"}
    if count > 1:
        wanted |= {"parallel-coordinates", "slices"} | ({"objectives"} if objectives else set())
    assert wanted <= {chart.name for chart in charts}


@pytest.mark.parametrize("change", STATES, ids=lambda change: change.__name__)
def test_odd_sweeps_have_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    objective = OBJECTIVES[STATES.index(change) % 2]
    check(charts_of(tmp_path, monkeypatch, change, trials=2, epochs=2, objective=objective))


def check(charts: list[Chart]) -> None:
    """Hold what is true of any chart; that nothing warned, pytest holds."""
    assert len({chart.name for chart in charts}) == len(charts)
    for chart in charts:
        assert chart.title and chart.alt and chart.png[:4] == b"\x89PNG"
        assert chart.svg.startswith("<svg ") and chart.svg.endswith("</svg>")
        drawn = re.findall(r'\bd="([^"]*)"', chart.svg)
        assert drawn and not any("nan" in path.lower() for path in drawn)


def test_no_chart_of_a_sweep_is_missed_by_the_page() -> None:
    """Whoever writes a chart of a sweep puts it on the page, and so has it checked above."""
    folder = Path(facesearch.report.__path__[0])
    found = set()
    for path in folder.glob("*chart*.py"):
        module = __import__(f"facesearch.report.{path.stem}", fromlist=["_"])
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and name.endswith("_chart") and name[0] != "_":
                first = next(iter(inspect.signature(function).parameters.values()))
                found |= {name} if first.annotation is SweepSource else set()
    assert len(found) >= 8
    assert {name for name in found if not hasattr(sweep_report, name)} == set()


# --- final models -------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1.0, NAN])
@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_models_of_few_seeds_sets_and_groups(count: int, value: float) -> None:
    curves = [SeedCurve(seed, (3.0 * value,), 0.1, seed == 2) for seed in range(count)]
    seeds = [{"seed": n, "dev/top1": value, "loss": 1.0, "minutes": 1.0} for n in range(count)]
    figure = Figure(value, value, NAN, 9)
    points = {f"set{n}/tar_at_far_1e-3": figure for n in range(min(count, 5))}
    alarms = {f"set{n}/dir_at_fpir_0.1_{kind}": figure for n in range(count) for kind in KINDS}
    shifts = [{"shift": 0.1 * n, "dev/top1": value} for n in range(count)]
    groups = [
        {"group": f"g{n}", "rank1": value, "rank1_low": value, "rank1_high": NAN, "fpir": value}
        for n in range(count)
    ]
    curse = {"rank-1 in the search": value, "best of trials": count, "low": NAN, "high": value,
             "gap": 0.0, "retrained, people the search never saw": value}  # fmt: skip
    bins = [{"from": 0.0, "to": 0.5, "stated": value, "true": value, "pairs": n}
            for n in range(count)]  # fmt: skip
    charts = [
        training_chart(curves), seeds_chart(seeds, {"dev/top1": figure}), roc_points_chart(points),
        dir_points_chart(alarms), shift_chart({"accuracy by shift of the face": shifts}),
        *group_charts({"dev: by group": groups}), curse_chart({"winner's curse": [curse]}),
        reliability_chart({"pairs: calibration": bins}),
    ]  # fmt: skip
    check([chart for chart in charts if chart is not None])


@pytest.mark.parametrize(("count", "value"), [(0, 0.5), (1, 1.0), (2, 0.0), (3, 0.5)])
def test_curves_of_few_points(count: int, value: float) -> None:
    rates = [(10.0**-n, value, NAN, value) for n in range(count, 0, -1)]
    ranks = [(n + 1, value, NAN, value) for n in range(max(count, 1))]
    band = Band.of("dev", rates)
    charts = [
        roc_chart([band]), det_chart([band], {"dev": 0.01}),
        cmc_chart([Band.of("dev", ranks)], {"dev": 2}), dir_chart({kind: [band] for kind in KINDS}),
    ]  # fmt: skip
    check([chart for chart in charts if chart is not None])
