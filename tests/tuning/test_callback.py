from types import SimpleNamespace
from typing import Any

from facesearch.tuning.callback import SweepCallback
from facesearch.tuning.records import SweepRecord, TrialRecord


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def trial_started(self, trial: TrialRecord) -> None:
        self.heard.append(("start", trial.epochs))

    def epoch_done(self, trial: TrialRecord) -> None:
        self.heard.append(("epoch", trial.epochs))

    def trial_ended(self, trial: TrialRecord) -> None:
        self.heard.append((trial.outcome, trial.epochs))


def trial() -> Any:
    return SimpleNamespace(trial_id="a", config={"optim.lr": 0.1})


def report(epoch: int, outcome: str = "") -> dict[str, Any]:
    return {"epoch": epoch, "score": 0.1, "outcome": outcome, "seconds": 1.0, "pid": 7}


def test_a_repeated_report_is_counted_once_and_the_outcome_is_named() -> None:
    sweep, listener = SweepRecord("s", 1, 3), Listener()
    callback = SweepCallback(sweep, [listener])
    for epoch in (1, 1, 2):
        callback.on_trial_result(0, [], trial(), report(epoch))
    callback.on_trial_complete(0, [], trial())
    assert listener.heard == [("start", 0), ("epoch", 1), ("epoch", 2), ("pruned", 2)]
    assert "pid" not in sweep.trials["a"].curve[0]


def test_a_failure_keeps_its_name() -> None:
    sweep = SweepRecord("s", 1, 3)
    callback = SweepCallback(sweep, [])
    callback.on_trial_result(0, [], trial(), report(1, "diverged"))
    callback.on_trial_complete(0, [], trial())
    assert sweep.trials["a"].outcome == "diverged" and sweep.trials["a"].curve == []


def test_trials_that_still_run_at_the_end_are_killed() -> None:
    sweep = SweepRecord("s", 1, 3)
    callback = SweepCallback(sweep, [])
    callback.on_trial_start(0, [], trial())
    callback.end_unfinished()
    assert sweep.trials["a"].outcome == "killed"
