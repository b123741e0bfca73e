from pathlib import Path

from sweeps import simulated_sweep

from facesearch.report.decided import best_tables, by_value, decided
from facesearch.report.importance import Importance
from facesearch.report.sweep_source import read_source
from facesearch.space.holes import Hole


def test_only_what_excludes_zero_is_named_with_the_trials_behind_each_value(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    found = [Importance("head", 0.5, 0.2, 0.7), Importance("optim.lr", 0.3, -0.1, 0.6)]
    told = decided(source, found)
    counts = {
        head: sum(t.point["head"] == head for t in source.sweep.trials.values())
        for head in ("softmax", "cosface", "arcface")
    }
    said = ", ".join(f"{head}: {count}" for head, count in counts.items())
    assert f"head ({said})" in told and "lr" not in told
    assert "The intervals of the others include zero." in told


def test_nothing_can_be_said_where_no_interval_excludes_zero_or_trials_are_few(
    tmp_path: Path,
) -> None:
    source = read_source(simulated_sweep(tmp_path))
    none = decided(source, [Importance("head", 0.5, -0.2, 0.7)])
    assert none.startswith("Nothing can be said to have decided with 24 trials: the interval")
    assert "computed from 20 trials on" in decided(source, [])


def test_numbers_are_counted_by_thirds_of_the_searched_range(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    rate = next(hole for hole in source.holes if hole.name == "optim.lr")
    parts = by_value(source, rate)
    assert [name for name, _ in parts] == ["0.01 to 0.0464", "0.0464 to 0.215", "0.215 to 1"]
    assert sum(len(trials) for _, trials in parts) == 24
    assert all(0.0464 < t.point["optim.lr"] < 0.2155 for t in parts[1][1])
    depth = by_value(source, Hole("model.depth", "int", (1, 3)))
    assert [name for name, _ in depth] == ["1", "2", "3"]


def test_the_best_of_each_head_says_how_far_it_was_trained(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    (table,) = best_tables(source)
    assert table.caption == "The best trial of each head"
    assert sum(row["trials"] for row in table.rows) == 24
    for row in table.rows:
        of_head = [t for t in source.scored() if t.point["head"] == row["head"]]
        assert row["best trial"] == of_head[0].name and row["its epochs"] == of_head[0].epochs
        is_short = of_head[0].epochs < 27
        assert (row["to the end"] == 0) == is_short == (row["head"] in table.note)
