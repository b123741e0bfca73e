import json
import math
import sys

import pytest

from facesearch.config import RunConfig
from facesearch.config.heads import HEAD_CONFIGS
from facesearch.tracking.targets import COLOURS, Target, Targets, finite
from facesearch.tuning.records import OUTCOMES, PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord

ROWS = [{"score": 0.2, "seconds": 2.0}, {"score": 0.7, "seconds": 3.0}, {"score": 0.5}]


HEAD = {"facesearch.head": "arcface", "mlflow.runColor": "#d55e00"}


def target(trial: TrialRecord, *, is_closing: bool = False) -> Target:
    sweep = SweepRecord("s", 1, 3, "id", trials={trial.number: trial})
    targets = Targets(sweep, {"git": "abc"}, lambda trial: RunConfig())
    return targets.of_trial(trial, "parent", is_closing=is_closing)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("completed", "FINISHED"),
        ("pruned", "FINISHED"),
        ("diverged", "FAILED"),
        ("out_of_memory", "FAILED"),
        ("failed", "FAILED"),
    ],
)
def test_an_outcome_has_its_status_and_its_summary(outcome: str, status: str) -> None:
    for is_closing in (False, True):
        made = target(TrialRecord(0, {}, curve=ROWS, outcome=outcome), is_closing=is_closing)
        assert made.status == status and made.tags == {"facesearch.outcome": outcome, **HEAD}
        assert made.summary == {"epochs": 3, "best/score": 0.7, "total_seconds": 5.0}


def test_every_outcome_is_known() -> None:
    statuses = {target(TrialRecord(0, {}, outcome=outcome)).status for outcome in OUTCOMES}
    assert "RUNNING" not in statuses


@pytest.mark.parametrize("outcome", [WAITING, RUNNING, PAUSED])
def test_a_trial_that_has_not_ended_is_interrupted_at_the_end(outcome: str) -> None:
    trial = TrialRecord(0, {}, outcome=outcome, attempts=2, message="lost")
    made = target(trial)
    assert (made.status, made.summary) == ("RUNNING", {})
    assert made.tags == {"facesearch.outcome": outcome, "facesearch.message": "lost", **HEAD}
    made = target(trial, is_closing=True)
    assert (made.status, made.summary) == ("KILLED", {"epochs": 0, "attempts": 2})
    assert made.tags["facesearch.outcome"] == "interrupted"


def test_a_trial_is_known_by_its_tags() -> None:
    made = target(TrialRecord(7, {"optim.lr": 0.5}))
    assert made.first_tags == {
        "git": "abc",
        "facesearch.sweep_id": "id",
        "facesearch.kind": "trial",
        "facesearch.trial": "7",
        "mlflow.parentRunId": "parent",
        "mlflow.runName": "007 lr=0.5",
    }
    assert made.params == {"lr": "0.5"} and made.point == '{"optim.lr": 0.5}'
    config = json.loads((made.config or {})["facesearch.config"])
    assert RunConfig.model_validate(config) == RunConfig()


def test_the_sweep_tells_its_best_trial_at_the_end() -> None:
    best = TrialRecord(1, {}, curve=ROWS, outcome="completed", run_id="r1")
    trials = {0: TrialRecord(0, {}, curve=ROWS[:1], outcome="pruned"), 1: best}
    sweep = SweepRecord("s", 2, 3, "id", trials=trials)
    targets = Targets(sweep, {}, lambda trial: RunConfig())
    made = targets.of_sweep(is_closing=False)
    assert (made.status, made.tags, made.summary, made.experiment) == ("RUNNING", {}, {}, {})
    made = targets.of_sweep(is_closing=True)
    assert made.status == "FINISHED" and made.tags["facesearch.best_run_id"] == "r1"
    assert "trial 001, score 0.5000" in made.tags["mlflow.note.content"]
    assert made.summary == {"epochs": 4, "trials": 2, "best/score": 0.5}
    sweep.is_interrupted = True
    assert targets.of_sweep(is_closing=True).status == "KILLED"


def test_a_number_is_what_a_store_makes_of_it() -> None:
    assert finite(2) == 2.0 and math.isnan(finite(math.nan))
    assert finite(math.inf) == sys.float_info.max and finite(-math.inf) == -sys.float_info.max


def test_every_head_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(HEAD_CONFIGS)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_an_ended_sweep_describes_its_experiment_the_same_way_twice() -> None:
    trials = {n: TrialRecord(n, {"optim.lr": 0.1 * n}, curve=ROWS) for n in range(3)}
    sweep = SweepRecord("s", 3, 3, "id", trials=trials)
    made = [
        Targets(sweep, {}, lambda trial: RunConfig()).of_sweep(is_closing=True, experiment="1")
        for _ in range(2)
    ]
    assert made[0].experiment == made[1].experiment
    assert made[0].experiment["mlflow.experiment.primaryMetric.name"] == "score"
    assert "mlflow.sharedViewState.facesearch-id" in made[0].experiment
