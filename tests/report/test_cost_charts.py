from pathlib import Path

from sweeps import simulated_sweep

from facesearch.report.cost_charts import (
    COST,
    cost_chart,
    cost_rows,
    front_chart,
    front_of,
    objectives_chart,
    quality,
)
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


def test_every_epoch_and_trial_is_counted_once(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    rows = cost_rows(source)
    assert sum(row["trials"] for row in rows) == 24
    assert sum(row["epochs"] for row in rows) == source.sweep.epochs_spent
    assert f"{source.sweep.epochs_spent} epochs" in cost_chart(source).alt


def test_several_objectives_have_a_front_of_their_own(tmp_path: Path) -> None:
    one = read_source(simulated_sweep(tmp_path / "one"))
    assert objectives_chart(one) is None
    objective = ["val/rank1", "cost/gflops"]
    kind = {"type": "none"}
    two = read_source(simulated_sweep(tmp_path / "two", objective=objective, scheduler=kind))
    chart = objectives_chart(two)
    assert chart is not None and {"val/rank1", "cost/gflops"} <= set(chart.rows[0])
    assert any(row["on the front"] for row in chart.rows)


def test_a_front_needs_three_costs(tmp_path: Path) -> None:
    few = read_source(simulated_sweep(tmp_path, trials=2, scheduler={"type": "none"}))
    assert front_chart(few) is None
