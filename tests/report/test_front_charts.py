from pathlib import Path

from sweeps import simulated_sweep

from facesearch.report.front_charts import COST, front_chart, front_of, objectives_chart, quality
from facesearch.report.sweep_source import read_source


def test_nobody_beats_the_front_in_score_and_cost(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, trials=40, scheduler={"type": "none"}))
    trials = [t for t in source.scored() if t.outcome == "completed"]
    front = front_of(trials)
    for trial in trials:
        beaten = [
            other for other in trials
            if quality(other) >= quality(trial) and other.curve[-1][COST] <= trial.curve[-1][COST]
            and (quality(other), other.curve[-1][COST]) != (quality(trial), trial.curve[-1][COST])
        ]  # fmt: skip
        assert (not beaten) == (trial in front)
    chart = front_chart(source)
    assert chart is not None and sum(row["on the front"] for row in chart.rows) == len(front)


def test_several_objectives_have_a_front_of_their_own(tmp_path: Path) -> None:
    one = read_source(simulated_sweep(tmp_path / "one"))
    assert objectives_chart(one) is None
    objective = ["val/rank1", "cost/gflops"]
    kind = {"type": "none"}
    two = read_source(simulated_sweep(tmp_path / "two", objective=objective, scheduler=kind))
    chart = objectives_chart(two)
    assert chart is not None and {"val/rank1", "cost/gflops"} <= set(chart.rows[0])
    assert any(row["on the front"] for row in chart.rows)
    assert "cost/gflops, less is better" in chart.svg


def test_a_front_needs_three_costs(tmp_path: Path) -> None:
    few = read_source(simulated_sweep(tmp_path, trials=2, scheduler={"type": "none"}))
    assert front_chart(few) is None


def test_three_objectives_are_drawn_two_by_two(tmp_path: Path) -> None:
    objective = ["val/rank1", "val/top1", "cost/gflops"]
    source = read_source(simulated_sweep(tmp_path, objective=objective, scheduler={"type": "none"}))
    chart = objectives_chart(source)
    assert chart is not None and chart.svg.count("val/top1, more is better") == 2
