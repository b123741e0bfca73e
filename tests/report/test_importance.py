import random
from pathlib import Path

import pytest
from sweeps import simulated_sweep

from facesearch.report.importance import LEAST_TRIALS, importances
from facesearch.report.sweep_source import SweepSource, read_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SweepSource:
    runs = tmp_path_factory.mktemp("runs")
    return read_source(simulated_sweep(runs, trials=120, scheduler={"type": "none"}, epochs=3))


def test_what_the_score_was_made_of_decides(source: SweepSource) -> None:
    found = importances(source, draws=30)
    assert found[0].name == "optim.lr" and found[0].excludes_zero
    assert {one.name for one in found} == {hole.name for hole in source.holes}
    assert all(one.low <= one.value <= one.high <= 1 for one in found)
    by_name = {one.name: one for one in found}
    # in the made-up score it counts a twentieth of the rate, and so little is noise
    smoothing = by_name["head.softmax.label_smoothing"]
    assert smoothing.value < 0.1 * found[0].value and not smoothing.excludes_zero


def test_where_nothing_decides_no_interval_excludes_zero(source: SweepSource) -> None:
    rng = random.Random(0)
    for trial in source.sweep.trials.values():
        for row in trial.curve:
            row["score"] = rng.random()
    found = importances(source, draws=40)
    # of nine at 95 %: one may by chance
    assert sum(one.excludes_zero for one in found) <= 1
    assert abs(sum(one.value for one in found)) < 0.5


def test_few_trials_say_nothing(tmp_path: Path) -> None:
    few = read_source(simulated_sweep(tmp_path, trials=LEAST_TRIALS - 1))
    assert importances(few) == []
