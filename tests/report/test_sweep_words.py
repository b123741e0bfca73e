import random
from pathlib import Path

import pytest
from sweeps import simulated_sweep

from facesearch.report.importance import Importance
from facesearch.report.sweep_source import read_source
from facesearch.report.sweep_words import at_edges, facts, next_commands, scatter_of, summary
from facesearch.tuning.records import TrialRecord


def test_it_says_what_won_what_it_cost_and_what_comes_next(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    best = source.sweep.best
    assert best is not None
    told = summary(source, [Importance("optim.lr", 0.9, 0.8, 0.95)])
    assert f"trial {best.number:03d} with {best.score:.4f}" in told
    assert "What decided who is among the best fifth of 24 trials: lr (0.01 to 0.0464: " in told
    assert f"{source.sweep.epochs_spent} epochs in 24 trials" in told
    commands = [command for command, _ in next_commands(source)]
    assert commands == [
        f"facesearch finalize --run-id {source.folder.name} --runs {tmp_path}",
        f"facesearch extend {source.folder.name} --trials 24 --runs {tmp_path}",
        f"facesearch baseline SPACE --runs {tmp_path}",
    ]
    values = dict(facts(source))
    assert values[f"best score, trial {best.number:03d}"] == f"{best.score:.4f}"
    assert values["trials failed"] == "2"


def test_a_value_at_the_end_of_its_range_is_told(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path))
    trial = source.scored()[0]
    inside = {"model.depth": 2, "augment.strength": 0.7, "optim.lr": 0.1, "model.width": 20}
    trial.point = {**inside, "head": "softmax", "head.softmax.label_smoothing": 0.1}
    assert at_edges(source, trial) == []
    trial.point |= {"optim.lr": 0.999, "augment.strength": 0.0}
    assert at_edges(source, trial) == ["strength = 0 of 0 to 1.5", "lr = 0.999 of 0.01 to 1"]


def test_a_sweep_without_a_result_and_a_small_one(tmp_path: Path) -> None:
    nothing = read_source(simulated_sweep(tmp_path / "a", trials=1, num_failed=1))
    told = summary(nothing, [])
    assert "No trial has a score yet." in told and len(next_commands(nothing)) == 1
    small = read_source(simulated_sweep(tmp_path / "b", trials=3, num_failed=0))
    assert "Nothing can be said to have decided with 3 trials" in summary(small, [])


def test_the_scatter_of_a_curve_is_that_of_its_noise_not_of_its_course() -> None:
    rng = random.Random(0)
    trials = [
        TrialRecord(n, {}, curve=[{"score": 0.02 * e + rng.gauss(0, 0.01)} for e in range(60)])
        for n in range(20)
    ]
    assert scatter_of(trials) == pytest.approx(0.01, rel=0.15)
    short = TrialRecord(0, {}, curve=[{"score": 0.1 * e * e} for e in range(5)])
    assert scatter_of([short]) is None
