import pytest
from sweeps import simulated_sweep

from facesearch.report.importance import Importance
from facesearch.report.parameter_charts import (
    importance_chart,
    pair_chart,
    parallel_chart,
    point_rows,
    slices_chart,
)
from facesearch.report.sweep_source import SweepSource, read_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SweepSource:
    return read_source(simulated_sweep(tmp_path_factory.mktemp("runs")))


def test_no_trial_vanishes_for_want_of_a_parameter(source: SweepSource) -> None:
    order = [hole.name for hole in source.holes]
    chart = parallel_chart(source, order)
    # each trial is one line; matplotlib writes one path for each
    lines = chart.svg.split('id="parallel-coordinates-LineCollection_1"')[1].split("</g>")[0]
    assert lines.count("<path") == len(source.scored()) == 22
    assert "softmax" in chart.svg and "label_smoothing" in chart.svg


def test_rows_say_what_a_trial_does_not_have(source: SweepSource) -> None:
    rows = point_rows(source)
    assert len(rows) == len(source.scored())
    for row, trial in zip(rows, source.scored(), strict=True):
        assert row["lr"] == trial.point["optim.lr"] and row["score"] == trial.score
        assert (row["margin_rad"] == "") == (trial.point["head"] != "arcface")


def test_slices_and_pairs_draw_what_is_there(source: SweepSource) -> None:
    chart = slices_chart(source, [hole.name for hole in source.holes])
    for short in source.names.values():
        assert f">{short}<" in chart.svg
    pair = pair_chart(source, "optim.lr", "model.depth")
    assert "22 trials" in pair.alt and pair.title == "lr and depth together"
    some = pair_chart(source, "head.arcface.margin_rad", "optim.lr")
    arcface = [t for t in source.scored() if t.point["head"] == "arcface"]
    assert f"{len(arcface)} trials" in some.alt


def test_importance_tells_what_is_more_than_chance(source: SweepSource) -> None:
    found = [Importance("optim.lr", 0.9, 0.8, 0.95, 0.1), Importance("head", 0.1, 0, 0.2, 0.3)]
    chart = importance_chart(source, found)
    assert chart.alt == "Told from chance: lr."
    assert [row["parameter"] for row in chart.rows] == ["optim.lr", "head"]
