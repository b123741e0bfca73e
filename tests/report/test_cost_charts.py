from pathlib import Path

import pytest
from sweeps import simulated_sweep

from facesearch.report.cost_charts import cost_chart, cost_rows, cost_words, saved
from facesearch.report.sweep_source import read_source


def test_every_epoch_and_trial_is_counted_once(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    rows = cost_rows(source)
    assert sum(row["trials"] for row in rows) == 24
    assert sum(row["epochs"] for row in rows) == source.sweep.epochs_spent
    assert f"{source.sweep.epochs_spent} epochs" in cost_chart(source).alt


def test_what_stopping_early_saved_is_what_the_stopped_did_not_train(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    pruned = [t for t in source.sweep.trials.values() if t.outcome == "pruned"]
    left = sum(27 - t.epochs for t in pruned)
    # the made-up trials take 1.5 s an epoch
    assert saved(source) == (left, pytest.approx(1.5 * left))
    words = cost_words(source)
    assert f"Stopping early saved {left} epochs" in words
    assert "2 epochs, 3s, went to trials that failed" in words


def test_nothing_is_saved_where_all_train_to_the_end(tmp_path: Path) -> None:
    none = {"type": "none"}
    source = read_source(simulated_sweep(tmp_path, trials=3, num_failed=0, scheduler=none))
    assert saved(source) == (0, 0.0)
    assert "saved" not in cost_words(source) and "failed" not in cost_words(source)
