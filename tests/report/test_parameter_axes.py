from pathlib import Path

import pytest
from matplotlib.figure import Figure
from sweeps import simulated_sweep

from facesearch.report.chart import draw
from facesearch.report.parameter_axes import as_lines, as_marks, as_text, looks, point_rows, scale
from facesearch.report.sweep_source import read_source
from facesearch.space.holes import Hole


def test_more_groups_than_colours_still_look_different(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, trials=20))
    for trial in source.sweep.trials.values():
        trial.point["head"] = f"head-{trial.number:02d}"
    found = looks(source)
    assert len(found) == len(set(found.values())) == 20
    assert len(as_lines(found)) == len(as_marks(found)) == 20


@pytest.mark.parametrize(
    ("value", "text"),
    [("a$b$", r"a\$b\$"), (0.123456, "0.123"), (7, "7"), ("x" * 30, "x" * 17 + "…")],
)
def test_text_of_a_figure(value: object, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("hole", "ticks"),
    [
        (Hole("lr", "log_uniform", (0.01, 1.0)), ["0.01", "0.1", "1"]),
        (Hole("width", "log_int", (8, 64)), ["10", "20", "50"]),
        (Hole("depth", "int", (1, 3)), ["1", "2", "3"]),
        (Hole("head", "choice", ("a", "$x$")), ["a", "$x$"]),
    ],
)
def test_ticks_are_plain(hole: Hole, ticks: list[str]) -> None:
    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        ends = (0, 1) if hole.kind == "choice" else hole.values
        axes.plot(ends, [0.21, 0.43])
        scale(axes, "x", hole)

    svg = draw("axis", "t", "a", paint).svg
    for tick in ticks:
        assert f">{tick}<" in svg
    assert "10^" not in svg and "mathdefault" not in svg


@pytest.mark.parametrize(
    "hole",
    [
        Hole("lr", "log_uniform", (0.01, 1.0)),
        Hole("depth", "int", (1, 30)),
        Hole("scale", "uniform", (10.0, 64.0)),
    ],
)
def test_an_axis_shows_the_range_that_was_searched_wherever_the_trials_are(hole: Hole) -> None:
    axes = Figure().subplots()
    axes.plot([hole.values[0] * 1.01] * 2, [0.2, 0.4])
    scale(axes, "x", hole)
    low, high = axes.get_xlim()
    assert low < hole.values[0] and high > hole.values[1]
    assert high - low < 1.3 * (hole.values[1] - hole.values[0])


def test_rows_say_what_a_trial_does_not_have(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    rows = point_rows(source)
    assert len(rows) == len(source.scored()) == 22
    for row, trial in zip(rows, source.scored(), strict=True):
        assert row["lr"] == trial.point["optim.lr"] and row["score"] == trial.score
        assert (row["margin_rad"] == "") == (trial.point["head"] != "arcface")
