from pathlib import Path

from sweeps import simulated_sweep

from facesearch.report.progress_charts import best_chart, curves_chart, rung_levels
from facesearch.report.sweep_source import read_source


def test_rungs_are_where_trials_were_stopped(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, scheduler={"type": "asha", "grace_epochs": 3}))
    stops = {t.epochs for t in source.sweep.trials.values() if t.outcome == "pruned"}
    assert set(rung_levels(source.events, [])) == stops == {3, 9}


def test_paused_trials_make_rungs_too(tmp_path: Path) -> None:
    kind = {"type": "asha_promote", "grace_epochs": 2, "eta": 3}
    source = read_source(simulated_sweep(tmp_path, scheduler=kind))
    assert set(rung_levels(source.events, [])) == {2, 6, 18}


def test_every_trial_with_a_score_has_a_curve(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    chart = curves_chart(source)
    scored = [t.number for t in source.sweep.trials.values() if t.curve]
    assert [row["trial"] for row in chart.rows] == [f"{n:03d}" for n in sorted(scored)]
    assert "stopped mostly after epoch 3, 9" in chart.alt


def test_the_baselines_stand_beside_the_sweep(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path)
    simulated_sweep(tmp_path, trials=4, name="made-up-random", scheduler={"type": "none"})
    chart = best_chart(read_source(folder))
    assert {row["course"] for row in chart.rows} == {"this sweep", "random search, all to the end"}
    assert "Random search, all to the end: " in chart.alt and "; it was" in chart.alt
    alone = best_chart(read_source(simulated_sweep(tmp_path / "alone", trials=3)))
    assert "facesearch baseline SPACE" in alone.alt
